"""A real ``python app.py`` for tests to talk to, and a visitor who opens its page in a browser."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from model_folder import ENDLESS, write_model_folder
from playwright.sync_api import expect

from playground.settings import PROJECT

START_SECONDS = 180  # importing torch and gradio on a machine with other work to do
HOSTILE = [
    "${7*7}",
    "<img src=x onerror=\"window.__pwned='img'\">",
    "`; window.__pwned = 'tick'; `",
    r"\u{zz} \x",
    "</script><script>window.__pwned='script'</script>",
    "{{constructor.constructor('window.__pwned=1')()}} {{value}} @children",
    "\u202eright to left\u202c and \u2066isolated\u2069",
    "a NUL \0 and an escape \x1b[31m",
    "javascript:window.__pwned='link' [x](javascript:window.__pwned='markdown')",
    "&lt;b&gt; &amp; <b>bold</b> $x^2$ \\(y\\)",
]
LEAVING = (  # what Gradio's client logs when a page is left that still waits for something
    "AbortError: signal is aborted without reason",
    "Unexpected error Connection errored out",
)
HOSTILE_NAME = "${7*7}<img src=x onerror=\"window.__pwned='name'\">"


@dataclass
class App:
    """A running playground."""

    url: str
    log: Path
    models: Path
    http: httpx.Client

    def states(self):
        """The state of every model by name, as ``list_models`` tells it."""
        answer = self.http.post("/gradio_api/run/list_models", json={"data": []})
        assert answer.status_code == 200, answer.text
        return {state["name"]: state for state in answer.json()["data"][0]["models"]}

    def in_use(self):
        return sum(state["in_use"] for state in self.states().values())

    def until_free(self, since, seconds=2.0):
        """Wait until no model is in use; fail if that takes more than ``seconds`` from ``since``."""
        while (used := self.in_use()) and time.monotonic() - since < seconds:
            time.sleep(0.02)
        assert used == 0, f"still in use {time.monotonic() - since:.1f} s later"

    def until_used(self, seconds=60.0):
        deadline = time.monotonic() + seconds
        while not self.in_use():
            assert time.monotonic() < deadline, "no model came into use"
            time.sleep(0.02)


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(home, **settings):
    """The environment of an app of its own: no settings of this machine, no way to the Hub, one thread."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLAYGROUND_", "GRADIO_"))}
    own = {"HOME": str(home), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "CI": "1", "GRADIO_TEMP_DIR": f"{home}/t"}
    own["PLAYGROUND_PRELOAD"] = "false"  # tests begin with nothing in memory
    return kept | own | {f"PLAYGROUND_{name.upper()}": str(value) for name, value in settings.items()}


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running_app(folder: Path) -> Iterator[App]:
    """The app over small checkpoints in ``folder``, some of them with hostile names and descriptions."""
    models = write_model_folder(folder / "models")
    for number, text in enumerate(HOSTILE):
        shutil.copytree(models / "pixel_100m", models / f"hostile-{number}")
        readme = f"# A model\n\nDescribed as {text}\n"
        (models / f"hostile-{number}" / "README.md").write_text(readme, encoding="utf-8", newline="")
    shutil.copytree(models / "pixel_100m", models / HOSTILE_NAME)
    port, log = free_port(), folder / "log.txt"
    settings = environment(folder, checkpoints=models, models="[]", port=port, threads=1, memory_gb=1, decode="plain")
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, str(PROJECT / "app.py")], cwd=folder, env=settings, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            until_answering(process, http, log)
            yield App(f"http://127.0.0.1:{port}", log, models, http)
    finally:
        stop(process)


def until_answering(process, http, log):
    began = time.monotonic()
    while True:
        try:
            http.get("/config").raise_for_status()
            return
        except httpx.HTTPError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() - began < START_SECONDS, log.read_text()
            time.sleep(0.1)


def events(app, name, data):
    """The server-sent events of a call over plain HTTP, as (event, data) pairs."""
    joined = app.http.post(
        f"/gradio_api/call/{name}", content=json.dumps({"data": data}), headers={"content-type": "application/json"}
    )
    assert joined.status_code == 200, joined.text
    with app.http.stream("GET", f"/gradio_api/call/{name}/{joined.json()['event_id']}") as stream:
        event = None
        for line in stream.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield event, json.loads(line.removeprefix("data: "))


class Visit:
    """One visitor's page, and what went wrong on it."""

    def __init__(self, app, browser, width=1280, height=900, scheme="light"):
        self.app = app
        self.context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.wrong, self.loaded = [], False
        self.page.on("console", lambda said: said.type == "error" and self.wrong.append(said.text))
        self.left = False  # whether a loaded page was left for another, or loaded anew
        self.page.on("framenavigated", lambda _: setattr(self, "left", self.loaded))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        self.context.on("request", self._note)
        self.page.goto(app.url)
        expect(self.page.locator("#story .story-status")).to_have_text("Press Generate.", timeout=60_000)
        self.loaded = True
        self.status = self.page.locator("#story .story-status")
        self.written = self.page.locator("#story .story-text .story-new")
        self.prompt = self.page.locator("#prompt textarea")

    def _note(self, request):
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and f"{address.scheme}://{address.netloc}" != self.app.url:
            self.wrong.append(f"a request to {request.url}")

    def choose(self, model):
        self.page.locator("#model input").click()
        self.page.get_by_role("option", name=model, exact=True).click()

    def set(self, name, value):
        """Type a number into a slider's field."""
        field = self.page.locator(f"#{name} input[type=number]")
        field.fill(str(value))
        field.press("Tab")

    def press(self, name):
        self.page.locator(f"button#{name}").click()

    def begin(self, tokens=1024, model=ENDLESS):
        """Start a long generation, and come back when it writes."""
        self.choose(model)
        self.set("max-new-tokens", tokens)
        self.press("generate")
        self.until_written(5)

    def until_written(self, characters):
        self.page.wait_for_function(
            "(n) => document.querySelector('#story .story-text .story-new').textContent.length >= n", arg=characters,
            timeout=60_000,
        )  # fmt: skip

    def open_tab(self, name):
        """Where the tabs have no room, the last ones are in a menu."""
        tab = self.page.get_by_role("tab", name=name, exact=True)
        if tab.count() and tab.is_visible():
            tab.click()
            return
        self.page.locator(".overflow-menu > button").first.click()
        self.page.locator(".overflow-dropdown button").filter(has_text=name).click()

    def open_models(self):
        self.open_tab("Models")
        expect(self.page.locator("#model-card h3")).not_to_be_empty()

    def row(self, model):
        return self.page.locator(".model-row").filter(has=self.page.get_by_text(model, exact=True))

    def scrolls_sideways(self):
        return self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")

    def close(self):
        if not self.page.is_closed():
            assert self.page.evaluate("window.__pwned") is None
        self.context.close()
        wrong = [said for said in self.wrong if not (self.left and said.startswith(LEAVING))]
        assert wrong == [], wrong
