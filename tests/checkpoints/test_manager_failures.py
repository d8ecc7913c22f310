"""Loads of the model manager that are given up or fail: nobody else is disturbed, and nothing is left behind."""

import gc
import threading
import time
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from fake_models import PATIENCE, Block, Caller, refused, until

from playground.checkpoints.manager import MemoryStatus, ModelManager
from playground.errors import Cancelled, DamagedFile

pytestmark = pytest.mark.usefixtures("quick")


# ---- giving up ---------------------------------------------------------------------------------------------------


def test_a_waiter_who_gives_up_does_not_disturb_the_others(workshop):
    gate, gave_up = workshop.gate("small"), threading.Event()
    (patient,) = workshop.waiting("small", 1)

    def hasty():
        with workshop.manager.lease("small", cancelled=gave_up.is_set):
            raise AssertionError("it was not loaded yet")

    callers = [Caller(hasty) for _ in range(3)]
    gave_up.set()
    assert all(isinstance(caller.outcome(), Cancelled) for caller in callers)
    assert workshop.state("small").state == "loading"
    gate.set()
    assert patient.outcome() == {}
    assert (len(workshop.loads), workshop.cancelled) == (1, [])


def test_the_load_is_cancelled_when_the_last_waiter_is_gone(workshop):
    workshop.gate("small")
    first, second = workshop.manager.loading("small"), workshop.manager.loading("small")
    next(first), next(second)
    until(lambda: workshop.loads)
    first.close()
    time.sleep(0.02)
    assert workshop.cancelled == []
    second.close()
    until(lambda: workshop.state("small").state == "not loaded")
    assert workshop.cancelled == ["small"]
    assert workshop.state("small").last_error is None
    assert workshop.manager.memory() == MemoryStatus(0, 0, 100)
    assert workshop.memory.live == 0


def test_a_load_that_ends_without_noticing_is_dropped(workshop):
    gate, begun = threading.Event(), threading.Event()

    def load(entry, choices, report, cancelled):
        blocks = Block(workshop.memory, 30)
        begun.set()
        gate.wait(PATIENCE)
        return SimpleNamespace(memory_bytes=30, card=None, blocks=blocks)

    manager = ModelManager(workshop.entries, load, workshop.estimate, 100)
    stages = manager.loading("small")
    next(stages)
    begun.wait(PATIENCE)
    stages.close()
    gate.set()
    until(lambda: manager.status()[0].state == "not loaded")
    assert workshop.memory.live == 0


def test_who_comes_after_a_cancelled_load_gets_a_fresh_one(workshop):
    """A load that has been told to stop cannot be joined any more: its error must not reach the newcomer."""
    told, go_on = threading.Event(), threading.Event()
    loads = []

    def load(entry, choices, report, cancelled):
        loads.append(entry.name)
        while len(loads) == 1:
            if cancelled():
                told.set()
                go_on.wait(PATIENCE)
                raise Cancelled("told to stop")
            time.sleep(0.001)
        return SimpleNamespace(memory_bytes=1, card=None)

    manager = ModelManager(workshop.entries, load, workshop.estimate, 100)
    first = manager.loading("small")
    next(first)
    until(lambda: loads)
    first.close()
    told.wait(PATIENCE)
    assert manager.status()[0].stage == "stopping"
    second = manager.loading("small")
    assert next(second).stage == "waiting for the earlier load to stop"
    go_on.set()
    assert list(second)[-1].stage == "loaded"
    assert len(loads) == 2


def test_an_abandoned_generator_counts_as_gone_once_collected(workshop):
    workshop.gate("small")
    stages = workshop.manager.loading("small")
    next(stages)
    until(lambda: workshop.loads)
    cycle = [stages]
    cycle.append(cycle)
    del stages, cycle
    gc.collect()
    until(lambda: workshop.cancelled == ["small"])


def test_leaving_needs_no_lock(workshop):
    """The collector may close a generator in a thread that is inside the lock."""
    gate = workshop.gate("small")
    stages, lease = workshop.manager.loading("small"), ExitStack()
    next(stages)
    gate.set()
    lease.enter_context(workshop.manager.lease("small"))

    def leave():
        with workshop.manager._changed:
            stages.close()
            lease.close()

    Caller(leave).outcome()
    assert workshop.state("small").leases == 0


# ---- failing -----------------------------------------------------------------------------------------------------


def test_a_failing_load_fails_all_its_waiters_and_leaves_nothing(workshop):
    gate = workshop.gate("small")
    workshop.errors["small"] = [DamagedFile("small.safetensors ends after 3 of 9 bytes; download it again.")]
    watcher = workshop.manager.loading("small")
    next(watcher)
    callers = [*workshop.waiting("small", 3), Caller(lambda: list(watcher))]
    gate.set()
    errors = [caller.outcome() for caller in callers]
    assert {type(error) for error in errors} == {DamagedFile}
    assert {str(error) for error in errors} == {"small.safetensors ends after 3 of 9 bytes; download it again."}
    assert len({id(error) for error in errors}) == 4, "each thread raises an exception of its own"
    status = workshop.state("small")
    assert (status.state, status.leases, status.memory_bytes) == ("failed", 0, 0)
    assert status.last_error.startswith("small.safetensors ends")
    assert workshop.memory.live == 0, "the error keeps the half-loaded model alive"
    assert workshop.manager.memory() == MemoryStatus(0, 0, 100)

    assert workshop.use("small") == {}
    assert workshop.state("small").last_error is None


def test_a_bug_in_the_load_reaches_the_waiters_and_the_log(workshop, caplog):
    workshop.errors["small"] = [KeyError("lm_head.weight")]
    with pytest.raises(KeyError, match=r"lm_head\.weight"):
        workshop.use("small")
    assert "KeyError" in caplog.text
    assert "Traceback" in caplog.text
    assert workshop.memory.live == 0
    assert workshop.use("small") == {}


def test_an_error_that_cannot_be_copied_arrives_as_it_is(workshop):
    class OddError(Exception):
        def __init__(self, one, two):
            super().__init__(f"{one} {two}")

    workshop.errors["small"] = [OddError("not", "copied")]
    with pytest.raises(OddError, match="not copied"):
        workshop.use("small")
    assert workshop.memory.live == 0


def test_an_error_of_the_estimate_is_an_error_of_the_load(workshop):
    def estimate(entry, choices):
        raise DamagedFile("The header is damaged; download the file again.")

    manager = ModelManager(workshop.entries, workshop.load, estimate, 100)
    with refused(DamagedFile, "header"), manager.lease("small"):
        pass
    assert workshop.loads == []
    assert manager.memory().reserved == 0
