"""Named endpoints for a Backpack's senses. What takes long streams how far it is; the last value is the answer.

``edits`` are lists of edit documents, see senses/edit_documents.py.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import Any

import gradio as gr

from playground.engine.requests import Loading, Prefill
from playground.engine.sense_requests import (
    AlphaRequest,
    BiasRequest,
    BiasRow,
    BiasSearchRequest,
    LedgerRequest,
    NearestRequest,
    Progress,
    PromotersRequest,
    SensesRequest,
    WordPairRequest,
)
from playground.ui.boundary import READERS, handler

HE, SHE = ["he"], ["she"]


def build(engine: Any) -> None:
    """Add the endpoints to the current ``gr.Blocks``."""

    def answer(request: Any) -> Iterator[dict[str, Any]]:
        with closing(engine.run(request)) as events:
            for event in events:
                if isinstance(event, Loading):
                    yield {"stage": event.stage, "fraction": event.fraction}
                elif isinstance(event, Prefill):
                    yield {"stage": "Reading the text", "fraction": event.done / event.total}
                elif isinstance(event, Progress):
                    yield {"stage": event.stage, "fraction": event.done / event.total}
                elif isinstance(event, BiasRow):
                    yield {"stage": f"{event.word}: {event.template}", "fraction": None}
                else:
                    yield asdict(event)

    def senses(
        model: str, word: str | int, top: int = 10, text: str | None = None, as_typed: bool = False
    ) -> Iterator[dict[str, Any]]:
        """All senses of a word: what each promotes and demotes, its length, and how a text uses it."""
        yield from answer(SensesRequest(model, word, top, text, as_typed))

    def nearest_by_sense(
        model: str, word: str | int, sense: int, top: int = 20, as_typed: bool = False
    ) -> Iterator[dict[str, Any]]:
        """The words whose sense of that number points most nearly the same way, by cosine."""
        yield from answer(NearestRequest(model, word, sense, top, as_typed))

    def compare_senses(model: str, a: str | int, b: str | int, as_typed: bool = False) -> Iterator[dict[str, Any]]:
        """The cosine of two words' senses, number by number."""
        yield from answer(WordPairRequest(model, a, b, as_typed))

    def promoters(model: str, word: str | int, top: int = 20, as_typed: bool = False) -> Iterator[dict[str, Any]]:
        """The (token, sense) pairs of the whole vocabulary that promote a word most."""
        yield from answer(PromotersRequest(model, word, top, as_typed))

    def ledger(
        model: str,
        text: str,
        position: int = -1,
        candidates: list[str | int] | None = None,
        edits: list[dict[str, Any]] | None = None,
        top: int = 20,
    ) -> Iterator[dict[str, Any]]:
        """What every context word and sense adds to the logit of a next token; the shares sum to the model's logit.
        Candidates are words or token ids; none means the two likeliest."""
        yield from answer(LedgerRequest(model, text, position, _listed(candidates), _listed(edits), top))

    def sense_weights(model: str, text: str, senses: list[int] | None = None) -> Iterator[dict[str, Any]]:
        """The sense weights alpha of a text, a map for each sense: position predicted from, context token."""
        yield from answer(AlphaRequest(model, text, _listed(senses)))

    def bias(
        model: str,
        templates: list[str],
        words: list[str],
        group_a: list[str] = HE,
        group_b: list[str] = SHE,
        edits: list[dict[str, Any]] | None = None,
        sense: int | None = None,
        factor: float = 0.0,
    ) -> Iterator[dict[str, Any]]:
        """How likely two groups of next words are after every template with every word in its slot {}, before and
        after edits, or after a sense of the word in the slot is scaled by a factor."""
        yield from answer(BiasRequest(model, templates, words, group_a, group_b, _listed(edits), sense, factor))

    def find_factor(
        model: str,
        templates: list[str],
        words: list[str],
        sense: int,
        group_a: list[str] = HE,
        group_b: list[str] = SHE,
        neutral: str = "",
        common: bool = False,
        edits: list[dict[str, Any]] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The factor in [0, 1] of a sense of the word in the slot that brings p(A) / p(B) nearest to 1 with the least
        change, for each word or in common, and its cost in bits per byte of a neutral text."""
        yield from answer(
            BiasSearchRequest(model, templates, words, group_a, group_b, _listed(edits), sense, neutral, common)
        )

    for function in (
        senses, nearest_by_sense, compare_senses, promoters, ledger, sense_weights, bias, find_factor,
    ):  # fmt: skip
        gr.api(handler(function, toast=False), api_name=function.__name__, **READERS)


def _listed(values: list[Any] | None) -> list[Any] | tuple[()]:
    """An empty list for null; anything else is left to the request to judge."""
    return () if values is None else values
