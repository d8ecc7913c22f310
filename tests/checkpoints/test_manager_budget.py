"""The memory budget of the model manager: what is unloaded, what is refused, and what happens when memory runs out."""

import threading

import pytest
import torch
from fake_models import PATIENCE, Block, Caller, Workshop, refused, until

from playground.checkpoints.manager import MemoryStatus, ModelManager
from playground.errors import Cancelled, DoesNotFit, ModelBusy

pytestmark = pytest.mark.usefixtures("quick")


def test_the_least_recently_used_idle_model_goes_first_and_no_more_than_needed(workshop):
    for name in ("small", "middle"):
        workshop.use(name)
    workshop.use("small")  # now "middle" is the older one
    workshop.use("large")
    assert workshop.loaded() == {"small", "large"}
    workshop.use("middle")
    assert workshop.loaded() == {"middle", "large"}
    assert workshop.memory.peak <= 100


def test_a_model_counts_as_used_until_its_lease_ends(workshop):
    with workshop.manager.lease("small"):
        workshop.use("middle")
    workshop.use("large")
    assert workshop.loaded() == {"small", "large"}


def test_a_leased_model_is_never_unloaded(workshop):
    with workshop.manager.lease("middle"):
        workshop.use("small")
        workshop.use("large")
        assert workshop.loaded() == {"middle", "large"}
        with refused(ModelBusy, "middle", "1 lease"):
            workshop.manager.unload("middle")
    workshop.manager.unload("middle")
    assert workshop.loaded() == {"large"}
    assert workshop.memory.live == 60


def test_what_a_model_takes_later_is_counted_once_and_makes_idle_models_go(workshop):
    workshop.use("small")
    with workshop.manager.lease("middle"):
        before = workshop.manager.memory().used
        workshop.manager.grow("middle", 20)
        workshop.manager.grow("middle", 20)
        assert workshop.manager.memory().used == before + 20
        assert workshop.loaded() == {"small", "middle"}
        free = 100 - workshop.manager.memory().used
        workshop.manager.grow("middle", 20 + free + 1)
        assert workshop.loaded() == {"middle"}
        with refused(DoesNotFit, "middle needs", "100 bytes"):
            workshop.manager.grow("middle", 200)
    workshop.manager.unload("middle")
    assert workshop.manager.memory().used == 0


def test_what_can_never_fit_is_refused_at_once_with_the_numbers():
    workshop = Workshop(budget=2_000_000_000, sizes={"huge": 5_400_000_000, "idle": 1_000_000_000})
    workshop.use("idle")
    with refused(DoesNotFit, "huge needs 5.40 GB", "2.00 GB", "16 bit"):
        workshop.use("huge")
    assert workshop.loaded() == {"idle"}, "nothing is unloaded for a model that cannot fit"
    assert [name for name, _ in workshop.loads] == ["idle"]
    assert workshop.state("huge").state == "failed"


def test_what_does_not_fit_beside_models_in_use_is_refused_with_their_names(workshop):
    with workshop.manager.lease("large"):
        workshop.use("small")
        workshop.estimates["middle"] = 41
        with refused(DoesNotFit, "middle needs 41 bytes", "40 bytes", "100 bytes", "large (60 bytes)"):
            workshop.use("middle")
        assert workshop.loaded() == {"large", "small"}


def test_a_load_under_way_counts_with_its_reservation(workshop):
    gate = workshop.gate("large")
    first = Caller(lambda: workshop.use("large"))
    until(lambda: workshop.loads)
    assert workshop.manager.memory() == MemoryStatus(used=0, reserved=60, budget=100)
    assert workshop.state("large").memory_bytes == 60
    workshop.estimates["middle"] = 41
    with refused(DoesNotFit, "40 bytes", "large (60 bytes, loading)"):
        workshop.use("middle")
    workshop.use("small")
    gate.set()
    first.outcome()
    assert workshop.manager.memory() == MemoryStatus(used=90, reserved=0, budget=100)


def test_memory_of_a_load_given_up_is_waited_for(workshop):
    """Who stops a large load and starts another one must not be told that the first is in the way."""
    told, go_on = threading.Event(), threading.Event()
    load = workshop.load

    def slow_to_stop(entry, choices, report, cancelled):
        if entry.name != "large":
            return load(entry, choices, report, cancelled)
        until(cancelled)
        told.set()
        go_on.wait(PATIENCE)
        raise Cancelled("told to stop")

    manager = ModelManager(workshop.entries, slow_to_stop, workshop.estimate, 100)
    stages = manager.loading("large")
    next(stages)
    until(lambda: manager.memory().reserved == 60)
    stages.close()
    workshop.estimates["middle"] = 80
    told.wait(PATIENCE)
    second = manager.loading("middle")
    for _ in range(3):
        assert next(second).stage == "checking the size"
    assert manager.memory() == MemoryStatus(used=0, reserved=60, budget=100)
    go_on.set()
    assert list(second)[-1].stage == "loaded"


def test_the_true_size_counts_after_the_load(workshop):
    workshop.sizes["small"] = 35
    workshop.use("small")
    assert workshop.manager.memory().used == 35
    workshop.sizes["middle"] = 12
    workshop.use("middle")
    assert workshop.manager.memory().used == 47


def test_a_model_larger_than_estimated_unloads_others(workshop):
    workshop.use("small")
    workshop.sizes["middle"] = 90
    workshop.use("middle")
    assert workshop.loaded() == {"middle"}
    assert workshop.manager.memory().used == 90
    assert workshop.memory.live == 90


def test_a_model_larger_than_estimated_is_dropped_if_it_does_not_fit(workshop):
    workshop.sizes["middle"] = 75
    with workshop.manager.lease("small"):
        with refused(DoesNotFit, "75 bytes", "70 bytes", "small (30 bytes)"):
            workshop.use("middle")
        assert workshop.loaded() == {"small"}
        assert workshop.memory.live == 30
        assert workshop.manager.memory() == MemoryStatus(30, 0, 100)


def test_a_load_waits_until_what_is_being_unloaded_is_really_free(workshop):
    """The books say free as soon as a model is taken out; its memory may take a while longer."""
    freeing, go_on = threading.Event(), threading.Event()

    class Slow:
        def __del__(self):
            freeing.set()
            go_on.wait(PATIENCE)

    with workshop.manager.lease("large") as model:
        model.slow = Slow()
        del model
    unloading = Caller(lambda: workshop.manager.unload("large"))
    assert freeing.wait(PATIENCE)
    stages = workshop.manager.loading("middle")
    for _ in range(3):
        next(stages)
    assert workshop.manager.memory() == MemoryStatus(used=0, reserved=40, budget=100)
    assert [name for name, _ in workshop.loads] == ["large"]
    go_on.set()
    assert list(stages)[-1].stage == "loaded"
    assert unloading.outcome() is None
    assert workshop.memory.peak == 60


def exhaust_torch():
    torch.empty(2**52, dtype=torch.uint8)


def exhaust(error_class, *args):
    def run():
        raise error_class(*args)

    return run


@pytest.mark.parametrize(
    "fail",
    [
        pytest.param(exhaust(MemoryError), id="Python"),
        pytest.param(exhaust(torch.OutOfMemoryError, "out of memory"), id="accelerator"),
        pytest.param(exhaust_torch, id="torch on the processor"),
        pytest.param(exhaust(OSError, 12, "Cannot allocate memory"), id="system"),
        pytest.param(exhaust(RuntimeError, "unable to mmap 9 bytes: Cannot allocate memory (12)"), id="mapping"),
    ],
)
def test_running_out_of_memory_unloads_idle_models_and_tries_once_more(workshop, fail):
    workshop.use("small")
    workshop.errors["middle"] = [fail]
    with workshop.manager.lease("middle") as model:
        assert model.memory_bytes == 40
        del model
    assert [name for name, _ in workshop.loads] == ["small", "middle", "middle"]
    assert workshop.loaded() == {"middle"}
    assert workshop.memory.live == 40, "the failed attempt is still alive"
    assert workshop.memory.peak == 70, "the failed attempt was alive during the second one"


def test_running_out_of_memory_twice_is_refused_with_the_numbers(workshop):
    workshop.errors["middle"] = [exhaust(MemoryError), exhaust(MemoryError)]
    with workshop.manager.lease("small"), refused(DoesNotFit, "middle", "40 bytes", "100 bytes"):
        workshop.use("middle")
    assert workshop.loaded() == {"small"}, "a leased model stays even then"
    assert (len(workshop.loads), workshop.memory.live) == (3, 30)


def test_running_out_of_memory_at_the_very_end_leaves_nothing_either(workshop):
    class Model:
        card = None

        def __init__(self):
            self.block = Block(workshop.memory, 40)
            models.append(None)

        @property
        def memory_bytes(self):
            if len(models) == 1:
                raise MemoryError
            return 40

    models = []
    manager = ModelManager(workshop.entries, lambda *_: Model(), workshop.estimate, 100)
    with manager.lease("middle"):
        assert workshop.memory.live == workshop.memory.peak == 40


def test_another_runtime_error_is_not_taken_for_lack_of_memory(workshop):
    workshop.errors["middle"] = [RuntimeError("shapes differ")]
    with pytest.raises(RuntimeError, match="shapes differ"):
        workshop.use("middle")
    assert len(workshop.loads) == 1
