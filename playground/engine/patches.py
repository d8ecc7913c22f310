"""Answers to the requests of patch_requests.py: drawing, reconstructing, filling, and how sure a model is."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np

from playground.engine.patch_requests import (
    Filled,
    FillRequest,
    Reconstructed,
    ReconstructRequest,
    Rendered,
    RenderRequest,
    Sureness,
    SureRequest,
    TypoRequest,
    Working,
    WriteOnRequest,
)
from playground.engine.requests import Loading
from playground.engine.strips import Drawn, draw, drawn
from playground.engine.typo_bench import typo_points
from playground.pixels.certainty import how_sure, rank_correlation
from playground.pixels.filling import Step, fill_in, write_on
from playground.pixels.masking import draw_mask
from playground.pixels.reconstruction import hidden_patches, how_much, mask_notes, reconstruct

Events = Generator[Any, None, None]


def render(engine: Any, request: RenderRequest) -> Generator[Loading | Rendered, None, None]:
    known, remembered = yield from drawn(engine, request.model, request.text)
    strip, mask = known.strip, np.zeros(known.strip.num_patches, dtype=np.uint8)
    notes, summary = strip.notes, ""
    if request.mask is not None:
        mask = draw_mask(strip, request.mask)
        notes = (*notes, *mask_notes(strip, mask, request.mask))
        summary = how_much(strip, mask, request.mask)
    hidden = hidden_patches(strip, mask).tolist()
    yield Rendered(
        identity=known.identity,
        text=strip.text,
        patch_size=strip.patch_size,
        text_patches=strip.num_text_patches,
        shown=known.shown,
        row=strip.num_patches,
        separators=strip.separators,
        hideable=tuple(strip.text_patches.tolist()),
        words=known.words,
        characters=known.characters,
        style=known.style,
        font=known.font,
        notes=notes,
        hidden=tuple(hidden),
        hidden_padding=int(mask.sum()) - len(hidden),
        summary=summary,
        picture=known.picture,
        remembered=remembered,
    )


def reconstruct_patches(engine: Any, request: ReconstructRequest) -> Generator[Loading | Reconstructed, None, None]:
    card = engine.manager.card(request.model)
    known = None if card is None else engine.memo.get(_key(card, request))
    if known is not None:
        yield known[0]
        return
    yield from engine.loading(request.model)
    with engine.manager.lease(request.model) as model:
        yield _reconstructed(engine, model, request)


def _key(card: Any, request: ReconstructRequest) -> tuple:
    return ("reconstruction", id(card), request.text, request.mask)


def _reconstructed(engine: Any, model: Any, request: ReconstructRequest) -> Reconstructed:
    """As remembered, or one pass of the model."""
    key = _key(model.card, request)
    known = engine.memo.get(key)
    if known is not None:
        return known[0]
    strip = draw(engine, model, request.text)
    result = reconstruct(model, strip.strip, request.mask)
    hidden = result.hidden
    answer = Reconstructed(
        identity=strip.identity,
        text=strip.strip.text,
        patch_size=strip.strip.patch_size,
        shown=strip.shown,
        hidden=tuple(hidden.tolist()),
        pictures={name: strip.png(picture) for name, picture in result.pictures.items()},
        rules=result.rules,
        standardised=result.standardised,
        errors=strip.numbers(result.error, hidden),
        loss=result.loss,
        seconds=result.seconds,
        remembered=False,
        reading=strip.read(result.prediction, result.standardised, hidden.tolist()),
        summary=how_much(strip.strip, result.mask, request.mask),
        notes=result.notes,
    )
    size = sum(map(len, answer.pictures.values())) + 400 * answer.shown + 8 * len(request.text)
    engine.memo.put(key, (replace(answer, remembered=True), model.card), size)
    return answer


def sureness(engine: Any, request: SureRequest) -> Generator[Loading | Working | Sureness, None, None]:
    yield from engine.loading(request.model)
    with engine.manager.lease(request.model) as model:
        strip = draw(engine, model, request.text)
        of = request.companions + 1
        first = _reconstructed(engine, model, ReconstructRequest(request.model, request.text, request.mask))
        hidden = np.array(first.hidden, dtype=np.int64)
        with closing(how_sure(model, strip.strip, request.mask, request.companions, request.seed)) as passes:
            found = None
            yield Working(1, of)
            for found in passes:
                yield Working(1 + found.masks, of)
        errors = np.array([first.errors[patch] for patch in hidden])
        yield Sureness(
            identity=strip.identity,
            shown=strip.shown,
            hidden=first.hidden,
            spread=strip.numbers(found.spread, hidden),
            errors=first.errors,
            correlation=rank_correlation(found.spread[hidden], errors),
            companions=request.companions,
        )


def fill(engine: Any, request: FillRequest) -> Generator[Loading | Working | Filled, None, None]:
    def steps(model: Any, strip: Drawn) -> Iterator[Any]:
        return fill_in(model, strip.strip, request.mask, request.at_a_time, request.companions, request.seed)

    return _filmstrip(engine, request, steps)


def write(engine: Any, request: WriteOnRequest) -> Generator[Loading | Filled, None, None]:
    def steps(model: Any, strip: Drawn) -> Iterator[Any]:
        return write_on(model, strip.strip, request.start, request.at_a_time)

    return _filmstrip(engine, request, steps)


def _filmstrip(engine: Any, request: Any, steps: Callable[[Any, Drawn], Iterator[Any]]) -> Events:
    yield from engine.loading(request.model)
    with engine.manager.lease(request.model) as model:
        strip = draw(engine, model, request.text)
        with closing(steps(model, strip)) as events:
            for event in events:
                yield _filled(strip, event) if isinstance(event, Step) else event


def _filled(strip: Drawn, step: Step) -> Filled:
    result = step.result
    hidden = result.hidden
    done = sorted(set(hidden.tolist()) - set(step.left))
    return Filled(
        identity=strip.identity,
        text=strip.strip.text,
        patch_size=strip.strip.patch_size,
        shown=strip.shown,
        number=step.number,
        of=step.of,
        hidden=tuple(hidden.tolist()),
        filled=step.filled,
        left=step.left,
        frame=strip.png(step.frame),
        spread=strip.numbers(step.spread, hidden),
        errors=strip.numbers(result.error, hidden),
        loss=result.loss,
        reading=strip.read(result.prediction, result.standardised, done),
        notes=result.notes,
    )


ANSWERS: dict[type, Callable[[Any, Any], Events]] = {
    RenderRequest: render,
    ReconstructRequest: reconstruct_patches,
    SureRequest: sureness,
    FillRequest: fill,
    WriteOnRequest: write,
    TypoRequest: typo_points,
}
