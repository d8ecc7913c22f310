"""The app as a process of its own, and what its API answers over plain HTTP."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from playground.generation.options import SamplingOptions
from playground.settings import PROJECT

PATIENCE = 120.0  # seconds for the start, and for any answer
PAUSE = 0.02
DECODE = "PLAYGROUND_DECODE"  # the one setting of the reader's own that counts here too


@dataclass(frozen=True)
class App:
    """A running app, and the seconds from its start until its page and its API answered."""

    url: str
    page_seconds: float
    api_seconds: float


@dataclass(frozen=True)
class Answer:
    """What ``generate`` answered.

    Attributes:
        ids: of the new tokens. end: why the text ended. decode: the path that the app took.
        first, last, whole: seconds from the request to the first token, to the last one, and to the stream's end.
        early: tokens that came with the first. updates: how many told of tokens.
    """

    ids: tuple[int, ...]
    end: str
    decode: str
    first: float
    last: float
    whole: float
    early: int
    updates: int

    @property
    def pace(self) -> float:
        """Tokens a second, from the first news of some to the last."""
        return (len(self.ids) - self.early) / (self.last - self.first)


@contextmanager
def running_app(checkpoints: Path, threads: int) -> Iterator[App]:
    """``python app.py`` over the demos in ``checkpoints``, on a free port; stopped in the end, whatever happens.

    Raises:
        RuntimeError: it ended by itself, or did not answer in time; with the last line that it wrote.
    """
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {
        "CHECKPOINTS": checkpoints, "MODELS": "[]", "HOST": "127.0.0.1", "PORT": port, "THREADS": threads,
        "BROWSER": "false", "PRELOAD": "true",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name == DECODE or not name.startswith("PLAYGROUND_")}
    environment = kept | {f"PLAYGROUND_{name}": str(value) for name, value in own.items()}
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, str(PROJECT / "app.py")], cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=said,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            while not _page(url):
                if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                    said.seek(0)
                    lines = said.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
                    raise RuntimeError(f"app.py did not open: {lines[-1]}")
                time.sleep(PAUSE)
            page = time.perf_counter() - began
            call(url, "list_models")
            yield App(url, page, time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _page(url: str) -> bool:
    """Whether the page and its configuration come."""
    try:
        for path in ("/", "/config"):
            with urlopen(url + path, timeout=PATIENCE) as answer:  # noqa: S310 (our own address)
                answer.read()
    except OSError:
        return False
    return True


def _events(url: str, name: str, data: list[Any]) -> Iterator[Any]:
    """The values that an endpoint answers one after another."""
    body = json.dumps({"data": data}).encode()
    asked = Request(f"{url}/gradio_api/call/{name}", body, {"Content-Type": "application/json"})  # noqa: S310
    with urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310
        event = json.load(answer)["event_id"]
    with urlopen(f"{url}/gradio_api/call/{name}/{event}", timeout=PATIENCE) as stream:  # noqa: S310
        kind = ""
        for line in stream:
            if line.startswith(b"event: "):
                kind = line[7:].strip().decode()
            elif line.startswith(b"data: ") and kind in ("generating", "complete"):
                yield json.loads(line[6:])[0]
            elif line.startswith(b"data: ") and kind == "error":
                raise RuntimeError(f"{name} failed: {line[6:].decode(errors='replace').strip()}")


def call(url: str, name: str, *data: Any) -> Any:
    """The last value that an endpoint answers."""
    *_, last = _events(url, name, list(data))
    return last


def generate(url: str, model: str, prompt: str, options: SamplingOptions) -> Answer:
    """Let the app continue ``prompt``, and take the times."""
    data = [
        model, prompt, options.max_new_tokens, options.temperature, options.top_p, options.top_k, options.min_p,
        options.repetition_penalty, options.seed, None, options.dice, None,
    ]  # fmt: skip
    began, known, early, updates, first, last, value = time.perf_counter(), 0, 0, 0, 0.0, 0.0, {}
    for value in _events(url, "generate", data):
        count = len(value["token_ids"])
        if count > known:
            known, last, updates = count, time.perf_counter() - began, updates + 1
            if not early:
                early, first = count, last
    whole = time.perf_counter() - began
    decode = value["record"]["made_with"]["decode"]
    return Answer(tuple(value["token_ids"]), value["end"], decode, first, last, whole, early, updates)
