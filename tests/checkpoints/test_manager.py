"""Leases, loading, choices, unloading and closing: each promise of the model manager by itself."""

import itertools
import threading
import time
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from fake_models import PATIENCE, Caller, refused, until

from playground.checkpoints.manager import MemoryStatus, ModelManager, Stage
from playground.errors import Cancelled, DoesNotFit, InvalidRequest, ModelBusy

pytestmark = pytest.mark.usefixtures("quick")


# ---- leases and loading ------------------------------------------------------------------------------------------


def test_a_lease_loads_the_model_once_and_counts_its_holders(workshop):
    with workshop.manager.lease("small") as first, workshop.manager.lease("small") as second:
        assert first is second
        assert workshop.state("small").leases == 2
        assert workshop.state("small").idle_seconds is None
    status = workshop.state("small")
    assert (status.state, status.leases, status.memory_bytes) == ("loaded", 0, 30)
    assert status.idle_seconds >= 0
    assert len(workshop.loads) == 1
    assert workshop.manager.memory() == MemoryStatus(used=30, reserved=0, budget=100)


def test_the_lease_ends_with_an_error_in_its_block(workshop):
    with pytest.raises(ZeroDivisionError), workshop.manager.lease("small"):
        raise ZeroDivisionError
    assert workshop.state("small").leases == 0


def test_a_generator_that_is_closed_gives_its_lease_back(workshop):
    def stream():
        with workshop.manager.lease("small") as model:
            yield model.name

    steps = stream()
    next(steps)
    assert workshop.state("small").leases == 1
    steps.close()
    assert workshop.state("small").leases == 0


def test_an_unknown_name_is_refused_with_the_nearest_ones(workshop):
    with refused(InvalidRequest, "'smal'", "small"), workshop.manager.lease("smal"):
        pass
    with refused(InvalidRequest, "'x'", "giant"):
        workshop.manager.unload("x")
    with refused(InvalidRequest, "'x'"):
        next(workshop.manager.loading("x"))


def test_the_catalogue_may_grow(workshop):
    workshop.entries["late"] = SimpleNamespace(name="late")
    workshop.sizes["late"] = workshop.estimates["late"] = 5
    assert workshop.state("late").state == "not loaded"
    workshop.use("late")
    assert workshop.loaded() == {"late"}


def test_any_number_of_callers_share_one_load(workshop):
    gate, barrier, callers = workshop.gate("small"), threading.Barrier(8), []

    def call():
        barrier.wait(PATIENCE)
        with workshop.manager.lease("small") as model:
            barrier.wait(PATIENCE)  # all of them hold it at the same time
            assert workshop.state("small").leases == 8
            barrier.wait(PATIENCE)
            return id(model)

    callers = [Caller(call) for _ in range(8)]
    until(lambda: workshop.loads)
    gate.set()
    assert len({caller.outcome() for caller in callers}) == 1
    assert workshop.loads == [("small", {})]
    assert workshop.state("small").leases == 0


def test_every_waiter_sees_the_stages(workshop):
    gate = workshop.gate("small")
    generators = [workshop.manager.loading("small") for _ in range(3)]
    for generator in generators:
        next(generator)
    until(lambda: workshop.state("small").stage == "reading weights")
    watchers = [Caller(lambda g=generator: list(g)) for generator in generators]
    gate.set()
    for watcher in watchers:
        stages = watcher.outcome()
        assert all(isinstance(stage, Stage) and stage.name == "small" and stage.seconds >= 0 for stage in stages)
        names = list(dict.fromkeys(stage.stage for stage in stages))
        assert names[-3:] == ["reading weights", "checking weights", "loaded"]
        assert stages[-1].fraction == 1.0


def test_stages_reach_a_lease_through_on_stage_without_the_lock(workshop):
    seen = []

    def on_stage(stage):
        workshop.manager.memory()
        seen.append(stage.stage)

    with workshop.manager.lease("small", on_stage=on_stage):
        pass
    assert list(dict.fromkeys(seen)) == ["checking the size", "reading weights", "checking weights"]


def test_an_error_in_on_stage_ends_the_wait_and_the_load(workshop):
    workshop.gate("small")

    def on_stage(stage):
        if stage.stage == "reading weights":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), workshop.manager.lease("small", on_stage=on_stage):
        pass
    until(lambda: workshop.state("small").state == "not loaded")
    assert workshop.cancelled == ["small"]


def test_the_wait_has_a_heartbeat(workshop):
    workshop.gate("small")
    stages, moments = workshop.manager.loading("small"), []
    for _ in range(6):
        next(stages)
        moments.append(time.monotonic())
    stages.close()
    gaps = sorted(after - before for before, after in itertools.pairwise(moments))
    assert gaps[len(gaps) // 2] < 0.25


def test_a_new_stage_is_told_at_once(workshop, monkeypatch):
    monkeypatch.setattr("playground.checkpoints.manager.HEARTBEAT", PATIENCE)
    began = time.monotonic()
    assert list(workshop.manager.loading("small"))[-1].stage == "loaded"
    gate = workshop.gate("middle")
    for stage in workshop.manager.loading("middle"):
        if stage.stage == "reading weights":
            gate.set()
    assert time.monotonic() - began < PATIENCE / 2


def test_a_fraction_is_kept_between_0_and_1_and_status_shows_it(workshop):
    gate, shown = workshop.gate("small"), threading.Event()

    def load(entry, choices, report, cancelled):
        report("reading weights", 7.0)
        shown.set()
        gate.wait(PATIENCE)
        report("checking weights", -1)
        return SimpleNamespace(memory_bytes=1, card=None)

    manager = ModelManager(workshop.entries, load, workshop.estimate, 100)
    stages = manager.loading("small")
    next(stages)
    shown.wait(PATIENCE)
    assert [(s.stage, s.fraction) for s in manager.status() if s.name == "small"] == [("reading weights", 1.0)]
    gate.set()
    assert {stage.fraction for stage in stages if stage.stage == "checking weights"} == {0.0}


def test_loading_what_is_loaded_ends_at_once(workshop):
    workshop.use("small")
    assert [stage.stage for stage in workshop.manager.loading("small")] == ["loaded"]
    assert len(workshop.loads) == 1


def test_card_is_that_of_the_loaded_model(workshop):
    assert workshop.manager.card("small") is None
    with workshop.manager.lease("small") as model:
        assert workshop.manager.card("small") is model.card
        del model
    workshop.manager.unload("small")
    assert workshop.manager.card("small") is None


# ---- choices -----------------------------------------------------------------------------------------------------


def test_no_choices_take_what_is_loaded_or_was_last(workshop):
    assert workshop.use("small", {"dtype": "bfloat16"}) == {"dtype": "bfloat16"}
    assert workshop.use("small") == {"dtype": "bfloat16"}
    assert workshop.state("small").choices == {"dtype": "bfloat16"}
    assert len(workshop.loads) == 1
    workshop.manager.unload("small")
    assert workshop.use("small") == {"dtype": "bfloat16"}
    assert workshop.use("small", {}) == {}


def test_a_choice_of_none_is_not_made(workshop):
    assert workshop.use("small", {"dtype": None, "tokenizer": None}) == {}
    assert workshop.use("small", {}) == {}
    assert len(workshop.loads) == 1


def test_other_choices_reload_an_idle_model_and_never_hold_both(workshop):
    workshop.use("large")
    assert workshop.use("large", {"dtype": "float16"}) == {"dtype": "float16"}
    assert [choices for _, choices in workshop.loads] == [{}, {"dtype": "float16"}]
    assert workshop.memory.peak == 60


def test_other_choices_are_refused_while_the_model_is_used(workshop):
    with workshop.manager.lease("small", {"rope_base": 500.0}), workshop.manager.lease("small"):
        with refused(ModelBusy, "small", "rope_base=500.0", "2 leases", "rope_base=1.0"):
            workshop.use("small", {"rope_base": 1.0})
        assert workshop.use("small", {"rope_base": 500.0}) == {"rope_base": 500.0}
        assert workshop.use("small") == {"rope_base": 500.0}
    assert workshop.use("small", {"rope_base": 1.0}) == {"rope_base": 1.0}


def test_other_choices_are_refused_while_others_wait_for_the_load(workshop):
    gate = workshop.gate("small")
    first = Caller(lambda: workshop.use("small", {"dtype": "float16"}))
    until(lambda: workshop.loads)
    with refused(ModelBusy, "dtype=float16", "1 caller", "default choices"):
        workshop.use("small", {})
    same, any_variant = (Caller(lambda c=c: workshop.use("small", c)) for c in ({"dtype": "float16"}, None))
    gate.set()
    assert first.outcome() == same.outcome() == any_variant.outcome() == {"dtype": "float16"}
    assert len(workshop.loads) == 1


def test_choices_that_fail_are_not_remembered_and_cost_nothing_before_admission(workshop):
    workshop.use("small")
    workshop.estimates["small"] = 101
    with refused(DoesNotFit, "101 bytes"):
        workshop.use("small", {"dtype": "float64"})
    assert workshop.loaded() == {"small"}, "the old variant stays when the new one is refused"
    assert workshop.use("small") == {}


# ---- unloading and closing ---------------------------------------------------------------------------------------


def test_unload_frees_the_memory_and_is_nothing_twice(workshop):
    workshop.use("small")
    assert workshop.memory.live == 30
    workshop.manager.unload("small")
    assert workshop.memory.live == 0
    workshop.manager.unload("small")
    status = workshop.state("small")
    assert (status.state, status.memory_bytes, status.idle_seconds) == ("not loaded", 0, None)


def test_unload_tells_how_many_use_the_model(workshop):
    with ExitStack() as leases:
        for _ in range(3):
            leases.enter_context(workshop.manager.lease("small"))
        with refused(ModelBusy, "small", "3 leases"):
            workshop.manager.unload("small")


def test_unload_is_refused_while_somebody_waits_for_the_load(workshop):
    gate = workshop.gate("small")
    waiter = Caller(lambda: workshop.use("small"))
    until(lambda: workshop.loads)
    with refused(ModelBusy, "small", "1 caller"):
        workshop.manager.unload("small")
    gate.set()
    assert waiter.outcome() == {}


def test_close_stops_loads_drops_models_and_refuses_newcomers(workshop):
    workshop.gate("middle")
    workshop.use("small")
    waiter = Caller(lambda: workshop.use("middle"))
    until(lambda: len(workshop.loads) == 2)
    workshop.manager.close(PATIENCE)
    assert isinstance(waiter.outcome(), Cancelled)
    assert workshop.memory.live == 0
    assert workshop.loaded() == set()
    with refused(Cancelled, "closing"):
        workshop.use("small")
    workshop.manager.close()


def test_close_stops_a_load_whose_waiter_looks_away(workshop):
    workshop.gate("small")
    stages = workshop.manager.loading("small")
    next(stages)
    until(lambda: workshop.loads)
    workshop.manager.close(PATIENCE)
    assert workshop.cancelled == ["small"]
    with refused(Cancelled, "closing"):
        list(stages)


def test_close_does_not_wait_for_ever(workshop):
    gate = threading.Event()

    def deaf(entry, choices, report, cancelled):
        gate.wait(PATIENCE)
        return SimpleNamespace(memory_bytes=1, card=None)

    manager = ModelManager(workshop.entries, deaf, workshop.estimate, 100)
    next(manager.loading("small"))
    began = time.monotonic()
    manager.close(timeout=0.05)
    assert time.monotonic() - began < 1
    gate.set()
