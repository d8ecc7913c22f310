"""Fill hidden patches a few at a time: what is filled becomes part of the page that the model sees next."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from itertools import count
from numbers import Integral
from typing import Any

import numpy as np

from playground.errors import InvalidRequest
from playground.pixels import pictures
from playground.pixels.certainty import COMPANIONS, check_companions, how_sure
from playground.pixels.masking import MaskOptions
from playground.pixels.reconstruction import Reconstruction, check_model, complete, hidden_patches, mask_of, predict
from playground.text.rendering import Strip


@dataclass(frozen=True)
class Working:
    """Between two steps: ``done`` of ``of`` passes of the model."""

    done: int
    of: int


@dataclass(frozen=True, eq=False)
class Step:
    """A few patches were filled.

    Attributes:
        number, of: which step.
        filled: the patches of this step, the surest first. left: those that are still hidden.
        spread: float32 ``(L,)`` that the choice was made by, NaN where none was measured; see
            :class:`playground.pixels.certainty.Spread`.
        frame: uint8 ``(P, P * L)``, the page with what is filled so far; what is still hidden is grey.
        result: all hidden patches of the beginning, filled or as now predicted, beside the truth.
    """

    number: int
    of: int
    filled: tuple[int, ...]
    left: tuple[int, ...]
    spread: np.ndarray
    frame: np.ndarray
    result: Reconstruction


Ranked = Generator[Working, None, tuple[list[int], np.ndarray]]


def fill_in(
    model: Any,
    strip: Strip,
    options: MaskOptions | np.ndarray = MaskOptions(),
    at_a_time: int = 1,
    companions: int = COMPANIONS,
    seed: int = 0,
) -> Iterator[Working | Step]:
    """Fill the hidden patches ``at_a_time``, always those first on which companion masks disagree least.

    Yields after every pass of the model: a :class:`Step` when patches were filled, else :class:`Working`. Where fewer
    than two patches of text can be seen, the first ones from the left are filled.

    Raises:
        InvalidRequest: as :func:`playground.pixels.certainty.how_sure`, or nothing to fill.
    """
    mask = mask_of(strip, options)
    check_companions(companions)
    steps = _steps_needed(strip, mask, at_a_time)
    passes = count(1)
    of = (steps - 1) * (1 + companions) + 1

    def surest(page: Strip, still: np.ndarray, number: int) -> Ranked:
        done = next(passes)
        left = hidden_patches(page, still).tolist()
        spread = np.full(strip.num_patches, np.nan, dtype=np.float32)
        if number == steps or len(np.setdiff1d(strip.text_patches, left)) < 2:
            return left, spread
        yield Working(done, of)
        for found in how_sure(model, page, still, companions, f"{seed} {number}"):
            spread = found.spread
            yield Working(next(passes), of)
        return sorted(left, key=lambda patch: spread[patch]), spread

    yield from _fill(model, strip, mask, at_a_time, surest)


def write_on(model: Any, strip: Strip, start: int, at_a_time: int = 1) -> Iterator[Step]:
    """Hide the text from patch ``start`` on and let the model continue it from left to right, one pass for each step.

    Raises:
        InvalidRequest: as :func:`playground.pixels.reconstruction.reconstruct`, or a start outside the text.
    """
    if not isinstance(strip, Strip) or isinstance(start, bool) or not isinstance(start, Integral):
        raise InvalidRequest(f"A strip and a patch to begin at are needed, not {strip!r:.40} and {start!r:.40}.")
    if not 0 <= start < strip.num_text_patches:
        raise InvalidRequest(
            f"Writing is to begin at patch {start:,}, but the text has patches 0 to {strip.num_text_patches - 1:,}."
        )
    mask = np.zeros(strip.num_patches, dtype=np.uint8)
    mask[strip.text_patches[strip.text_patches >= start]] = 1

    def leftmost(page: Strip, still: np.ndarray, number: int) -> Ranked:
        yield from ()
        return hidden_patches(page, still).tolist(), np.full(strip.num_patches, np.nan, dtype=np.float32)

    yield from _fill(model, strip, mask, at_a_time, leftmost)


def _steps_needed(strip: Strip, mask: np.ndarray, at_a_time: int) -> int:
    hidden = len(hidden_patches(strip, mask))
    if isinstance(at_a_time, bool) or not isinstance(at_a_time, Integral) or at_a_time < 1:
        raise InvalidRequest(f"{at_a_time!r:.40} patches are to be filled at a time; it must be a number from 1 on.")
    if not hidden:
        raise InvalidRequest("Nothing of the text is hidden, so there is nothing to fill. Hide some patches.")
    return -(-hidden // at_a_time)


def _fill(model: Any, strip: Strip, mask: np.ndarray, at_a_time: int, rank: Any) -> Iterator[Working | Step]:
    check_model(model, strip)
    steps = _steps_needed(strip, mask, at_a_time)
    hidden, still, page = hidden_patches(strip, mask), mask, strip
    standardised = model.network.config.norm_pix_loss
    kept = None  # predictions, those of filled patches as they were filled
    for number in range(1, steps + 1):
        prediction = predict(model, page, still)
        left = hidden_patches(page, still)
        kept = prediction.copy() if kept is None else kept
        kept[left] = prediction[left]
        order, spread = yield from rank(page, still, number)
        now = order[:at_a_time]
        painted = pictures.on_the_page(strip, hidden, kept, standardised)
        patches = pictures.to_patches(page.pixels).copy()
        patches[now] = pictures.to_patches(painted)[now]
        page, still = replace(page, pixels=pictures.to_strip(patches)), still.copy()
        still[now] = 0
        rest = hidden_patches(page, still)
        result = complete(model, strip, mask, kept.copy())
        yield Step(number, steps, tuple(now), tuple(rest.tolist()), spread, pictures.masked(page, rest), result)
