"""Random numbers without a state: each is a pure function of (seed, position, token id).

A seed therefore means the same dice whatever the batch, the vocabulary size or the other tokens asked about, noise can
be drawn for a few surviving tokens alone, and two settings or models can be compared with the same dice.

The bits come from SplitMix64 (Steele, Lea & Flood 2014): its finaliser ``mix`` turns a 64-bit counter into 64
uniform bits. Seed and position are mixed into the start of a stream, and token id n owns the stream's draw n + 1;
draw 0 belongs to :func:`uniform`.
"""

import numpy as np

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: the step between a stream's counters


def mix(z: int) -> int:
    """SplitMix64's finaliser, a bijection of 64-bit integers that avalanches every bit."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def stream(seed: int, position: int) -> int:
    """The 64-bit start of the stream that belongs to ``seed`` and ``position``."""
    return mix((mix((seed + GOLDEN) & MASK) + (position + 1) * GOLDEN) & MASK)


def uniform(seed: int, position: int) -> float:
    """One number in (0, 1) per position, independent of all the Gumbel noise there."""
    return ((mix(stream(seed, position)) >> 12) + 0.5) * 2.0**-52


def quantile(seed: int, position: int, logprobs: np.ndarray) -> int:
    """The index into ``logprobs (N,)`` (natural, summing to 1) on which :func:`uniform` falls, the likeliest first.

    One number decides, whatever the tokens are called: two models that agree on how likely their first, second, …
    choices are then take the same choice. Ties go to the lower index first.
    """
    order = np.argsort(-logprobs, kind="stable")
    reached = np.cumsum(np.exp(logprobs[order]))
    place = np.searchsorted(reached, uniform(seed, position) * reached[-1], side="right")
    return int(order[min(place, len(order) - 1)])


def gumbel(seed: int, position: int, token_ids: np.ndarray) -> np.ndarray:
    """Standard Gumbel noise, float64 with the shape of ``token_ids`` (integers >= 0).

    Adding it to log-probabilities and taking the argmax draws from the distribution (Gumbel-max).
    """
    z = np.asarray(token_ids).astype(np.uint64)
    z += np.uint64(1)
    z *= np.uint64(GOLDEN)  # integer arrays wrap around at 2^64, as intended
    z += np.uint64(stream(seed, position))
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    z >>= np.uint64(12)
    u = z.astype(np.float64)  # 52 bits, so that adding a half is exact and u stays strictly inside (0, 1)
    u += 0.5
    u *= 2.0**-52
    np.log(u, out=u)
    np.negative(u, out=u)
    np.log(u, out=u)
    return np.negative(u, out=u)
