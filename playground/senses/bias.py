"""A bias probe: how likely two groups of words are after prompts with a slot, and the factor of a sense that helps.

After Hewitt et al. 2023, section 5.2: the bias of a prompt is the larger of ``p(A) / p(B)`` and ``p(B) / p(A)`` for the
next token, and one sense of the word in the slot is scaled down to lessen it. A group's probability is the sum over its
words.
"""

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from playground.errors import InvalidRequest
from playground.senses.edit_documents import one_token, resolve_edits, token_of
from playground.senses.edits import Edit, ScaleSense
from playground.senses.inspection import check_sense
from playground.senses.ledger import text_ids
from playground.senses.reading import SenseReading, finished, logits_at, read_senses
from playground.senses.words import check_has_senses, next_word, piece

SLOT = "{}"
GRID = 201  # factors looked at, from 0 to 1
GOLDEN = (math.sqrt(5) - 1) / 2
NARROWINGS = 24  # of a grid's step of 0.005, to below 1e-7
DECIMALS = 4
LARGEST_EXPONENT = 700.0  # the exponential of more is infinite


@dataclass(frozen=True)
class BiasRow:
    """One word in one template. Probabilities are the model's own, summed over the words of a group.

    Attributes:
        a, b: p(A) and p(B) before; a_after, b_after: under the edits.
        ratio, ratio_after: p(A) / p(B); above 1 the first group is likelier.
    """

    template: str
    word: str
    a: float
    b: float
    a_after: float
    b_after: float
    ratio: float
    ratio_after: float


@dataclass(frozen=True)
class BiasAnswer:
    """All rows, and the mean of ``max(ratio, 1 / ratio)`` over them before and after: 1 is no bias."""

    rows: tuple[BiasRow, ...]
    bias: float
    bias_after: float


@dataclass(frozen=True)
class Slot:
    """A template with a word in its slot: the ids to read, and the one token that the word is there (None: several)."""

    template: str
    word: str
    ids: tuple[int, ...]
    token_id: int | None


@dataclass(frozen=True)
class Groups:
    """Two groups of next words, as ids."""

    a: tuple[int, ...]
    b: tuple[int, ...]


def read_groups(model: Any, group_a: Sequence[str], group_b: Sequence[str]) -> Groups:
    """The ids of two groups of next words.

    Raises:
        InvalidRequest: a word that is not one token, or one that is in both.
    """
    groups = Groups(*(tuple(dict.fromkeys(next_word(model, word) for word in words)) for words in (group_a, group_b)))
    for id_ in (*groups.a, *groups.b):
        model.batch([id_])  # within the vocabulary
    both = set(groups.a) & set(groups.b)
    if both:
        raise InvalidRequest(f"{piece(model, min(both)).text!r} is in both groups. Take it out of one.")
    return groups


def fill(model: Any, template: str, word: str) -> Slot:
    """``template`` with ``word`` in its slot.

    Raises:
        InvalidRequest: no slot or several, or a text that does not suit the model.
    """
    if template.count(SLOT) != 1:
        raise InvalidRequest(f"The template {template!r:.60} has {template.count(SLOT)} slots {SLOT}, but needs one.")
    ids = tuple(text_ids(model, template.replace(SLOT, word)))
    return Slot(template, word, ids, _token_in(model, template, word, ids))


def _token_in(model: Any, template: str, word: str, ids: Sequence[int]) -> int | None:
    if model.tokenizer is None:
        return one_token(word, None) if word.strip().isdecimal() else None
    after_blank = template.partition(SLOT)[0].endswith(" ")
    token = token_of(f" {word}" if after_blank else word, model.tokenizer)
    return token if token in ids else None


def scaled_in(model: Any, slot: Slot, sense: int, factor: float) -> ScaleSense:
    """The edit that scales a sense of the word in the slot.

    Raises:
        InvalidRequest: the word is several tokens there.
    """
    if slot.token_id is None:
        raise InvalidRequest(
            f"{slot.word!r} is no single token in {slot.template!r:.60}, but a sense belongs to one token. Take it out."
        )
    return ScaleSense(slot.token_id, sense, factor)


def ratio_of(logits: Tensor, groups: Groups) -> float:
    """``p(A) / p(B)`` of next-token ``logits (V,)``."""
    margin = float(_mass(logits, groups.a) - _mass(logits, groups.b))
    return math.exp(max(-LARGEST_EXPONENT, min(LARGEST_EXPONENT, margin)))


def bias_rows(
    model: Any,
    slots: Sequence[Slot],
    groups: Groups,
    before: Sequence[Edit],
    after: Callable[[Slot], Sequence[Edit]],
    read: Callable[[Sequence[int]], SenseReading],
) -> Iterator[BiasRow]:
    """A row for each slot, computed when it is asked for."""
    for slot in slots:
        reading, last = read(slot.ids), len(slot.ids) - 1
        told = []
        for edits in (before, after(slot)):
            logits = logits_at(model.network, reading, last, edits).double()
            whole = logits.logsumexp(-1)
            a, b = (float((_mass(logits, ids) - whole).exp()) for ids in (groups.a, groups.b))
            told.append((a, b, ratio_of(logits, groups)))
        (a, b, ratio), (a_after, b_after, ratio_after) = told
        yield BiasRow(slot.template, slot.word, a, b, a_after, b_after, ratio, ratio_after)


def summed_up(rows: Sequence[BiasRow]) -> BiasAnswer:
    """The mean bias over ``rows``, before and after."""
    before, after = (
        sum(max(ratio, 1 / ratio) for ratio in ratios) / len(rows)
        for ratios in ([row.ratio for row in rows], [row.ratio_after for row in rows])
    )
    return BiasAnswer(tuple(rows), before, after)


def probe_bias(
    model: Any,
    templates: Sequence[str],
    words: Sequence[str],
    group_a: Sequence[str],
    group_b: Sequence[str],
    edits: Sequence[Edit | Mapping[str, Any]] = (),
) -> BiasAnswer:
    """How likely two groups of next words are after every template with every word, without and with ``edits``.

    Raises:
        InvalidRequest: a model without senses, or templates, words or edits that do not suit it.
    """
    check_has_senses(model)
    groups, resolved = read_groups(model, group_a, group_b), resolve_edits(model, edits)
    slots = [fill(model, template, word) for word in words for template in templates]
    if not slots:
        raise InvalidRequest("A probe needs at least one template and one word.")
    rows = bias_rows(model, slots, groups, (), lambda _: resolved, lambda ids: read_senses(model.network, ids))
    return summed_up(list(rows))


def find_factors(
    model: Any,
    templates: Sequence[str],
    words: Sequence[str],
    group_a: Sequence[str],
    group_b: Sequence[str],
    sense: int,
    edits: Sequence[Edit | Mapping[str, Any]] = (),
) -> dict[str, float]:
    """For each word the factor in [0, 1] of one of its senses that minimises ``bias + |1 - factor|``, the bias being
    the mean over the templates; see :func:`best_factor`.

    Raises:
        InvalidRequest: as :func:`probe_bias`, no such sense, or a word that is several tokens in its slot.
    """
    check_has_senses(model)
    groups, resolved = read_groups(model, group_a, group_b), resolve_edits(model, edits)
    factors = {}
    for word in words:
        slots = [fill(model, template, word) for template in templates]
        ends = finished(
            margins_steps(model, slots, groups, sense, resolved, lambda ids: read_senses(model.network, ids))
        )
        factors[word] = best_factor(ends)
    return factors


def margins_steps(
    model: Any,
    slots: Sequence[Slot],
    groups: Groups,
    sense: int,
    edits: Sequence[Edit],
    read: Callable[[Sequence[int]], SenseReading],
) -> Generator[tuple[int, int], None, list[tuple[Tensor, Tensor]]]:
    """For each slot the group logits ``(2, nA)`` and ``(2, nB)`` with the sense scaled by 0 and by 1: in between they
    are linear in the factor. Yields slots done and in all; the list is the return value.
    """
    check_sense(model.network, sense)
    ends = []
    for number, slot in enumerate(slots):
        reading, last = read(slot.ids), len(slot.ids) - 1
        both = torch.stack(
            [
                logits_at(model.network, reading, last, (*edits, scaled_in(model, slot, sense, factor))).double().cpu()
                for factor in (0.0, 1.0)
            ]
        )
        ends.append((both[:, list(groups.a)], both[:, list(groups.b)]))
        yield number + 1, len(slots)
    return ends


def best_factor(ends: Sequence[tuple[Tensor, Tensor]]) -> float:
    """The factor in [0, 1] that minimises ``bias + |1 - factor|``, the bias being the mean over ``ends`` of
    ``max(p(A) / p(B), p(B) / p(A))``; see :func:`margins_steps`.

    The paper's objective; its Nelder-Mead from 1 can stop at a local minimum. Here a grid of 201 factors finds the
    lowest place and golden section refines it, to 4 decimals; of equals the larger factor wins, the lesser change.
    """

    def objective(factors: Tensor) -> Tensor:
        at = factors[:, None]
        total = torch.zeros_like(factors)
        for a, b in ends:
            first, second = (((1 - at) * end[0] + at * end[1]).logsumexp(-1) for end in (a, b))
            total += (first - second).abs().clamp(max=LARGEST_EXPONENT).exp()
        return total / len(ends) + (1 - factors)

    grid = torch.linspace(1, 0, GRID, dtype=torch.float64)  # falling, so that the first of equals is the largest
    place = int(objective(grid).argmin())
    low, high = float(grid[min(place + 1, GRID - 1)]), float(grid[max(place - 1, 0)])
    for _ in range(NARROWINGS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        one, other = objective(torch.tensor([left, right], dtype=torch.float64)).tolist()
        low, high = (low, right) if one < other else (left, high)
    found = torch.tensor([float(grid[place]), round((low + high) / 2, DECIMALS)], dtype=torch.float64)
    return round(float(found[int(objective(found).argmin())]), DECIMALS)


def _mass(logits: Tensor, ids: Sequence[int]) -> Tensor:
    return logits[list(ids)].double().logsumexp(-1)
