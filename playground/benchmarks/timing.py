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
    runs: Mapping[str, Callable[[], object]],
    rounds: int,
    warm: Mapping[str, Callable[[], object]] | None = None,
    fewer: Mapping[str, int] | None = None,
    failed: dict[str, Exception] | None = None,
    device: str = "cpu",
) -> dict[str, Spread]:
    """Run each of ``runs`` once per round, in turn, after one round that is not counted.

    Args:
        warm: shorter things to do in that first round, for those runs that need no more.
        fewer: runs that take part in the first rounds only, with how many.
        failed: takes the exceptions of runs that fail, which are then missing in what is returned; without it they
            are raised.
        device: that has to have finished before the clock is read.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}

    def once(name: str, run: Callable[[], object]) -> None:
        began = time.perf_counter()
        try:
            run()
            finish(device)
        except Exception as error:
            if failed is None:
                raise
            failed[name] = error.with_traceback(None)  # which would keep what filled the memory
            del seconds[name]
            return
        seconds[name].append(time.perf_counter() - began)

    for name, run in runs.items():
        once(name, (warm or {}).get(name) or run)
        if name in seconds:
            seconds[name].clear()
    for number in range(rounds):
        for name, run in runs.items():
            if name in seconds and number < (fewer or {}).get(name, rounds):
                once(name, run)
    return {name: Spread.of(each) for name, each in seconds.items()}


def finish(device: str) -> None:
    """Wait for what a GPU has been given to do; a processor has done it already."""
    if device != "cpu":
        torch.cuda.synchronize(device)


def free_memory(device: str = "cpu") -> int:
    """Bytes that are free on the device."""
    return available_memory() if device == "cpu" else torch.cuda.mem_get_info(device)[0]


def reader(most: int = MOST_BYTES, device: str = "cpu") -> tuple[int, Callable[[], object]]:
    """Bytes of a tensor as large as free memory allows, and what sums it up."""
    size = max(1 << 20, min(most, int(SHARE * free_memory(device))))
    numbers = torch.ones(size // 4, device=device)
    return 4 * len(numbers), numbers.sum
