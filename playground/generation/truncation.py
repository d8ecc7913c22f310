"""The tokens that top-k, top-p and min-p leave, found without sorting the vocabulary.

What transformers' processors would do is decided from the best few tokens alone. Where rounding or a tie at an edge
could decide otherwise, nothing is decided here: the caller asks the processors.
"""

from typing import NamedTuple

import numpy as np
from torch import Tensor

NUCLEUS = 2048  # the most tokens that are looked at for top-p
DEPTHS = (2, 4, 7, 11, 16)  # how far below the best score they are looked for
CLOSE = 1e-5  # in probability, or in log-probability: too near to an edge to tell


class Truncation(NamedTuple):
    """What is cut off: all but the best ``top_k`` (0: none is), what lies outside the nucleus of mass ``top_p``, and
    what is less likely than ``min_p`` times the likeliest."""

    top_k: int
    top_p: float
    min_p: float


def truncated(scores: Tensor, cut: Truncation) -> tuple[np.ndarray, np.ndarray] | None:
    """The survivors of ``scores`` float32 ``(V,)``: their ids, ascending, and their scores; None where it is close.

    Top-k comes first, then top-p, then min-p, each of what the one before left (the order in transformers).
    """
    size = len(scores)
    if cut.top_k:
        found = scores.topk(min(cut.top_k + 1, size))  # one more shows a tie
        best, ids = found.values.numpy(), found.indices.numpy()
    elif cut.top_p < 1:
        best, ids = _likely(scores.numpy(), cut.top_p)
    else:
        return None
    looked_at = kept = len(ids)
    if not looked_at or not np.isfinite(best[0]):
        return None
    best = best.astype(np.float64)
    if cut.top_k and cut.top_k < size:
        kept = cut.top_k
        if best[kept] == best[kept - 1] or not np.isfinite(best[kept - 1]):
            return None
    whole = log_sum_exp(best[:kept] if cut.top_k else scores.numpy())
    if cut.top_p < 1:
        before = np.concatenate(([0.0], np.cumsum(np.exp(best[:kept] - whole))))  # mass of the better ones
        inside = int(np.searchsorted(before, cut.top_p))
        edge = before[max(1, inside - 1) : inside + 2]
        if inside > kept and not cut.top_k and kept < size:
            return None  # the nucleus is larger than what was looked at
        if (abs(edge - cut.top_p) < CLOSE).any():
            return None
        inside = min(max(1, inside), kept)
        if inside < looked_at and best[inside] == best[inside - 1]:
            return None
        kept = inside
    if cut.min_p:
        gaps = best[:kept] - best[0] - np.log(cut.min_p)
        if (abs(gaps) < CLOSE).any():
            return None
        kept = int((gaps > 0).sum())
    order = np.argsort(ids[:kept])
    return ids[:kept][order], best[:kept][order]


def _likely(scores: np.ndarray, mass: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores and ids of more than the tokens that make up ``mass``, best first; none if they are too many."""
    best = scores.max()
    with np.errstate(invalid="ignore"):
        whole = np.exp(scores - best).sum()
    for depth in DEPTHS:
        ids = np.flatnonzero(scores > best - depth)
        if len(ids) > NUCLEUS:
            break
        if np.exp(scores[ids] - best).sum() > (mass + 2 * CLOSE) * whole:
            ids = ids[np.argsort(-scores[ids], kind="stable")]
            return scores[ids], ids
    return scores[:0], np.zeros(0, dtype=np.int64)


def log_sum_exp(scores: np.ndarray) -> float:
    """The logarithm of the sum of ``exp(scores)``, real ``(N,)``; nan if one is nan, or none is finite."""
    most = scores.max()
    with np.errstate(invalid="ignore", over="ignore"):
        return float(most + np.log(np.exp(scores - most).sum(dtype=np.float64)))
