"""Answers a :class:`playground.engine.patch_requests.TypoRequest`: damaged text seen by patches and by tokens."""

from collections.abc import Generator
from contextlib import closing
from typing import Any

import numpy as np

from playground.engine.patch_requests import TypoPoint, TypoRequest
from playground.engine.requests import Loading
from playground.engine.strips import draw
from playground.errors import InvalidRequest
from playground.generation.prompts import prompt_ids
from playground.generation.surprisal import Score, score_events
from playground.pixels.filling import Working
from playground.pixels.reconstruction import reconstruct
from playground.text.rendering import Strip
from playground.text.typos import damage


def typo_points(engine: Any, request: TypoRequest) -> Generator[Loading | Working | TypoPoint, None, None]:
    yield from engine.loading(request.model)
    with engine.manager.lease(request.model) as model:
        base = draw(engine, model, request.text).strip.text
        if not base.strip():
            raise InvalidRequest("There is no text to change. Type a sentence.")
        yield from engine.loading(request.peer)
        with engine.manager.lease(request.peer) as peer:
            prompt_ids(peer, base)  # refuses what is no language model before any work is done
            yield from _series(engine, request, model, peer, base)


def _series(engine: Any, request: TypoRequest, model: Any, peer: Any, base: str) -> Generator[Any, None, None]:
    of = len(request.shares)
    done, passes = 0, of * (request.passes + 1)
    for number, share in enumerate(request.shares, 1):
        damaged = damage(base, request.kind, share, request.seed)
        strip = draw(engine, model, damaged.text).strip
        errors: list[float] = []
        for mask in every_patch_once(strip, request.passes):
            result = reconstruct(model, strip, mask)
            errors += result.error[result.hidden].tolist()
            done += 1
            yield Working(done, passes)
        done = number * (request.passes + 1)  # short texts need fewer passes
        tokens, score, notes = yield from _read(peer, strip.text, done, passes)
        yield TypoPoint(
            share=share,
            number=number,
            of=of,
            text=strip.text,
            changed=_within(damaged, strip.text),
            possible=damaged.possible,
            error=float(np.mean(errors)),
            patches=len(errors),
            tokens=tokens,
            bits_per_byte=None if score is None else score.bits_per_byte,
            total_bits=None if score is None else score.total_bits,
            notes=(*strip.notes, *notes),
        )


def every_patch_once(strip: Strip, passes: int) -> list[np.ndarray]:
    """Masks ``(L,)`` that together hide every patch of text exactly once, each every ``passes``-th of them."""
    masks = []
    for first in range(min(passes, len(strip.text_patches))):
        mask = np.zeros(strip.num_patches, dtype=np.uint8)
        mask[strip.text_patches[first::passes]] = 1
        masks.append(mask)
    return masks


def _within(damaged: Any, text: str) -> tuple[tuple[int, int], ...]:
    """The changes in what the strip holds of the text."""
    return tuple((start, min(end, len(text))) for start, end in damaged.changed if start <= len(text))


def _read(peer: Any, text: str, done: int, of: int) -> Generator[Working, None, tuple[int, Score | None, list[str]]]:
    """Tokens and score of ``text``; no score where it is empty or longer than the peer's context."""
    if not text:
        return 0, None, ["All letters were dropped, so nothing is left to score."]
    tokens, most = len(prompt_ids(peer, text)), peer.network.context_length
    if tokens > most:
        return tokens, None, [f"The text has {tokens:,} tokens, but {peer.card.name} reads at most {most:,}."]
    score = None
    with closing(score_events(peer, text)) as events:
        for event in events:
            if isinstance(event, Score):
                score = event
            else:
                yield Working(done, of)
    return tokens, score, []
