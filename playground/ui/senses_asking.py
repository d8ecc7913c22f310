"""How the views of the Backpack tab ask the engine: each question of the page has a name, made up there, and its news
carry it, so that what comes late from one that was stopped or followed by another is not drawn."""

import time
from collections.abc import Callable, Container, Generator, Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from playground.engine.requests import Loading, ModelsRequest, Prefill
from playground.engine.sense_requests import Progress
from playground.errors import PlaygroundError
from playground.ui.boundary import READERS, REFRESH_SECONDS
from playground.ui.story import MOST_CHARACTERS
from playground.ui.theme import component_script
from playground.ui.wording import loading_words

QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
READING = {**READERS, "trigger_mode": "multiple", "show_progress": "hidden", "api_visibility": "private"}

News = tuple[str, float]  # words, and how far from 0 to 1
Work = Generator[News, None, Any]  # tells news while it is under way, and returns the answer; None if it was stopped


def asked(event: gr.EventData) -> dict[str, Any]:
    """What the page sent along with an event; it comes from a browser and may be anything."""
    return event._data if isinstance(event._data, dict) else {}


def run_name(of: dict[str, Any]) -> str:
    """The name of a question as the page made it up."""
    return str(of.get("run"))[:MOST_CHARACTERS]


def word_or_id(of: dict[str, Any]) -> Any:
    """What a question is about: the id of a token that was clicked, since its text may not be read as that token again,
    or else a word."""
    return of.get("word") if of.get("id") is None else of["id"]


def follow(engine: Any, request: Any, stopped: Callable[[], bool]) -> Work:
    """The engine's answer to ``request``. Closing this stops the work, and so does ``stopped`` when it comes true."""
    sent, answer = 0.0, None
    with closing(engine.run(request)) as events:
        for event in events:
            if stopped():
                return None
            if isinstance(event, Loading | Prefill | Progress):
                if time.monotonic() - sent >= REFRESH_SECONDS:
                    sent = time.monotonic()
                    yield _progress(event)
            else:
                answer = event
    return answer


def tell(name: str, make_work: Callable[[], Work], quiet: bool = False) -> Iterator[dict[str, Any]]:
    """The page's news of the question ``name``: ``status`` and ``fraction`` while it is ``running``, then an
    ``answer``, or a status that says why there is none. What is wrong is raised too, unless it is to be ``quiet``.
    """
    yield {"run": name, "status": "Waiting …", "running": True}
    try:
        with closing(make_work()) as work:
            while True:
                try:
                    words, fraction = next(work)
                except StopIteration as end:
                    answer = end.value
                    break
                yield {"run": name, "status": words, "fraction": fraction, "running": True}
    except PlaygroundError as error:
        yield {"run": name, "status": str(error), "running": False}
        if not quiet:
            raise
        return
    if answer is None:
        yield {"run": name, "status": "stopped by you", "running": False}
    else:
        yield {"run": name, "status": "", "running": False, "answer": answer}


def stopping(name: str, stops: Container[str]) -> Callable[[], bool]:
    """Whether the question ``name`` was stopped."""
    return lambda: name in stops


def automatic(engine: Any, model: str) -> bool:
    """Whether the page may ask ``model`` something by itself: a demo, or one that is loaded already."""
    states = {state.name: state for state in engine.answer(ModelsRequest()).models}
    return model in states and (states[model].kind == "demo" or states[model].card is not None)


def identity(engine: Any, model: str) -> str:
    """What the page keeps things of a loaded model under: the fingerprint of its files."""
    cards = {state.name: state.card for state in engine.answer(ModelsRequest()).models}
    card = cards.get(model)
    return model if card is None else card.fingerprint


def _progress(event: Loading | Prefill | Progress) -> News:
    if isinstance(event, Loading):
        return loading_words(event), event.fraction or 0.0
    fraction = event.done / max(1, event.total)
    stage = event.stage if isinstance(event, Progress) else "reading"
    return f"{stage} {fraction:.0%} …", fraction


def component(template: str, name: str, *scripts: str) -> gr.HTML:
    """A component of our own: a static ``template`` and ``scripts`` of assets/senses."""
    files = ("tokens.js", *(f"senses/{script}" for script in ("explorer_sending.js", *scripts)))
    return gr.HTML(
        {}, html_template=template, js_on_load=component_script(*files), elem_id=name, padding=False,
        apply_default_css=False,
    )  # fmt: skip
