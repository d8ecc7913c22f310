"""The page in a real browser: what a visitor sees, presses, and leaves behind."""

import re
import time

import pytest
from contrast import contrast
from model_folder import ENDLESS
from playwright.sync_api import expect
from running_app import HOSTILE, HOSTILE_NAME

from playground.ui.sampling_form import PRESETS
from playground.ui.tabs.generate import EXAMPLES

SLOW = 60_000  # milliseconds, for what takes long only on a busy machine
STOPPED = re.compile("stopped by you$")


def slider(guest, name):
    return float(guest.page.locator(f"#{name} input[type=number]").input_value())


def test_it_opens_with_an_example_ready(visit):
    guest = visit()
    assert guest.page.title() == "Playground"
    expect(guest.prompt).to_have_value(EXAMPLES[0])
    expect(guest.written).to_have_text("")
    for name in ("Generate", "Models"):
        expect(guest.page.get_by_role("tab", name=name)).to_be_visible()
    guest.page.get_by_role("button", name=EXAMPLES[2]).click()
    expect(guest.prompt).to_have_value(EXAMPLES[2])


def test_generate_streams_and_says_why_it_ended(visit):
    guest = visit()
    guest.choose(ENDLESS)
    guest.set("max-new-tokens", 150)
    guest.page.evaluate("""() => {
        window.lengths = []; window.words = new Set();
        new MutationObserver(() => {
            window.lengths.push(document.querySelector("#story .story-text .story-new").textContent.length);
            window.words.add(document.querySelector("#story .story-status").textContent);
        }).observe(document.querySelector("#story"), { subtree: true, childList: true, characterData: true });
    }""")
    guest.press("generate")
    expect(guest.status).to_have_text(
        re.compile(r"^150 tokens · [\d,]+ tokens/s · reached the limit of new tokens$"), timeout=SLOW
    )
    lengths, words = guest.page.evaluate("[window.lengths, [...window.words]]")
    assert len(set(lengths)) > 5
    assert lengths == sorted(lengths)
    assert words[0] == "Waiting …"
    assert sum(bool(re.fullmatch(r"\d+ tokens · [\d,]+ tokens/s", word)) for word in words) > 3
    expect(guest.page.locator("#story .story-text .story-prompt")).to_have_text(EXAMPLES[0])
    expect(guest.page.locator("#story .story-caret")).to_be_hidden()
    expect(guest.page.locator("#story .story-legend")).to_be_visible()


@pytest.mark.parametrize("how", ["the button", "the key"])
def test_stop_ends_it_and_frees_the_model(visit, app, how):
    guest = visit()
    guest.begin()
    pressed = time.monotonic()
    if how == "the button":
        guest.press("stop")
    else:
        guest.page.keyboard.press("Escape")
    app.until_free(pressed)
    expect(guest.status).to_have_text(STOPPED, timeout=SLOW)
    expect(guest.page.locator("#story .story-caret")).to_be_hidden()
    text = guest.written.text_content()
    guest.page.wait_for_timeout(500)
    assert guest.written.text_content() == text
    expect(guest.status).to_have_text(STOPPED)


def test_ctrl_enter_begins_and_stopping_and_beginning_again_at_once_works(visit, app):
    """The second run must be as easy to stop as the first, however close it followed."""
    guest = visit()
    guest.choose(ENDLESS)
    guest.set("max-new-tokens", 1024)
    guest.prompt.fill("Once")
    for number in range(4):
        guest.prompt.press("Control+Enter")
        guest.until_written(3)
        pressed = time.monotonic()
        guest.page.keyboard.press("Escape")
        expect(guest.status).to_have_text(STOPPED, timeout=SLOW)
        if number == 3:
            app.until_free(pressed)
    guest.page.wait_for_timeout(300)
    expect(guest.status).to_have_text(STOPPED)


def test_clear_ends_it_and_leaves_a_clean_page(visit, app):
    guest = visit()
    guest.begin()
    pressed = time.monotonic()
    guest.press("clear")
    app.until_free(pressed)
    expect(guest.status).to_have_text("Press Generate.", timeout=SLOW)
    expect(guest.prompt).to_have_value("")
    guest.page.wait_for_timeout(500)
    expect(guest.written).to_have_text("")
    expect(guest.page.locator("#story .story-text .story-prompt")).to_have_text("")


def test_closing_the_page_frees_the_model(visit, app):
    guest = visit()
    guest.begin()
    assert app.in_use() == 1
    closed = time.monotonic()
    guest.page.close()
    app.until_free(closed)


def test_a_second_visitor_waits_and_can_stop_waiting(visit, app):
    first, second = visit(), visit()
    first.begin()
    second.choose(ENDLESS)
    second.set("max-new-tokens", 5)
    second.press("generate")
    expect(second.status).to_have_text("Waiting …", timeout=SLOW)
    second.press("stop")
    expect(second.status).to_have_text(STOPPED, timeout=SLOW)
    assert app.in_use() == 1  # the first one writes on
    second.press("generate")
    expect(second.status).to_have_text("Waiting …", timeout=SLOW)
    first.press("stop")
    expect(second.status).to_have_text(re.compile("^5 tokens"), timeout=SLOW)
    expect(first.status).to_have_text(STOPPED)


def test_presets_move_the_sliders_and_a_moved_slider_leaves_the_preset(visit):
    guest = visit()
    for name, options in PRESETS.items():
        guest.page.get_by_role("radio", name=name).check()
        for option, value in options.items():
            field = guest.page.locator(f"#{option.replace('_', '-')} input[type=number]")
            expect(field).to_have_value(f"{value:g}", timeout=SLOW)
    guest.set("temperature", 0.35)
    for name in PRESETS:
        expect(guest.page.get_by_role("radio", name=name)).not_to_be_checked()


def test_the_seed_makes_the_text(visit):
    guest = visit()
    guest.choose("shard")
    guest.set("max-new-tokens", 8)
    texts = []
    for seed in (1, 1, 2):
        guest.page.locator("#seed input").fill(str(seed))
        guest.press("generate")
        expect(guest.status).to_have_text(re.compile(r"tokens? .*(limit|ended)"), timeout=SLOW)
        texts.append(guest.written.text_content())
        guest.press("clear")
        guest.prompt.fill(EXAMPLES[0])
        expect(guest.status).to_have_text("Press Generate.", timeout=SLOW)
    assert texts[0] == texts[1] != texts[2]
    before = guest.page.locator("#seed input").input_value()
    guest.press("dice")
    expect(guest.page.locator("#seed input")).not_to_have_value(before)


def test_an_error_is_a_line_and_the_page_goes_on(visit):
    guest = visit()
    guest.choose("gelu-gpt")
    guest.press("generate")
    toast = guest.page.locator(".toast-body")
    expect(toast).to_be_visible(timeout=SLOW)
    for place in (toast, guest.status):
        expect(place).to_contain_text("ships no tokenizer, so a prompt must be token ids such as '17 4 99'")
    expect(guest.page.locator("#story .story-caret")).to_be_hidden()
    guest.page.locator(".toast-close").click()
    guest.prompt.fill("17 4 99")
    guest.set("max-new-tokens", 3)
    guest.press("generate")
    expect(guest.status).to_have_text(re.compile("^3 tokens .* reached the limit"), timeout=SLOW)
    guest.prompt.fill("a" * 20_001)
    guest.press("generate")
    expect(guest.status).to_have_text(re.compile("20,001 characters.* 20,000"), timeout=SLOW)
    expect(toast).to_be_visible()


def test_hostile_text_is_shown_as_it_is(visit):
    guest = visit()
    guest.choose(ENDLESS)
    for number, text in enumerate(HOSTILE, 1):
        guest.set("max-new-tokens", number)
        guest.prompt.fill(text)
        guest.press("generate")
        expect(guest.status).to_have_text(re.compile(f"^{number} tokens? .*limit"), timeout=SLOW)
        assert guest.page.locator("#story .story-text .story-prompt").text_content() == text
        assert guest.page.locator("#story .story-text .tok").count() == number
        assert guest.page.locator("#story .story-text *:not(.word)").count() == 3 + number  # text is never markup
        assert guest.page.evaluate("window.__pwned") is None


def test_hostile_names_and_descriptions_are_shown_as_they_are(visit):
    guest = visit()
    guest.page.locator("#model input").click()
    expect(guest.page.get_by_role("option", name=HOSTILE_NAME, exact=True)).to_be_visible()
    guest.page.keyboard.press("Escape")
    guest.open_models()
    shown = {
        row.get_attribute("data-model"): row.locator(".model-what").text_content()
        for row in guest.page.locator(".model-row").all()
    }
    assert HOSTILE_NAME in shown
    for number, text in enumerate(HOSTILE):
        wanted = f"Described as {text}".split(". ")[0].rstrip(".")[:160]
        assert shown[f"hostile-{number}"] == " ".join(wanted.split("\n")), number
        guest.row(f"hostile-{number}").click()
        expect(guest.page.locator("#model-card h3")).to_have_text(f"hostile-{number}", timeout=SLOW)
        assert guest.page.locator("#model-card p").first.text_content() == shown[f"hostile-{number}"]
    guest.row(HOSTILE_NAME).click()
    expect(guest.page.locator("#model-card h3")).to_have_text(HOSTILE_NAME, timeout=SLOW)
    guest.press("load")
    expect(guest.page.locator("#model-card dl")).to_contain_text("94,224", timeout=SLOW)
    assert guest.page.locator("#model-card h3 *, .model-row img").count() == 0
    guest.press("unload")
    expect(guest.row(HOSTILE_NAME)).to_contain_text("not loaded", timeout=SLOW)


def test_hostile_words_in_an_error_are_shown_as_they_are(visit):
    guest = visit()
    guest.open_models()
    guest.row("gelu-gpt").click()
    expect(guest.page.locator("#model-card h3")).to_have_text("gelu-gpt", timeout=SLOW)
    guest.page.get_by_text("How to load it").click()
    named = "<img src=x onerror=window.__pwned=1>${7*7}&amp;{{7*7}}"
    guest.page.locator("#tokenizer textarea, #tokenizer input").fill(named)
    guest.press("load")
    expect(guest.page.locator(".toast-body")).to_contain_text(named, timeout=SLOW)
    expect(guest.page.locator("#model-card li").first).to_contain_text(named, timeout=SLOW)
    assert guest.page.locator(".toast-body img, #model-card img").count() == 0
    expect(guest.row("gelu-gpt")).to_contain_text("failed")


def test_models_are_loaded_with_stages_described_and_unloaded(visit, app):
    guest = visit()
    guest.open_models()
    guest.row("shard").click()
    expect(guest.page.locator("#model-card h3")).to_have_text("shard", timeout=SLOW)
    guest.press("unload")
    expect(guest.row("shard")).to_contain_text("not loaded", timeout=SLOW)
    guest.page.evaluate("""() => {
        window.stages = new Set();
        new MutationObserver(() => {
            for (const node of document.querySelectorAll("#model-card .stage")) window.stages.add(node.textContent);
        }).observe(document.querySelector("#model-card"), { subtree: true, childList: true });
    }""")
    guest.press("load")
    facts = guest.page.locator("#model-card dl")
    expect(facts).to_contain_text("214,592", timeout=SLOW)
    assert guest.page.evaluate("[...window.stages]")
    for fact in ("shard", "generate", "float32, 858 kB", "256 tokens", "400 ids", "model.pt"):
        expect(facts).to_contain_text(fact)
    expect(guest.page.locator("#model-card li")).to_contain_text("Rotary positions")
    expect(guest.row("shard")).to_contain_text("858 kB")
    expect(guest.row("shard")).to_have_attribute("aria-pressed", "true")
    expect(guest.page.locator(".memory-words")).to_contain_text("of 1.00 GB of model memory in use")
    guest.press("load")  # again: nothing to do, and nothing goes wrong
    guest.press("unload")
    expect(guest.row("shard")).to_contain_text("not loaded", timeout=SLOW)
    expect(guest.page.locator("#model-card dl")).to_have_count(0)


def test_another_card_can_be_read_while_a_model_loads(visit, app):
    guest = visit()
    app.http.post("/gradio_api/run/unload_model", json={"data": [ENDLESS]})
    guest.open_models()
    guest.row(ENDLESS).click()
    expect(guest.page.locator("#model-card h3")).to_have_text(ENDLESS, timeout=SLOW)
    guest.press("load")
    guest.row("pixel-mae").click()
    expect(guest.page.locator("#model-card h3")).to_have_text("pixel-mae", timeout=SLOW)
    expect(guest.row(ENDLESS)).to_have_attribute("data-state", "loaded", timeout=SLOW)
    expect(guest.page.locator("#model-card h3")).to_have_text("pixel-mae")
    expect(guest.row("pixel-mae")).to_have_attribute("aria-pressed", "true")


def test_a_load_can_be_stopped(visit, app):
    guest = visit()
    app.http.post("/gradio_api/run/unload_model", json={"data": [ENDLESS]})
    guest.open_models()
    guest.row(ENDLESS).click()
    expect(guest.page.locator("#model-card h3")).to_have_text(ENDLESS, timeout=SLOW)
    guest.press("load")
    guest.press("stop-loading")
    expect(guest.row(ENDLESS)).to_have_attribute("data-state", re.compile("^(not )?loaded$"), timeout=SLOW)
    expect(guest.page.locator("#model-card .stage")).to_have_count(0)
    ended = time.monotonic() + 20  # it may have been stopped before it began, and then it loads
    while app.states()[ENDLESS]["state"] == "loading" and time.monotonic() < ended:
        time.sleep(0.05)
    assert app.states()[ENDLESS]["state"] in ("loaded", "not loaded")


def test_a_model_in_use_is_not_unloaded_and_the_page_says_why(visit, app):
    writer, other = visit(), visit()
    writer.begin()
    other.open_models()
    other.row(ENDLESS).click()
    expect(other.row(ENDLESS)).to_contain_text("in use", timeout=SLOW)
    other.press("unload")
    expect(other.page.locator(".toast-body")).to_contain_text(f"{ENDLESS} is in use", timeout=SLOW)
    writer.press("stop")
    expect(writer.status).to_have_text(STOPPED, timeout=SLOW)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone(visit, scheme):
    guest = visit(width=400, height=800, scheme=scheme)
    guest.choose(ENDLESS)
    guest.set("max-new-tokens", 40)
    guest.prompt.fill("an unbroken wo" + "r" * 300 + "d")
    guest.press("generate")
    expect(guest.status).to_have_text(re.compile("^40 tokens"), timeout=SLOW)
    assert not guest.scrolls_sideways()
    buttons, text, sampling = (
        guest.page.locator(where).bounding_box()["y"] for where in ("button#generate", "#story", "#preset")
    )
    assert buttons < text < sampling  # the text comes right below the buttons
    assert guest.page.locator("#story").evaluate("node => node.getBoundingClientRect().top < window.innerHeight")
    guest.open_models()
    assert not guest.scrolls_sideways()
    guest.page.locator(".model-row").first.click()
    guest.page.wait_for_timeout(300)
    assert not guest.scrolls_sideways()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_quiet_text_can_be_read(visit, scheme):
    """At least 4.5 to 1, as WCAG asks of text."""
    guest = visit(scheme=scheme)
    assert guest.page.evaluate("document.body.classList.contains('dark')") is (scheme == "dark")
    for place in (".story-status", ".story-prompt", ".story-new", ".brand span.what", ".hint"):
        assert contrast(guest.page.locator(place)) >= 4.5, place
    guest.open_models()
    for place in (".model-what", ".model-state", ".memory-words", ".card p", ".section"):
        assert contrast(guest.page.locator(place)) >= 4.5, place


def test_a_failure_that_only_gradio_tells_of_ends_the_waiting(visit):
    """Here the queue is full, so none of our code ever runs."""
    guest = visit()
    guest.choose("shard")
    guest.page.route("**/gradio_api/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "full"}))
    guest.press("generate")
    expect(guest.status).to_have_text("Nothing came back; the message says why.", timeout=SLOW)
    expect(guest.page.locator(".toast-body")).to_be_visible()
    guest.page.unroute("**/gradio_api/queue/join*")
    guest.set("max-new-tokens", 2)
    guest.press("generate")
    expect(guest.status).to_have_text(re.compile("^2 tokens"), timeout=SLOW)
    assert len(guest.wrong) == 1
    assert "503" in guest.wrong.pop()
