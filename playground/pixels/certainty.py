"""How sure a model is: how far its predictions move when it sees a little less of the text."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from playground import limits
from playground.errors import InvalidRequest
from playground.pixels.masking import MaskOptions
from playground.pixels.reconstruction import check_model, hidden_patches, mask_of, predict
from playground.text.rendering import Strip

EXTRA = 0.2  # of the text that can be seen, hidden in each companion mask
COMPANIONS = 8


@dataclass(frozen=True, eq=False)
class Spread:
    """How far predictions differ over the first ``masks`` of ``of`` companion masks.

    Attributes:
        spread: float32 ``(L,)``, in each hidden patch the root of the mean variance of its numbers over the masks
            (unbiased); NaN elsewhere, and everywhere after the first mask.
    """

    masks: int
    of: int
    spread: np.ndarray


def companion_masks(strip: Strip, mask: np.ndarray, count: int, seed: int | str = 0) -> list[np.ndarray]:
    """``count`` masks, uint8 ``(L,)``, that hide what ``mask`` hides and a random fifth of the text that it shows.

    Raises:
        InvalidRequest: an impossible count, or fewer than two patches of text to be seen.
    """
    check_companions(count)
    seen = [int(patch) for patch in strip.text_patches if not mask[patch]]
    if len(seen) < 2:
        raise InvalidRequest(
            f"Only {len(seen)} patches of text can be seen, and at least 2 are needed to hide some of them in turn. "
            "Hide fewer patches."
        )
    dice = random.Random(f"companions {seed}")
    extra = min(max(1, round(EXTRA * len(seen))), len(seen) - 1)
    masks = []
    for _ in range(count):
        companion = mask.copy()
        companion[dice.sample(seen, extra)] = 1
        masks.append(companion)
    return masks


def check_companions(count: int) -> None:
    """Raise :class:`InvalidRequest` for an impossible number of companion masks."""
    least, most = limits.COMPANIONS
    if isinstance(count, bool) or not isinstance(count, Integral) or not least <= count <= most:
        raise InvalidRequest(
            f"{count!r:.40} companion masks are asked for, but the number must be from {least} to {most}."
        )


def how_sure(
    model: Any,
    strip: Strip,
    options: MaskOptions | np.ndarray = MaskOptions(),
    companions: int = COMPANIONS,
    seed: int | str = 0,
) -> Iterator[Spread]:
    """Measure the spread of the hidden patches, one pass of the model for each value that is yielded.

    Args:
        companions: how many masks. seed: decides them.

    Raises:
        InvalidRequest: as :func:`playground.pixels.reconstruction.reconstruct` and :func:`companion_masks`.
    """
    mask = mask_of(strip, options)
    check_model(model, strip)
    hidden = hidden_patches(strip, mask)
    masks = companion_masks(strip, mask, companions, seed)
    mean = squares = np.float64(0)
    for number, companion in enumerate(masks, 1):
        values = predict(model, strip, companion)[hidden].astype(np.float64)
        step = values - mean  # Welford's running variance
        mean = mean + step / number
        squares = squares + step * (values - mean)
        spread = np.full(strip.num_patches, np.nan, dtype=np.float32)
        if number > 1:
            spread[hidden] = np.sqrt((squares / (number - 1)).mean(-1))
        yield Spread(number, companions, spread)


def rank_correlation(spread: np.ndarray, error: np.ndarray) -> float | None:
    """Spearman's: Pearson's correlation of the ranks, equal numbers sharing their mean rank.

    None with fewer than three numbers, or where either list is the same everywhere.
    """
    if len(spread) < 3:
        return None
    ranks = np.stack([_mean_ranks(spread), _mean_ranks(error)])
    centred = ranks - ranks.mean(1, keepdims=True)
    lengths = np.sqrt(np.square(centred).sum(1))
    return float(centred[0] @ centred[1] / lengths.prod()) if lengths.all() else None


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]
