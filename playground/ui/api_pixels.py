"""Named endpoints for patches of rendered text. Pictures are PNG in data URLs; numbers per patch hold null where there
is none. What may run for long streams how far it is; the last value is the answer."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from typing import Any

import gradio as gr

from playground.engine.patch_requests import (
    FillRequest,
    ReconstructRequest,
    RenderRequest,
    SureRequest,
    TypoPoint,
    TypoRequest,
    Working,
    WriteOnRequest,
)
from playground.engine.requests import Loading, Prefill
from playground.pixels.masking import MaskOptions
from playground.ui.boundary import GENERATIONS, READERS, handler

MASK, SURE = MaskOptions(), SureRequest("a model")
TYPOS = TypoRequest("a model", "another")


def build(engine: Any, generations: int) -> None:
    """Add the endpoints to the current ``gr.Blocks``."""

    def answer(request: Any, shape: Callable[[Any], dict[str, Any]]) -> Iterator[dict[str, Any]]:
        with closing(engine.run(request)) as events:
            for event in events:
                yield progress(event) or shape(event)

    def render(
        model: str,
        text: str,
        ratio: float = 0.0,
        kind: str = MASK.kind,
        seed: int = MASK.seed,
        over: str = MASK.over,
        spacing: int | str = MASK.spacing,
        every: int = MASK.every,
        patches: list[int] | None = None,
        longest: int = MASK.longest,
    ) -> Iterator[dict[str, Any]]:
        """A text drawn as a model of patches reads it: the picture, where its words are, what was cut or replaced, and
        which patches a mask with these options would hide."""
        mask = MaskOptions(ratio, kind, seed, over, spacing, every, _listed(patches), longest)
        yield from answer(RenderRequest(model, text, mask), plain)

    def reconstruct(
        model: str,
        text: str,
        ratio: float = MASK.ratio,
        kind: str = MASK.kind,
        seed: int = MASK.seed,
        over: str = MASK.over,
        spacing: int | str = MASK.spacing,
        every: int = MASK.every,
        patches: list[int] | None = None,
        longest: int = MASK.longest,
    ) -> Iterator[dict[str, Any]]:
        """Hide patches of a text and let the model predict them: four pictures with how each was made, the error of
        each patch, the loss and, for monospace text, the patches read back."""
        mask = MaskOptions(ratio, kind, seed, over, spacing, every, _listed(patches), longest)
        yield from answer(ReconstructRequest(model, text, mask), plain)

    def how_sure(
        model: str,
        text: str,
        ratio: float = MASK.ratio,
        kind: str = MASK.kind,
        seed: int = MASK.seed,
        over: str = MASK.over,
        spacing: int | str = MASK.spacing,
        every: int = MASK.every,
        patches: list[int] | None = None,
        longest: int = MASK.longest,
        companions: int = SURE.companions,
        companions_seed: int = SURE.seed,
    ) -> Iterator[dict[str, Any]]:
        """How far the predictions of the hidden patches move under companion masks that hide a little more, beside how
        wrong they are."""
        mask = MaskOptions(ratio, kind, seed, over, spacing, every, _listed(patches), longest)
        yield from answer(SureRequest(model, text, mask, companions, companions_seed), plain)

    def fill(
        model: str,
        text: str,
        ratio: float = MASK.ratio,
        kind: str = MASK.kind,
        seed: int = MASK.seed,
        over: str = MASK.over,
        spacing: int | str = MASK.spacing,
        every: int = MASK.every,
        patches: list[int] | None = None,
        longest: int = MASK.longest,
        at_a_time: int = 1,
        companions: int = SURE.companions,
        companions_seed: int = SURE.seed,
    ) -> Iterator[dict[str, Any]]:
        """Fill hidden patches a few at a time, the surest first. Streams a frame for each step, and how far the work
        is in between; the last value is the last step. Closing the stream stops the work."""
        mask = MaskOptions(ratio, kind, seed, over, spacing, every, _listed(patches), longest)
        yield from answer(FillRequest(model, text, mask, companions, companions_seed, at_a_time), plain)

    def write_on(model: str, text: str, start: int, at_a_time: int = 1) -> Iterator[dict[str, Any]]:
        """Hide a text from patch start on and let the model continue it. Streams a frame for each step."""
        yield from answer(WriteOnRequest(model, text, start, at_a_time), plain)

    def typos(
        model: str,
        peer: str,
        text: str,
        kind: str = TYPOS.kind,
        shares: list[float] | None = None,
        seed: int = TYPOS.seed,
        ratio: float = TYPOS.ratio,
    ) -> Iterator[dict[str, Any]]:
        """Change more and more letters of a text (kind: typos, homoglyphs or case), and see the error of a model of
        patches beside the token count and bits per byte of a language model, its peer. Streams the points so far."""
        points: list[dict[str, Any]] = []
        request = TypoRequest(model, peer, text, kind, TYPOS.shares if shares is None else shares, seed, ratio)
        with closing(engine.run(request)) as events:
            for event in events:
                if isinstance(event, TypoPoint):
                    points = [*points, plain(event)]
                    yield {"points": points}
                else:
                    yield {"points": points} | (progress(event) or {})

    for function in (render, reconstruct):
        gr.api(handler(function, toast=False), api_name=function.__name__, **READERS)
    for function in (how_sure, fill, write_on, typos):
        gr.api(
            handler(function, toast=False), api_name=function.__name__, concurrency_id=GENERATIONS,
            concurrency_limit=generations,
        )  # fmt: skip


def progress(event: Any) -> dict[str, Any] | None:
    """How far the work is; None for an answer."""
    if isinstance(event, Loading):
        return {"stage": event.stage, "fraction": event.fraction}
    if isinstance(event, Working):
        return {"stage": "Reconstructing", "fraction": event.done / event.of}
    if isinstance(event, Prefill):
        return {"stage": "Reading the text", "fraction": event.done / event.total}
    return None


def plain(event: Any) -> dict[str, Any]:
    """An event as JSON: pictures become data URLs."""
    return _plain(asdict(event))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "data:image/png;base64," + b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _listed(patches: Any) -> Any:
    return () if patches is None else patches
