"""One ``python app.py`` over a folder of small checkpoints, and one browser, for all tests of the page."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from browser import open_browser
from model_folder import write_model_folder

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
    return kept | own | {f"PLAYGROUND_{name.upper()}": str(value) for name, value in settings.items()}


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("app")
    models = write_model_folder(folder / "models")
    (models / "shard" / "README.md").write_text("# Shard\n\n" + " ".join(HOSTILE).replace(". ", " "), encoding="utf-8")
    port, log = free_port(), folder / "log.txt"
    settings = environment(folder, checkpoints=models, models="[]", port=port, threads=1, memory_gb=1)
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, str(PROJECT / "app.py")], cwd=folder, env=settings, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            began = time.monotonic()
            while True:
                try:
                    http.get("/config").raise_for_status()
                    break
                except httpx.HTTPError:
                    assert process.poll() is None, log.read_text()
                    assert time.monotonic() - began < START_SECONDS, log.read_text()
                    time.sleep(0.1)
            yield App(f"http://127.0.0.1:{port}", log, models, http)
    finally:
        stop(process)


@pytest.fixture(scope="session")
def browser():
    with open_browser() as opened:
        yield opened


@pytest.fixture(autouse=True)
def all_free_in_the_end(request):
    """Whatever a test of the running app did, no model stays in use."""
    yield
    if "app" in request.fixturenames:
        request.getfixturevalue("app").until_free(time.monotonic(), 10)
