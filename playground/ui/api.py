"""Named endpoints for gradio_client and plain HTTP: the engine's abilities, typed and documented."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import Any

import gradio as gr

from playground.engine.requests import (
    CardRequest,
    Ended,
    GenerateRequest,
    LoadRequest,
    ModelsRequest,
    NextTokenRequest,
    ScoreRequest,
    Token,
    UnloadRequest,
)
from playground.generation.options import SamplingOptions
from playground.ui.boundary import handler
from playground.ui.tabs.generate import GENERATIONS

DEFAULT = SamplingOptions()


def build(engine: Any, generations: int, local: bool) -> None:
    """Add the endpoints to the current ``gr.Blocks``."""

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
    ) -> Iterator[dict[str, Any]]:
        """Continue a prompt. Streams what there is so far: text, token ids, the model's own log-probabilities and, at
        the end, why it ended and tokens per second. Closing the stream stops the work."""
        options = SamplingOptions(
            max_new_tokens, temperature, top_p, top_k, min_p, repetition_penalty, seed, tuple(stop or ())
        )
        so_far: dict[str, Any] = {
            "text": "", "token_ids": [], "logprobs": [], "end": None, "tokens_per_second": None,
        }  # fmt: skip
        with closing(engine.run(GenerateRequest(model, prompt, (options,)))) as events:
            for event in events:
                if isinstance(event, Token):
                    so_far["text"] += event.step.text
                    so_far["token_ids"].append(event.step.token_id)
                    so_far["logprobs"].append(event.step.logprob)
                elif isinstance(event, Ended):
                    so_far |= {"end": event.reason, "tokens_per_second": event.tokens_per_second}
                # A fresh object each time: the client compares what it gets with what it had.
                yield {name: list(value) if isinstance(value, list) else value for name, value in so_far.items()}

    def next_tokens(
        model: str, prompt: str, top: int = 10, temperature: float = 1.0, top_p: float = 1.0, top_k: int = 0,
        min_p: float = 0.0,
    ) -> dict[str, Any]:  # fmt: skip
        """The likeliest next tokens after a prompt: log-probability by the model, probability after the warpers."""
        options = SamplingOptions(temperature=temperature, top_p=top_p, top_k=top_k, min_p=min_p)
        return asdict(engine.answer(NextTokenRequest(model, prompt, options, top=top)))

    def score(model: str, text: str) -> dict[str, Any]:
        """The natural log-probability of every token of a text, given those before it, and bits per byte."""
        return asdict(engine.answer(ScoreRequest(model, text)))

    def list_models() -> dict[str, Any]:
        """Every known model, whether it is loaded, and memory in bytes."""
        return asdict(engine.answer(ModelsRequest()))

    def card(model: str) -> dict[str, Any]:
        """What a model is; loads it first if need be."""
        return asdict(engine.answer(CardRequest(model)).card)

    def load_model(model: str, dtype: str | None = None) -> dict[str, Any]:
        """Load a model, or load it anew in another precision; returns its card."""
        return asdict(engine.answer(LoadRequest(model, dtype)).card)

    def unload_model(model: str) -> dict[str, Any]:
        """Free a model's memory; returns what list_models returns."""
        return asdict(engine.answer(UnloadRequest(model)))

    gr.api(handler(generate), api_name="generate", concurrency_id=GENERATIONS, concurrency_limit=generations)
    for function in (next_tokens, score, card, load_model):
        gr.api(handler(function), api_name=function.__name__, concurrency_id="readers", concurrency_limit=4)
    for function in (list_models, unload_model):
        gr.api(handler(function), api_name=function.__name__, queue=False)
