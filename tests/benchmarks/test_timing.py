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


def test_some_take_part_in_the_first_rounds_only():
    order = []
    runs = {name: lambda name=name: order.append(name) for name in "ab"}
    found = alternate(runs, 3, fewer={"a": 1})
    assert order == [*"ab", *"ab", "b", "b"]
    assert {name: spread.count for name, spread in found.items()} == {"a": 1, "b": 3}


@pytest.mark.parametrize("fails", [0, 2])
def test_what_fails_is_missing_and_the_others_go_on(fails):
    calls = []

    def broken():
        calls.append("broken")
        if len(calls) > fails:
            raise RuntimeError("no more")

    failed = {}
    found = alternate({"broken": broken, "well": lambda: None}, 4, failed=failed)
    assert len(calls) == fails + 1
    assert (list(found), found["well"].count, str(failed["broken"])) == (["well"], 4, "no more")
    with pytest.raises(RuntimeError, match="no more"):
        alternate({"broken": broken}, 4)


def test_a_gpu_has_finished_before_the_clock_is_read(monkeypatch):
    order = []
    monkeypatch.setattr(timing.torch.cuda, "synchronize", order.append)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: order.append("clock") or 0.0)
    alternate({"a": lambda: order.append("run")}, 1, device="cuda")
    assert order == ["clock", "run", "cuda", "clock"] * 2


def test_free_memory_is_that_of_the_device(monkeypatch):
    monkeypatch.setattr(timing, "available_memory", lambda: 5)
    monkeypatch.setattr(timing.torch.cuda, "mem_get_info", lambda device: (7, 9))
    assert (timing.free_memory(), timing.free_memory("cuda")) == (5, 7)


def test_seconds_are_the_clocks(monkeypatch):
    now = iter([0.0, 9.0, 10.0, 11.0, 20.0, 24.0, 30.0, 32.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(now))
    assert alternate({"a": lambda: None}, 3) == {"a": Spread(2.0, 1.0, 4.0, 3)}
    assert Spread(2.0, 1.0, 4.0, 3).over(4) == Spread(0.5, 0.25, 1.0, 3)


@pytest.mark.parametrize(("free", "most", "size"), [(1 << 40, 1 << 22, 1 << 22), (1 << 23, 1 << 30, 1 << 21)])
def test_the_bandwidth_is_read_from_what_memory_allows(monkeypatch, free, most, size):
    monkeypatch.setattr(timing, "available_memory", lambda: free)
    found, read = reader(most)
    assert (found, float(read())) == (size, size / 4)  # of ones
