"""Several generations side by side in one thread: they take turns, token by token.

Each column's clock counts only the time that its own model works, so that speeds can be compared.
"""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any

from playground.engine.requests import ColumnEvent, ColumnFailed, Ended, Token
from playground.errors import PlaygroundError


def take_turns(
    runs: Sequence[Generator[Any, None, None]], clock: Callable[[], float] = time.perf_counter
) -> Generator[ColumnEvent | ColumnFailed, None, None]:
    """One event of each of ``runs`` in turn, until all have ended. A run that fails leaves the others to go on.

    Closing this generator closes all runs. The seconds of :class:`Token` and :class:`Ended` become the column's own.
    """
    columns = [_Column(number, run, clock) for number, run in enumerate(runs)]
    try:
        while columns:
            for column in tuple(columns):
                try:
                    event = column.next()
                except StopIteration:
                    columns.remove(column)
                except PlaygroundError as error:
                    columns.remove(column)
                    yield ColumnFailed(column.number, str(error))
                else:
                    yield ColumnEvent(column.number, event)
    finally:
        for run in runs:
            run.close()


class _Column:
    """A run with a clock of its own."""

    def __init__(self, number: int, run: Generator[Any, None, None], clock: Callable[[], float]):
        self.number, self.run, self.clock = number, run, clock
        self.seconds = 0.0  # in which this run's code has been running
        self.first: dict[int, float] = {}  # by row, when its first token came

    def next(self) -> Any:
        began = self.clock()
        try:
            event = next(self.run)
        finally:
            self.seconds += self.clock() - began
        if isinstance(event, Token):
            self.first.setdefault(event.step.row, self.seconds)
            return replace(event, seconds=self.seconds)
        if isinstance(event, Ended):
            seconds = self.seconds - self.first[event.row]
            fast = event.tokens > 1 and seconds > 0
            return replace(event, seconds=seconds, tokens_per_second=(event.tokens - 1) / seconds if fast else None)
        return event
