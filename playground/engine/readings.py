"""Texts read once and remembered, so that whatever asks about their senses again runs no model."""

from collections.abc import Generator, Hashable, Sequence
from typing import Any

from playground.generation.steps import Prefill
from playground.senses.reading import SenseReading, reading_steps


def remembered(engine: Any, card: Any, key: Hashable) -> Any | None:
    """What :func:`remember` kept under ``key`` for this load of the model."""
    kept = engine.memo.get((id(card), key))
    return None if kept is None else kept[1]


def remember(engine: Any, card: Any, key: Hashable, value: Any, size: int) -> None:
    """Keep ``value`` for this load of a model. The card is kept with it, so that no other can come to have its id."""
    engine.memo.put((id(card), key), (card, value), size)


def read_text(engine: Any, model: Any, ids: Sequence[int]) -> Generator[Prefill, None, tuple[SenseReading, bool]]:
    """The reading of ``ids`` by a Backpack, and whether it was remembered; :class:`Prefill` while it is read.

    Raises:
        InvalidRequest: more than the context holds.
    """
    ids = tuple(model.batch(ids)[0].tolist())
    known = remembered(engine, model.card, ("reading", ids))
    if known is not None:
        return known, True
    steps = reading_steps(model.network, ids)
    while True:
        try:
            done, total = next(steps)
        except StopIteration as stopped:
            remember(engine, model.card, ("reading", ids), stopped.value, stopped.value.nbytes)
            return stopped.value, False
        yield Prefill(done, total)
