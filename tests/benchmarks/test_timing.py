"""Things are run in turn, as often as was asked, and memory is read in a size that fits."""

import pytest

from playground.benchmarks import timing
from playground.benchmarks.timing import Spread, alternate, reader


def test_runs_take_turns_after_a_round_that_is_not_counted():
    order = []
    runs = {name: lambda name=name: order.append(name) for name in "abc"}
    found = alternate(runs, 2, {"b": lambda: order.append("short b")})
    assert order == ["a", "short b", "c", *"abc", *"abc"]
    assert [(name, spread.count) for name, spread in found.items()] == [("a", 2), ("b", 2), ("c", 2)]


def test_seconds_are_the_clocks(monkeypatch):
    now = iter([10.0, 11.0, 20.0, 24.0, 30.0, 32.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(now))
    assert alternate({"a": lambda: None}, 3) == {"a": Spread(2.0, 1.0, 4.0, 3)}
    assert Spread(2.0, 1.0, 4.0, 3).over(4) == Spread(0.5, 0.25, 1.0, 3)


@pytest.mark.parametrize(("free", "most", "size"), [(1 << 40, 1 << 22, 1 << 22), (1 << 23, 1 << 30, 1 << 21)])
def test_the_bandwidth_is_read_from_what_memory_allows(monkeypatch, free, most, size):
    monkeypatch.setattr(timing, "available_memory", lambda: free)
    found, read = reader(most)
    assert (found, float(read())) == (size, size / 4)  # of ones
