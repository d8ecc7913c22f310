"""The Score tab: how surprising a text is to up to four models, token by token and in all."""

import math
import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import closing
from typing import Any

import gradio as gr

from playground import limits
from playground.engine.requests import Loading, Models, Prefill, Score, ScoreRequest
from playground.errors import InvalidRequest, PlaygroundError
from playground.ui import score_view as view
from playground.ui.boundary import READERS, REFRESH_SECONDS, handler
from playground.ui.charts.surprise import Curve, surprise_figure
from playground.ui.story import AGAIN, MOST_CHARACTERS, Stops
from playground.ui.tabs.generate import generating
from playground.ui.wording import loading_words

EXAMPLES = [
    "Once upon a time, there was a little girl named Lily. She loved to play with her red ball in the garden. "
    "One day, her mom gave her a big piano to eat.",
    "Tom and his dog went to the park. They ran and jumped and had a lot of fun.",
    "The little dog ran to the park. The little park dog to ran the.",
    "Once upon a time, there was a little girl named Zorbela. Zorbela lived in a small house near the forest. One "
    'day, Zorbela went outside to play. She saw a bird in a tree. "Hello, Zorbela," said the bird. "Will you be my '
    'friend?" Zorbela smiled and said, "Yes!" From that day on, Zorbela and the bird were best friends.',
]
LABELS = ["An odd last word", "A plain sentence", "Words out of order", "A made-up name that becomes familiar"]


def build(engine: Any, models: Models) -> gr.Dropdown:
    """Lay out the tab inside the current ``gr.Tab``; return its choice of models, which the page keeps fresh."""
    names = generating(models)
    with gr.Row(equal_height=False, elem_id="score-row"):
        with gr.Column(scale=3, min_width=300, elem_id="score-settings"):
            text = gr.Textbox(
                EXAMPLES[0], label="Text", lines=5, max_lines=16, elem_id="score-text", placeholder="Paste a text",
            )  # fmt: skip
            gr.Examples([[one] for one in EXAMPLES], [text], example_labels=LABELS, label="Examples",
                        elem_id="score-examples")  # fmt: skip
            chosen = gr.Dropdown(
                names, value=names[:2], multiselect=True, max_choices=limits.COLUMNS, label="Models",
                info=f"Up to {limits.COLUMNS}, compared on the same text.", elem_id="score-models",
            )  # fmt: skip
            with gr.Row():
                run = gr.Button("Score", variant="primary", min_width=110, elem_id="score", elem_classes="key-run")
                stop = gr.Button("Stop", min_width=70, elem_id="score-stop", elem_classes="key-stop")
            gr.HTML('<p class="hint">Ctrl-Enter scores, Esc stops.</p>', elem_id="score-hint")
        with gr.Column(scale=5, min_width=300, elem_id="score-results"):
            totals = view.totals()
            curve = gr.Plot(surprise_figure(()), show_label=False, elem_id="score-curve")
            strips = view.strips()
            ticket = gr.Textbox(visible="hidden", elem_id="score-ticket")

    stops = Stops()

    @handler
    def score(models: list[str], text: str, ticket: str) -> Iterator[tuple[Any, Any, Any]]:
        name = str(ticket)[:MOST_CHARACTERS]
        if name.startswith(AGAIN):
            yield gr.skip(), gr.skip(), gr.skip()
            return
        try:
            requests = score_requests(models, text)
        except PlaygroundError as error:
            yield view.totals_value(name, str(error)), surprise_figure(()), view.strips_value()
            raise
        yield from stream(engine, requests, name, stops)

    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    run.click(None, totals, [totals, ticket], js=view.BEGIN, **quiet)
    started = run.click(
        score, inputs_kwargs={"models": chosen, "text": text, "ticket": ticket}, outputs=[totals, curve, strips],
        trigger_mode="multiple", show_progress="hidden", api_visibility="private", **READERS,
    )  # fmt: skip
    started.failure(None, [totals, ticket], totals, js=view.FAIL, **quiet)
    stop.click(None, totals, totals, js=view.STOP, **quiet)
    stop.click(stops.add, ticket, None, **quiet)
    return chosen


def score_requests(models: Any, text: Any) -> list[ScoreRequest]:
    """One request for each of ``models``, which come from a browser and may be anything.

    Raises:
        InvalidRequest: no model, one twice or more than ``limits.COLUMNS``; no text, or a text that is too long.
    """
    if isinstance(models, str) or not isinstance(models, Sequence):
        raise InvalidRequest("No model was chosen. Choose one or more.")
    if not 1 <= len(models) <= limits.COLUMNS:
        raise InvalidRequest(f"{len(models)} models were chosen, but 1 to {limits.COLUMNS} can score a text at once.")
    if not isinstance(text, str) or not text:
        raise InvalidRequest("There is no text to score: 0 characters, but at least 1 is needed. Paste one.")
    requests = [ScoreRequest(model, text) for model in models]
    if len({request.model for request in requests}) < len(requests):
        raise InvalidRequest(f"{len(models)} models were chosen, but one of them twice. Choose each once.")
    return requests


class Results:
    """What is known so far of one text and several models: what table, chart and strips show."""

    def __init__(self, models: Sequence[str], text: str, run: str | None):
        self.models, self.text, self.run = models, text, run
        self.rows = [view.waiting_row(model, place, "waiting") for place, model in enumerate(models)]
        self.curves: list[Curve] = []
        self.blocks: list[str] = []

    def add(self, place: int, score: Score) -> None:
        """The model at ``place`` has scored the text."""
        if not math.isfinite(score.total_bits):
            self.fail(place, "This model gives a token of the text no probability at all, so its total is not finite.")
            return
        name, pieces = self.models[place], view.token_pieces(score, self.text)
        self.rows[place] = view.total_row(name, place, score)
        self.blocks.append(view.score_block(name, place, score, pieces))
        if score.bits_per_byte is not None:
            self.curves.append(Curve(name, place, score.byte_ends, score.logprobs, pieces))

    def fail(self, place: int, error: str) -> None:
        self.rows[place] = view.waiting_row(self.models[place], place, "no score; below it says why", pending=False)
        self.blocks.append(view.failed_block(self.models[place], place, error))

    def pending(self, place: int) -> bool:
        """Whether the model at ``place`` has neither a score nor an error yet."""
        return self.rows[place].get("pending", False)

    def news(self, place: int, words: str) -> tuple[Any, Any, Any]:
        """Only that the model at ``place`` is on its way."""
        self.rows[place] = view.waiting_row(self.models[place], place, words)
        return view.totals_value(self.run, f"{self.models[place]}: {words}", self.rows, True), gr.skip(), gr.skip()

    def shown(self, status: str, running: bool) -> tuple[Any, Any, Any]:
        """All of it."""
        totals = view.totals_value(self.run, status, self.rows, running)
        return totals, surprise_figure(self.curves), view.strips_value(self.blocks)

    def outcome(self) -> str:
        """In words, how it went."""
        scored = sum("tokens" in row for row in self.rows)
        if scored == 0:
            return "No score; below it says why."
        size = len(self.text.encode())
        text = f"{size:,} byte{'s' * (size != 1)} of text"
        if scored < len(self.models):
            return f"{text} · scored by {scored} of {len(self.models)} models"
        return f"{text} · scored by {scored} model{'s' * (scored != 1)}"


def stream(
    engine: Any, requests: Sequence[ScoreRequest], run: str | None = None, stops: Container[str | None] = ()
) -> Iterator[tuple[Any, Any, Any]]:
    """What table, chart and strips show while the ``requests``, all about one text, run one after the other.

    A model that fails says why in its block; the others go on. Closing this stops the work, and so does the name of
    the ``run`` among the ``stops``.
    """
    results = Results([request.model for request in requests], requests[0].text, run)
    yield results.shown("Waiting …", running=True)
    for place, request in enumerate(requests):
        yield results.news(place, "waiting …")
        try:
            with closing(engine.run(request)) as events:
                yield from _follow(events, results, place, lambda: run in stops)
        except PlaygroundError as error:
            results.fail(place, str(error))
        if results.pending(place):
            yield results.shown("stopped by you", running=False)
            return
        if place < len(requests) - 1:
            yield results.shown(f"{request.model}: done", running=True)
    yield results.shown(results.outcome(), running=False)


def _follow(
    events: Iterator[Any], results: Results, place: int, stopped: Callable[[], bool]
) -> Iterator[tuple[Any, Any, Any]]:
    """What there is to tell of one model on its way, until it has its score or is ``stopped``."""
    sent = 0.0
    while not stopped() and (event := next(events, None)) is not None:
        if isinstance(event, Score):
            results.add(place, event)
        elif time.monotonic() - sent >= REFRESH_SECONDS:
            sent = time.monotonic()
            yield results.news(place, _progress_words(event))


def _progress_words(event: Loading | Prefill) -> str:
    if isinstance(event, Loading):
        return loading_words(event)
    return f"reading {event.done / max(1, event.total):.0%} …"
