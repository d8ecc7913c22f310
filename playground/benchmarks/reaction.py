"""How soon the page answers: its start, its first token, and what streaming costs beside the library alone."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from playground.benchmarks import browsing
from playground.benchmarks.measured import Left, Measurement, Target, guarded
from playground.benchmarks.plan import Plan
from playground.benchmarks.running_app import Answer, App, generate, running_app
from playground.benchmarks.timing import Spread
from playground.checkpoints.catalog import build_catalog
from playground.checkpoints.loader import load_model
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample
from playground.settings import PROJECT

NAME = "reaction"
STARTS = 3
LONG = 400  # tokens of a streamed text
SEEDS = 12
PROMPT = "Once upon a time, there was a little dog who"
START, FIRST_TOKEN, REDRAW = Target(5, at_most=True), Target(300, at_most=True), Target(100, at_most=True)
STREAMING = Target(0.9)


def measure(plan: Plan, checkpoints: Path = PROJECT / "checkpoints") -> Iterator[Measurement | Left]:
    """Start the app a few times over the demos in ``checkpoints``, and ask the last one."""
    demo = next((entry for entry in build_catalog(checkpoints).values() if "generate" in entry.abilities), None)
    if demo is None or demo.kind != "demo":
        yield Left(NAME, f"{checkpoints} holds no demo that writes text")
        return
    threads, starts = torch.get_num_threads(), []
    for _ in range(min(plan.rounds, STARTS) - 1):
        with running_app(checkpoints, threads) as app:
            starts.append(app)
    with running_app(checkpoints, threads) as app:
        starts.append(app)
        seconds = Spread.of([each.api_seconds for each in starts])
        yield Measurement(
            "app.py", "start, until the page and its API answer", "", seconds.median, seconds, part="start", unit="s",
            target=START, facts={"kind": "start", "page_seconds": [each.page_seconds for each in starts]},
        )  # fmt: skip
        yield from guarded("streaming through the API", streaming(plan, app, demo.name, demo.ref))
        refusal = browsing.why_not()
        if refusal:
            yield Left("clicks and sliders in a browser", refusal)
        else:
            yield from guarded("clicks and sliders in a browser", browsed(plan, app, demo.name))


def streaming(plan: Plan, app: App, name: str, ref: Any) -> Iterator[Measurement]:
    """One long text through the API and by the library alone, in turn."""
    model = load_model(ref, name=name)
    tokens = LONG if plan.size != "tiny" else plan.tokens
    answer = None
    for seed in range(SEEDS):  # a demo ends most texts long before
        options = SamplingOptions(max_new_tokens=tokens, temperature=1.3, seed=seed)
        found = generate(app.url, name, PROMPT, options)
        if answer is None or len(found.ids) > len(answer.ids):
            answer, chosen = found, options
        if len(answer.ids) == tokens:
            break
    alone(model, chosen, answer)
    answers, library = [], []
    for _ in range(plan.rounds):
        answers.append(generate(app.url, name, PROMPT, chosen))
        library.append(alone(model, chosen, answers[-1]))
    count = len(answer.ids)
    first = Spread.of([each.first for each in answers])
    yield Measurement(
        name, "first token through the API", "", 1000 * first.median, first, part="request", unit="ms",
        target=FIRST_TOKEN, facts={"kind": "first token", "through": "API"},
    )  # fmt: skip
    own, plain = Spread.of([1 / each.pace for each in answers]), Spread.of([1 / pace for pace, _ in library])
    facts = {
        "kind": "streaming", "tokens": count, "path": answer.decode, "tokens_per_second": 1 / own.median,
        "library_tokens_per_second": 1 / plain.median, "updates": [each.updates for each in answers],
    }  # fmt: skip
    yield Measurement(
        name, f"{count} tokens streamed through the API", "the library alone", plain.median / own.median, own, plain,
        target=STREAMING, facts=facts,
    )  # fmt: skip
    whole, theirs = Spread.of([each.whole for each in answers]), Spread.of([seconds for _, seconds in library])
    yield Measurement(
        name, f"{count} tokens, from the request to the end", "the library alone", theirs.median / whole.median, whole,
        theirs, part="text", facts={"kind": "whole answer", "tokens": count},
    )  # fmt: skip


def alone(model: Any, options: SamplingOptions, answer: Answer) -> tuple[float, float]:
    """Tokens a second after the first, and all seconds, of the library; on the same path it must write the same.

    Raises:
        RuntimeError: it wrote another text.
    """
    began, first, ids = time.perf_counter(), 0.0, []
    for step in sample(model, PROMPT, options, decode=answer.decode):
        ids.append(step.token_id)
        first = first or time.perf_counter() - began
    seconds = time.perf_counter() - began
    if tuple(ids) != answer.ids:
        raise RuntimeError("The app wrote another text than the library, so their speed cannot be compared.")
    return (len(ids) - 1) / (seconds - first), seconds


def browsed(plan: Plan, app: App, name: str) -> Iterator[Measurement]:
    """Clicks and sliders on the page, by the browser's clock."""

    def line(about: str, what: str, seconds: list[float], target: Target | None, part: str) -> Measurement:
        spread = Spread.of(seconds)
        return Measurement(
            about, what, "", 1000 * spread.median, spread, part=part, unit="ms", target=target,
            facts={"kind": "browser", "seconds": seconds},
        )  # fmt: skip

    with browsing.open_page(app.url) as page:
        browsing.shorten(page)
        once = browsing.first_token(page)
        yield line(name, "the page's first click, to the first token", [once], None, "click")
        clicks = [browsing.first_token(page) for _ in range(plan.rounds)]
        yield line(name, "click on Generate, to the first token", clicks, FIRST_TOKEN, "click")
        browsing.sampling_slider(page, 0)
        moves = [browsing.sampling_slider(page, turn) for turn in range(1, plan.rounds + 1)]
        yield line(name, "move of a sampling slider, to the bars", moves, REDRAW, "move")
    with browsing.open_page(app.url) as page:
        browsing.open_mixer(page)
        browsing.sense_slider(page, 0)
        moves = [browsing.sense_slider(page, turn) for turn in range(1, plan.rounds + 1)]
        yield line("mixer", "move of a sense's slider, to the bars", moves, REDRAW, "move")
