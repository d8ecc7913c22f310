"""Scores written by hand, as the engine would give them."""

import math

from playground.engine.requests import Score


def scored(texts, ends, logprobs):
    bits = -sum(x for x in logprobs if x is not None) / math.log(2)
    size = ends[-1] - ends[0] if ends else None
    ids, ranks = tuple(range(len(texts))), tuple(None if x is None else 0 for x in logprobs)
    return Score(ids, tuple(texts), tuple(logprobs), ranks, ends, bits, size, bits / size if size else None)
