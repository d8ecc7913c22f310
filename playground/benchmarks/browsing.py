"""What a person waits for on the page, by the browser's own clock: the first token, and a slider's redraw."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

BROWSERS = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome", "microsoft-edge")
PATIENCE = 60_000  # milliseconds
SETTLE = 1000  # milliseconds: a page that is there may not listen yet, and a run ends with a chart of its last token
TOKENS = 80

# Each returns milliseconds from what a person does until the page has changed.
CLICK = """() => new Promise((done, fail) => {
  setTimeout(() => fail(new Error("no token came")), 30_000);
  const place = document.querySelector("#story .story-new");
  const seen = new MutationObserver(() => {
    if (!place.childNodes.length) return;
    seen.disconnect();
    done(performance.now() - began);
  });
  place.replaceChildren();
  seen.observe(place, { childList: true });
  const began = performance.now();
  document.querySelector("button#generate").click();
})"""
SLIDE = """([slider, drawn, value]) => new Promise((done, fail) => {
  setTimeout(() => fail(new Error("nothing was drawn")), 30_000);
  const moved = document.querySelector(slider);
  const seen = new MutationObserver(() => {
    seen.disconnect();
    requestAnimationFrame(() => done(performance.now() - began));
  });
  const all = { childList: true, characterData: true, subtree: true, attributes: true };
  seen.observe(document.querySelector(drawn), all);
  const began = performance.now();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(moved, String(value));
  for (const name of ["input", "change", "pointerup"]) moved.dispatchEvent(new Event(name, { bubbles: true }));
})"""
WRITTEN = """() => document.querySelector("#story .story-caret").hidden
  && document.querySelector("#story .story-new").childNodes.length > 0"""


def why_not() -> str | None:
    """Why nothing can be measured in a browser here; None if it can."""
    if find_spec("playwright") is None:
        return "Playwright is not installed (pip install playwright)"
    return None if _browser() else "no Chrome, Chromium or Edge was found"


def _browser() -> str | None:
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


@contextmanager
def open_page(url: str) -> Iterator[Any]:
    """The page in a browser without a window, once it can be used."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Without its sandbox, which it refuses to root: it only ever sees our own page.
        browser = playwright.chromium.launch(executable_path=_browser(), chromium_sandbox=False)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(PATIENCE)
            page.goto(url)
            page.locator("#story .story-status", has_text="Press Generate.").wait_for()
            page.wait_for_timeout(SETTLE)
            yield page
        finally:
            browser.close()


def first_token(page: Any) -> float:
    """Seconds from a click on Generate to the first token; comes back when the text is written."""
    milliseconds = page.evaluate(CLICK)
    page.wait_for_function(WRITTEN)
    page.wait_for_timeout(SETTLE)
    return milliseconds / 1000


def shorten(page: Any) -> None:
    """Let the page write short texts."""
    field = page.locator("#max-new-tokens input[type=number]")
    field.fill(str(TOKENS))
    field.press("Tab")


def sampling_slider(page: Any, turn: int) -> float:
    """Seconds from a move of the temperature to the bars of the next token, drawn anew."""
    page.locator("#next-chart .js-plotly-plot").wait_for()
    return _slide(page, "#temperature input[type=range]", "#next-chart", 0.5 + 0.3 * (turn % 2))


def open_mixer(page: Any) -> None:
    """The mixer of senses with an edit of its own."""
    for tab in ("Backpack", "Mixer"):
        page.get_by_role("tab", name=tab, exact=True).click()
    page.locator(".mix-bar").first.wait_for()
    edit = {"kind": "scale_sense", "word": " little", "sense": 0, "factor": 1}
    page.evaluate("(detail) => window.dispatchEvent(new CustomEvent('sense-edit', { detail }))", edit)
    page.locator(".mix-slider").last.wait_for()
    page.wait_for_timeout(SETTLE)


def sense_slider(page: Any, turn: int) -> float:
    """Seconds from a move of a sense's slider to the words and bars, drawn anew."""
    return _slide(page, ".mix-edit:last-child .mix-slider", ".mix-right", 2 + turn % 2)


def _slide(page: Any, slider: str, drawn: str, value: float) -> float:
    milliseconds = page.evaluate(SLIDE, [slider, drawn, value])
    page.wait_for_timeout(SETTLE / 4)
    return milliseconds / 1000
