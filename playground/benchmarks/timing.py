"""Seconds of things that are run in turn, so that whatever else the machine does slows all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from playground.checkpoints.memory import available_memory

MOST_BYTES = 2 << 30  # that are read to see how fast memory is
SHARE = 0.25  # of the free memory, at most


@dataclass(frozen=True)
class Spread:
    """The median, the least and the most of ``count`` measured seconds."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Spread":
        return cls(statistics.median(seconds), min(seconds), max(seconds), len(seconds))

    def over(self, parts: float) -> "Spread":
        """The same for one of ``parts`` equal parts of the work."""
        return Spread(self.median / parts, self.low / parts, self.high / parts, self.count)


def alternate(
    runs: Mapping[str, Callable[[], object]], rounds: int, warm: Mapping[str, Callable[[], object]] | None = None
) -> dict[str, Spread]:
    """Run each of ``runs`` once per round, in turn, after one round that is not counted.

    ``warm`` has shorter things to do in that first round, for those runs that need no more.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for name, run in runs.items():
        ((warm or {}).get(name) or run)()
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return {name: Spread.of(each) for name, each in seconds.items()}


def reader(most: int = MOST_BYTES) -> tuple[int, Callable[[], object]]:
    """Bytes of a tensor as large as free memory allows, and what sums it up."""
    size = max(1 << 20, min(most, int(SHARE * available_memory())))
    numbers = torch.ones(size // 4)
    return 4 * len(numbers), numbers.sum
