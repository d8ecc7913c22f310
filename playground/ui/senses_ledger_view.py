"""What the ledger shows, as plain data: the shares of one next token or the difference of two, and sense weights."""

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from playground.engine.sense_requests import Candidate, LedgerAnswer, NextChoice, SenseWeights
from playground.ui.charts.ledger_waterfall import Share

ROWS = 40  # words with a row of their own
DIGITS = 5  # of a share

Table = tuple[tuple[float, ...], ...]  # (T, k)


@dataclass(frozen=True)
class Shares:
    """Shares of a logit, or of log odds where there are two candidates.

    Attributes:
        cells: ``(T, k)``. total: their sum, with what edits add. model: the same by an ordinary forward pass.
    """

    candidates: tuple[Candidate, ...]
    cells: Table
    total: float
    model: float

    @property
    def difference(self) -> float:
        return self.total - self.model


def shares_of(a: Candidate, b: Candidate | None = None) -> Shares:
    """The shares of ``a``, or what they are more than those of ``b``."""
    if b is None:
        return Shares((a,), a.contributions, a.total, a.logit)
    cells = tuple(
        tuple(x - y for x, y in zip(ours, theirs, strict=True))
        for ours, theirs in zip(a.contributions, b.contributions, strict=True)
    )
    return Shares((a, b), cells, a.total - b.total, a.logit - b.logit)


def bars(answer: LedgerAnswer, shares: Shares) -> list[Share]:
    """Every cell as a bar of the waterfall."""
    return [
        Share(answer.tokens[place].text, place, sense, amount)
        for place, row in enumerate(shares.cells)
        for sense, amount in enumerate(row)
    ]


def shown_rows(cells: Table, most: int = ROWS) -> list[int]:
    """Places of the words with the largest shares, all senses' sizes summed, in the order of the text: all if they are
    at most ``most`` + 1, since a row for the others must stand for two at least."""
    if len(cells) <= most + 1:
        return list(range(len(cells)))
    order = sorted(range(len(cells)), key=lambda place: (-sum(map(abs, cells[place])), place))
    return sorted(order[:most])


def ledger_json(answer: LedgerAnswer, shares: Shares, identity: str) -> str:
    """What the page draws, as JSON: text, since a value is compared with the one before, part by part.

    ``places`` are the tokens that have a row of ``cells`` and of ``weights``, None for the sum of all others; ``rest``
    tells how many those are.
    """
    places: list[int | None] = [*shown_rows(shares.cells)]
    rest = [place for place in range(len(shares.cells)) if place not in set(places)]
    cells = [shares.cells[place] for place in places]
    weights = [answer.weights[place] for place in places]
    if rest:
        places.append(None)
        cells.append(_sums([shares.cells[place] for place in rest]))
        weights.append(_sums([answer.weights[place] for place in rest]))
    return json.dumps({
        "identity": identity,
        "tokens": [token.text for token in answer.tokens],
        "ids": [token.token_id for token in answer.tokens],
        "position": answer.position,
        "senses": len(shares.cells[0]),
        "written": None if answer.written is None else _choice(answer.written),
        "choices": [_choice(choice) for choice in answer.choices],
        "candidates": [
            {"id": one.token_id, "text": one.text, "share": math.exp(one.logprob)} for one in shares.candidates
        ],
        "places": places, "rest": len(rest),
        "cells": [[round(share, DIGITS) for share in row] for row in cells],
        "weights": [[round(weight, DIGITS) for weight in row] for row in weights],
        "total": shares.total, "model": shares.model, "difference": shares.difference,
    })  # fmt: skip


def alpha_json(answer: SenseWeights) -> str:
    """Maps as JSON: each one's lower triangle, row after row, as 16 bit numbers of which 65,535 is a weight of 1."""
    maps = np.asarray(answer.maps, dtype=np.float64)  # (senses, T, T)
    rows, columns = np.tril_indices(maps.shape[-1])
    packed = np.rint(maps[:, rows, columns].clip(0, 1) * 65535).astype("<u2").tobytes()
    return json.dumps({
        "tokens": [token.text for token in answer.tokens],
        "senses": list(answer.senses),
        "packed": base64.b64encode(packed).decode(),
    })  # fmt: skip


def _choice(choice: NextChoice) -> list[Any]:
    return [choice.token_id, choice.text, math.exp(choice.logprob)]


def _sums(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
    return tuple(math.fsum(column) for column in zip(*rows, strict=True))
