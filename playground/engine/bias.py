"""Answers to the requests of the bias probe in sense_requests.py."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any

from playground.engine.edits import resolved
from playground.engine.readings import read_text
from playground.engine.sense_requests import BiasRequest, BiasSearchAnswer, BiasSearchRequest, Progress
from playground.engine.senses import leased, told
from playground.generation.steps import Prefill
from playground.generation.surprisal import Score, score_events
from playground.senses.bias import (
    Slot,
    best_factor,
    bias_rows,
    fill,
    margins_steps,
    read_groups,
    scaled_in,
    summed_up,
)
from playground.senses.edits import ScaleSense
from playground.senses.inspection import check_sense
from playground.senses.reading import SenseReading, finished
from playground.senses.words import piece

Events = Generator[Any, None, None]


def _bias(engine: Any, request: BiasRequest) -> Events:
    yield from engine.loading(request.model)
    with leased(engine, request.model) as model:
        groups = read_groups(model, request.group_a, request.group_b)
        edits = yield from resolved(model, request.model, request.edits)
        slots = _slots(model, request)
        own: dict[Slot, tuple[ScaleSense, ...]] = {}
        if request.sense is not None:
            check_sense(model.network, request.sense)
            own = {slot: (scaled_in(model, slot, request.sense, float(request.factor)),) for slot in slots}
        rows = []
        for row in bias_rows(
            model, slots, groups, (), lambda slot: (*edits, *own.get(slot, ())), _reader(engine, model)
        ):
            rows.append(row)
            yield row
        yield summed_up(rows)


def _search(engine: Any, request: BiasSearchRequest) -> Events:
    yield from engine.loading(request.model)
    with leased(engine, request.model) as model:
        groups = read_groups(model, request.group_a, request.group_b)
        edits = yield from resolved(model, request.model, request.edits)
        slots, read = _slots(model, request), _reader(engine, model)
        ends = yield from told("Reading the prompts", margins_steps(model, slots, groups, request.sense, edits, read))
        if request.common:
            factors = [best_factor(ends)] * len(request.words)
        else:
            each = len(request.templates)
            factors = [best_factor(ends[each * n : each * (n + 1)]) for n in range(len(request.words))]
        by_word = dict(zip(request.words, factors, strict=True))
        rows = []
        for row in bias_rows(
            model, slots, groups, edits,
            lambda slot: (*edits, scaled_in(model, slot, request.sense, by_word[slot.word])), read,
        ):  # fmt: skip
            rows.append(row)
            yield Progress("Comparing", len(rows), len(slots))
        found = summed_up(rows)
        # A word may be another token at the beginning of a text than inside one.
        scaled = {(slot.token_id, by_word[slot.word]): None for slot in slots if by_word[slot.word] != 1.0}
        new = [ScaleSense(token, request.sense, factor) for token, factor in scaled]
        bits, bits_after, touched = yield from _cost(model, request.neutral, edits, new)
        yield BiasSearchAnswer(
            words=request.words,
            factors=tuple(factors),
            rows=found.rows,
            bias=found.bias,
            bias_after=found.bias_after,
            edits=tuple(
                {"kind": "scale_sense", "word": piece(model, edit.token_id).text, "sense": edit.sense,
                 "factor": edit.factor}
                for edit in new
            ),
            bits=bits,
            bits_after=bits_after,
            touched=touched,
        )  # fmt: skip


def _slots(model: Any, request: BiasRequest | BiasSearchRequest) -> list[Slot]:
    """Word by word, and for each the templates in order."""
    return [fill(model, template, word) for word in request.words for template in request.templates]


def _reader(engine: Any, model: Any) -> Callable[[Sequence[int]], SenseReading]:
    return lambda ids: finished(read_text(engine, model, ids))[0]


def _cost(
    model: Any, text: str, before: Sequence[Any], new: Sequence[ScaleSense]
) -> Generator[Progress, None, tuple[float | None, float | None, int]]:
    """Bits per byte of a text under ``before``, then with the ``new`` edits too, and how many tokens these touch."""
    if not text.strip():
        return None, None, 0
    rates, ids = [], ()
    for edits in (before, (*before, *new)):
        with closing(score_events(model, text, edits)) as events:
            for event in events:
                if isinstance(event, Score):
                    rates.append(event.bits_per_byte)
                    ids = event.token_ids
                elif isinstance(event, Prefill):
                    yield Progress("Measuring the cost on the neutral text", event.done, event.total)
    touched = {edit.token_id for edit in new}
    return rates[0], rates[1], sum(id_ in touched for id_ in ids)


ANSWERS = {BiasRequest: _bias, BiasSearchRequest: _search}
