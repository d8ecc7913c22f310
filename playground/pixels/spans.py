"""Span masks as PIXEL was trained with (Rust et al. 2023, after SpanBERT): the same mask for the same seed.

Python's own generator is used, call for call as the published code does, so that masks can be compared.
"""

import random
from collections.abc import Iterator

LONGEST = 6
WEIGHTS = (0.2, 0.4, 0.6, 0.8, 0.9, 1.0)  # cumulative, of the lengths 1 to 6
FURTHER = 0.1  # of each length beyond them: as likely as 5 and 6
ATTEMPTS = 100  # in a row without a place end the mask early


def span_mask(
    dice: random.Random, length: int, text: int, target: int, spacing: int | None = None, longest: int = LONGEST
) -> list[bool]:
    """A mask of ``length`` patches with ``target`` of them hidden, or fewer if no place is found.

    Args:
        text: the first span begins so that it lies within so many patches.
        spacing: patches around a span that must be free; None means as many as the span is long.
        longest: of a span; shorter ones keep their shares among each other.
    """
    mask = [False] * length
    left = target
    places = _places(dice, length, text, longest)
    while left > 0:
        for _ in range(ATTEMPTS):
            start, span = next(places)
            inside = sum(mask[start : start + span])
            if _crowded(mask, start, span, span if spacing is None else spacing):
                continue
            if 0 < span - inside <= min(left, longest):
                mask[start : start + span] = [True] * span
                left -= span - inside
                break
        else:
            break
    return mask


def _places(dice: random.Random, length: int, text: int, longest: int) -> Iterator[tuple[int, int]]:
    """(start, length) of one span after another, endlessly; a strip shorter than a span takes it from its start."""
    bound = text
    further = (WEIGHTS[-1] + FURTHER * (i + 1) for i in range(longest - LONGEST))
    weights = (*WEIGHTS[:longest], *further)
    while True:
        span = dice.choices(range(1, longest + 1), cum_weights=weights)[0]
        start = dice.randint(0, max(0, bound - span))
        bound = length
        yield start, min(span, length - start)


def _crowded(mask: list[bool], start: int, span: int, spacing: int) -> bool:
    return any(mask[max(0, start - spacing) : start]) or any(mask[start + span : start + span + spacing])
