"""Named endpoints for gradio_client and plain HTTP: the engine's abilities, typed and documented.

Whatever may run a model or load one is a generator: the server can close it between two values, which is how a lost
connection or a cancelled job frees the model. The last value is the answer.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

import gradio as gr

from playground.engine.records import record_run
from playground.engine.requests import (
    CardRequest,
    Ended,
    GenerateRequest,
    Loading,
    LoadRequest,
    ModelsRequest,
    NextTokenRequest,
    Prefill,
    ReadRequest,
    Replayed,
    ReplayRequest,
    ScoreRequest,
    Started,
    Token,
    UnloadRequest,
)
from playground.engine.samples import Sample, begin_samples, seeded_rows
from playground.generation.options import SamplingOptions
from playground.ui import api_pixels, api_senses
from playground.ui.boundary import GENERATIONS, READERS, checked_tokenizer, handler
from playground.ui.draws import DEFAULT_COUNT
from playground.ui.pacing import Pace

DEFAULT = SamplingOptions()
UPDATE_SECONDS = 0.1  # between two updates of a stream: each holds all there is so far, and no eye follows them


def build(engine: Any, generations: int, local: bool) -> None:
    """Add the endpoints to the current ``gr.Blocks``. A ``local`` page lets its user name tokenizer files."""

    def answer(request: Any, shape: Callable[[Any], Any] = asdict) -> Iterator[Any]:
        """How far the work is, again and again, and the answer in the end."""
        with closing(engine.run(request)) as events:
            for event in events:
                if isinstance(event, Loading):
                    yield {"stage": event.stage, "fraction": event.fraction}
                elif isinstance(event, Prefill):
                    yield {"stage": "Reading the text", "fraction": event.done / event.total}
                else:
                    yield shape(event)

    def generate(
        model: str,
        prompt: str,
        max_new_tokens: int = DEFAULT.max_new_tokens,
        temperature: float = DEFAULT.temperature,
        top_p: float = DEFAULT.top_p,
        top_k: int = DEFAULT.top_k,
        min_p: float = DEFAULT.min_p,
        repetition_penalty: float = DEFAULT.repetition_penalty,
        seed: int = DEFAULT.seed,
        stop: list[str] | None = None,
        dice: str = DEFAULT.dice,
        edits: list[dict[str, Any]] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Continue a prompt, under edits of a Backpack's senses if there are any. Streams what there is so far: text,
        token ids, the model's own log-probabilities and, at the end, why it ended, tokens per second and the record for
        a replay. Closing the stream stops the work."""
        options = SamplingOptions(
            max_new_tokens, temperature, top_p, top_k, min_p, repetition_penalty, seed, () if stop is None else stop,
            dice=dice,
        )  # fmt: skip
        yield from story(GenerateRequest(model, prompt, (options,), () if edits is None else edits))

    def story(request: GenerateRequest | ReplayRequest) -> Iterator[dict[str, Any]]:
        text, steps, started, pace = "", [], None, Pace(UPDATE_SECONDS)
        end: dict[str, Any] = {"end": None, "tokens_per_second": None}
        with closing(engine.run(request)) as events:
            for event in events:
                if isinstance(event, Started):
                    started = event
                elif isinstance(event, Token):
                    text += event.step.text
                    steps.append(event.step)
                elif isinstance(event, Ended):
                    end = {"end": event.reason, "tokens_per_second": event.tokens_per_second}
                    if isinstance(request, GenerateRequest):
                        end["record"] = record_run(request, started, steps)
                elif isinstance(event, Replayed):
                    end |= asdict(event)
                if isinstance(event, Ended | Replayed) or pace.due(begun=bool(steps)):
                    # Fresh lists each time: the server compares what it sends with what it sent.
                    ids, logprobs = [step.token_id for step in steps], [step.logprob for step in steps]
                    with pace.sending():
                        yield {"text": text, "token_ids": ids, "logprobs": logprobs, **end}

    def replay(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Draw a recorded run again. Streams as generate does; the last value says whether it is the same, token for
        token, and if not, the first new token that differs."""
        yield from story(ReplayRequest(record))

    def draw(
        model: str,
        prompt: str,
        samples: int = DEFAULT_COUNT,
        max_new_tokens: int = DEFAULT.max_new_tokens,
        temperature: float = DEFAULT.temperature,
        top_p: float = DEFAULT.top_p,
        top_k: int = DEFAULT.top_k,
        min_p: float = DEFAULT.min_p,
        repetition_penalty: float = DEFAULT.repetition_penalty,
        seed: int = DEFAULT.seed,
        stop: list[str] | None = None,
        dice: str = DEFAULT.dice,
    ) -> Iterator[dict[str, Any]]:
        """Continue a prompt several times at once, with the seeds seed, seed + 1, …. Streams the texts so far and why
        they ended; the last value also holds each sample's token ids, the model's own log-probabilities and the record
        for a replay. Closing the stream stops the work."""
        options = SamplingOptions(
            max_new_tokens, temperature, top_p, top_k, min_p, repetition_penalty, seed, () if stop is None else stop,
            dice=dice,
        )  # fmt: skip
        request = GenerateRequest(model, prompt, seeded_rows(options, samples))
        drawn, started, pace = begin_samples(request.rows), None, Pace(UPDATE_SECONDS)
        with closing(engine.run(request)) as events:
            for event in events:
                if isinstance(event, Started):
                    started = event
                elif isinstance(event, Token):
                    drawn[event.step.row].add(event.step)
                if pace.due(begun=isinstance(event, Token)):
                    with pace.sending():
                        yield drawn_value(drawn)
        records = [record_run(request, started, sample.steps, row) for row, sample in enumerate(drawn)]
        yield drawn_value(drawn) | {
            "token_ids": [[step.token_id for step in sample.steps] for sample in drawn],
            "logprobs": [[step.logprob for step in sample.steps] for sample in drawn],
            "records": records,
        }

    def next_tokens(
        model: str, prompt: str, top: int = 10, temperature: float = 1.0, top_p: float = 1.0, top_k: int = 0,
        min_p: float = 0.0, edits: list[dict[str, Any]] | None = None,
    ) -> Iterator[dict[str, Any]]:  # fmt: skip
        """The likeliest next tokens after a prompt: log-probability by the model, probability after the warpers. With
        edits of a Backpack's senses also what there was before, and how each token moved."""
        options = SamplingOptions(temperature=temperature, top_p=top_p, top_k=top_k, min_p=min_p)
        yield from answer(NextTokenRequest(model, prompt, options, () if edits is None else edits, top))

    def score(model: str, text: str) -> Iterator[dict[str, Any]]:
        """The natural log-probability of every token of a text, given those before it, and bits per byte."""
        yield from answer(ScoreRequest(model, text))

    def read(
        model: str, token_ids: list[int], start: int = 1, temperature: float = 1.0, top_p: float = 1.0, top_k: int = 0,
        min_p: float = 0.0,
    ) -> Iterator[dict[str, Any]]:  # fmt: skip
        """A text seen as if the model had written it from token start on: for each token its text and log-probability,
        and the ten likeliest in its place with the model's own log-probability and the probability after the warpers.
        """
        options = SamplingOptions(temperature=temperature, top_p=top_p, top_k=top_k, min_p=min_p)
        steps = []
        with closing(engine.run(ReadRequest(model, token_ids, options, start=start))) as events:
            for event in events:
                if isinstance(event, Token):
                    steps.append(asdict(event.step))
                elif isinstance(event, Prefill):
                    yield {"stage": "Reading the text", "fraction": event.done / event.total}
        yield {"tokens": steps}

    def card(model: str) -> Iterator[dict[str, Any]]:
        """What a model is; loads it first if need be."""
        yield from answer(CardRequest(model), lambda event: asdict(event.card))

    def load_model(model: str, dtype: str | None = None, tokenizer: str | None = None) -> Iterator[dict[str, Any]]:
        """Load a model, or load it anew in another precision (float32, bfloat16, float16) or with a tokenizer of your
        choice, where the checkpoint ships none; returns its card."""
        request = LoadRequest(model, dtype, checked_tokenizer(tokenizer, local))
        yield from answer(request, lambda event: asdict(event.card))

    def list_models() -> dict[str, Any]:
        """Every known model, whether it is loaded, and memory in bytes."""
        return asdict(engine.answer(ModelsRequest()))

    def unload_model(model: str) -> dict[str, Any]:
        """Free a model's memory; returns what list_models returns."""
        return asdict(engine.answer(UnloadRequest(model)))

    api_pixels.build(engine, generations)
    api_senses.build(engine)
    for function in (generate, draw, replay):
        gr.api(
            handler(function, toast=False), api_name=function.__name__, concurrency_id=GENERATIONS,
            concurrency_limit=generations,
        )  # fmt: skip
    for function in (next_tokens, score, read, card, load_model):
        gr.api(handler(function, toast=False), api_name=function.__name__, **READERS)
    for function in (list_models, unload_model):
        gr.api(handler(function, toast=False), api_name=function.__name__, queue=False)


def drawn_value(samples: Sequence[Sample]) -> dict[str, Any]:
    """Seeds, texts so far and, of the samples that are complete, why they ended."""
    return {
        "seeds": [sample.options.seed for sample in samples],
        "texts": [sample.text for sample in samples],
        "ends": [sample.end for sample in samples],
    }
