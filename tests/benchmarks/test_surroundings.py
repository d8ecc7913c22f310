"""Other programs' share of the processor is what neither this one took nor nobody."""

from collections import namedtuple

import pytest
import torch

from playground.benchmarks import surroundings
from playground.benchmarks.surroundings import Others, machine

Linux = namedtuple("Linux", ["user", "nice", "system", "idle", "iowait", "steal", "guest"])
Mac = namedtuple("Mac", ["user", "nice", "system", "idle"])


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        (Linux(9, 0, 1, 5, 5, 0, 3), Linux(18, 1, 2, 10, 8, 1, 9), (9 + 1 + 1 + 1 - 8) / 20),  # 8 of them are ours
        (Mac(1, 0, 1, 0), Mac(6, 0, 2, 14), 0.0),  # less than ours: the clocks are coarse
        (Mac(1, 0, 1, 0), Mac(1, 0, 1, 0), 0.0),
    ],
)
def test_what_others_had(monkeypatch, before, after, share):
    class Process:
        now = iter([(1, 1, 0, 0, 99), (4, 2, 3, 1, 999)])

        def cpu_times(self):
            return next(Process.now)

    machine = iter([before, after])
    monkeypatch.setattr(surroundings.psutil, "cpu_times", lambda: next(machine))
    monkeypatch.setattr(surroundings.psutil, "Process", Process)
    assert Others().share() == pytest.approx(share)


def test_the_machine_is_named():
    facts = machine()
    assert facts["threads"] == torch.get_num_threads()
    assert facts["versions"]["torch"] == torch.__version__
    assert facts["processor"]
