"""The model manager under random sequences and random threads: nothing leaks, exceeds the budget or hangs.

Fake models are made of blocks that count their bytes as long as anything at all refers to them, so the budget is held
against what is really alive, not against the manager's books.
"""

import faulthandler
import gc
import threading
import time
from collections import Counter
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from fake_models import PATIENCE, Block, Memory, watched
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from playground.checkpoints.manager import ModelManager
from playground.errors import Cancelled, DamagedFile, DoesNotFit, ModelBusy

BUDGET = 100
SIZES = {"a": 30, "b": 40, "c": 50, "d": 70, "e": 120}  # "e" fits in 16 bit only
NAMES = st.sampled_from(sorted(SIZES))
CHOICES = st.sampled_from([None, {}, {"half": True}])
QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)


pytestmark = pytest.mark.usefixtures("quick")


def size_of(name, choices):
    return SIZES[name] // 2 if choices.get("half") else SIZES[name]


# ---- one caller, against a plain model of what should happen -------------------------------------------------------


class Sequences(RuleBasedStateMachine):
    """One caller at a time, so that every step has one right outcome, worked out here independently.

    ``loaded`` maps names to (choices, bytes) in order of last use, the oldest first.
    """

    def __init__(self):
        super().__init__()
        self.memory = Memory()
        self.faults = []  # for the coming loads: "damaged", "bug", "memory", "larger"; taken one for each attempt
        self.manager = ModelManager({name: name for name in SIZES}, self.load, size_of, BUDGET)
        self.loaded, self.remembered, self.held = {}, {}, []

    def load(self, name, choices, report, cancelled):
        report("reading weights", None)
        size = size_of(name, choices)
        fault = self.faults.pop(0) if self.faults else None
        first = Block(self.memory, size // 2)
        if fault == "damaged":
            raise DamagedFile("The file is damaged; download it again.")
        if fault == "bug":
            raise KeyError(name)
        if fault == "memory":
            raise MemoryError
        if fault == "larger":
            size += 20
        return SimpleNamespace(memory_bytes=size, card=name, blocks=[first, Block(self.memory, size - first.size)])

    # The plain model.

    def uses(self, name):
        return sum(held == name for held, _ in self.held)

    def make_room(self, name, needed):
        """Whether ``needed`` bytes can be had beside what is in use; if so, unload the oldest idle models for it."""
        in_use = sum(size for other, (_, size) in self.loaded.items() if self.uses(other))
        if in_use + needed > BUDGET:
            return False
        self.loaded.pop(name, None)
        for other in [other for other in self.loaded if not self.uses(other)]:
            if sum(size for _, size in self.loaded.values()) + needed <= BUDGET:
                break
            del self.loaded[other]
        return True

    def expected(self, name, choices):
        """Carry out a load in the plain model; the error it must raise, or None."""
        wanted = self.remembered.get(name, {}) if choices is None else choices
        if name in self.loaded:
            if self.loaded[name][0] == wanted:
                self.loaded[name] = self.loaded.pop(name)
                return None
            if self.uses(name):
                return ModelBusy
        faults = list(self.faults)
        size = size_of(name, wanted)
        if not self.make_room(name, size):
            return DoesNotFit
        fault = faults.pop(0) if faults else None
        if fault == "memory":
            for other in [other for other in self.loaded if not self.uses(other)]:
                del self.loaded[other]
            fault = faults.pop(0) if faults else None
        if fault is not None and fault != "larger":
            return {"damaged": DamagedFile, "bug": KeyError, "memory": DoesNotFit}[fault]
        if fault == "larger":
            size += 20
            if not self.make_room(name, size):
                return DoesNotFit
        self.loaded[name], self.remembered[name] = (wanted, size), wanted
        return None

    def run(self, name, choices, work):
        error = self.expected(name, choices)
        with watched(), nullcontext() if error is None else pytest.raises(error):
            work()
        self.faults.clear()

    # The steps.

    @rule(
        name=NAMES,
        choices=CHOICES,
        faults=st.lists(st.sampled_from(["damaged", "bug", "memory", "larger"]), max_size=2),
    )
    def load_with_faults(self, name, choices, faults):
        self.faults = faults
        self.run(name, choices, lambda: list(self.manager.loading(name, choices)))

    @rule(name=NAMES, choices=CHOICES)
    def use(self, name, choices):
        def work():
            with self.manager.lease(name, choices) as model:
                assert model.card == name

        self.run(name, choices, work)

    @rule(name=NAMES, choices=CHOICES)
    def hold(self, name, choices):
        def work():
            lease = ExitStack()
            lease.enter_context(self.manager.lease(name, choices))
            self.held.append((name, lease))

        self.run(name, choices, work)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data):
        name, lease = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        lease.close()
        self.loaded[name] = self.loaded.pop(name)

    @rule(name=NAMES)
    def unload(self, name):
        if self.uses(name):
            with pytest.raises(ModelBusy, match=str(self.uses(name))):
                self.manager.unload(name)
        else:
            self.manager.unload(name)
            self.loaded.pop(name, None)

    @invariant()
    def the_manager_agrees(self):
        statuses = {status.name: status for status in self.manager.status()}
        loaded = {name: (s.choices, s.memory_bytes) for name, s in statuses.items() if s.state == "loaded"}
        assert loaded == self.loaded
        assert {name: s.leases for name, s in statuses.items() if s.leases} == Counter(name for name, _ in self.held)
        memory = self.manager.memory()
        assert memory.used + memory.reserved == memory.used <= BUDGET
        assert memory.used == self.memory.live, "the books differ from what is alive"

    def teardown(self):
        for _, lease in self.held:
            lease.close()
        assert all(status.leases == 0 for status in self.manager.status())
        self.manager.close(PATIENCE)
        assert self.memory.live == 0


def test_any_sequence_of_one_caller_ends_as_a_plain_model_says():
    run_state_machine_as_test(Sequences, settings=settings(QUICK, max_examples=40, stateful_step_count=20))


# ---- many callers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Script:
    """How one load goes: its steps, how it ends, how much smaller it is than estimated, whether it heeds a stop."""

    steps: int
    end: str
    smaller: int
    heeds: bool


@dataclass(frozen=True)
class Action:
    """What one caller does next; it gives up after seeing ``patience`` stages."""

    kind: str
    name: str
    choices: dict | None
    patience: int | None


SCRIPTS = st.builds(
    Script,
    steps=st.integers(0, 4),
    end=st.sampled_from(["well", "well", "well", "damaged", "bug", "memory"]),
    smaller=st.integers(0, 5),
    heeds=st.booleans(),
)
ACTIONS = st.builds(
    Action,
    kind=st.sampled_from(["use", "use", "watch", "unload", "abandon"]),
    name=NAMES,
    choices=CHOICES,
    patience=st.one_of(st.none(), st.integers(0, 4)),
)


class Crowd:
    """Some threads with their actions, one manager, and all complaints about it."""

    def __init__(self, scripts):
        self.memory = Memory()
        self.scripts, self.next_script = scripts, 0
        self.loading, self.lock = Counter(), threading.Lock()
        self.complaints = []
        self.manager = ModelManager({name: name for name in SIZES}, self.load, self.estimate, BUDGET)

    def expect(self, truth, complaint):
        if not truth:
            self.complaints.append(complaint)

    def look(self):
        """From inside a callback: the lock is free and the books are in order."""
        memory = self.manager.memory()
        self.expect(memory.used + memory.reserved <= BUDGET, f"books over budget: {memory}")
        self.expect(self.memory.live <= BUDGET, f"alive over budget: {self.memory.live}")

    def estimate(self, name, choices):
        self.look()
        return size_of(name, choices)

    def load(self, name, choices, report, cancelled):
        with self.lock:
            script = self.scripts[self.next_script % len(self.scripts)]
            self.next_script += 1
            self.loading[name] += 1
            self.expect(self.loading[name] == 1, f"two loads of {name} at once")
        try:
            size = max(1, size_of(name, choices) - script.smaller)
            blocks = [Block(self.memory, size // 2)]
            for step in range(script.steps):
                report(f"step {step}", step / script.steps)
                self.look()
                time.sleep(0.0005)
                if script.heeds and cancelled():
                    raise Cancelled("told to stop")
            blocks.append(Block(self.memory, size - size // 2))
            self.look()
            if script.end == "damaged":
                raise DamagedFile("The file is damaged; download it again.")
            if script.end == "bug":
                raise KeyError(name)
            if script.end == "memory":
                raise MemoryError
            return SimpleNamespace(memory_bytes=size, card=SimpleNamespace(name=name), blocks=blocks)
        finally:
            with self.lock:
                self.loading[name] -= 1

    def act(self, action):
        seen = 0

        def impatient(stage=None):
            nonlocal seen
            seen += 1
            return action.patience is not None and seen > action.patience

        try:
            if action.kind == "use":
                with self.manager.lease(action.name, action.choices, lambda _: self.look(), impatient) as model:
                    self.hold(action.name, model)
                    del model
            elif action.kind == "unload":
                self.manager.unload(action.name)
            else:
                stages = self.manager.loading(action.name, action.choices)
                for _ in stages:
                    if impatient():
                        if action.kind == "abandon":
                            cycle = [stages]  # nobody closes it but the collector, wherever that happens to run
                            cycle.append(cycle)
                        else:
                            stages.close()
                        return
        except Cancelled:
            self.expect(action.patience is not None and seen > action.patience, f"cancelled without asking: {action}")
        except (DoesNotFit, ModelBusy, DamagedFile):
            pass
        except KeyError as error:
            self.expect(error.args == (action.name,), f"an error of another model: {error!r}")

    def hold(self, name, model):
        """While the lease lasts, the manager keeps this very model."""
        for _ in range(3):
            self.expect(self.manager.card(name) is model.card, f"unloaded while leased: {name}")
            status = next(status for status in self.manager.status() if status.name == name)
            self.expect(status.leases >= 1 and status.state == "loaded", f"leased, yet {status}")
            time.sleep(0.0003)

    def run(self, plans):
        start = threading.Barrier(len(plans))

        def work(plan):
            try:
                start.wait(PATIENCE)
                for action in plan:
                    self.act(action)
            except BaseException as error:
                self.complaints.append(f"unexpected {error!r}")

        threads = [threading.Thread(target=work, args=(plan,), daemon=True) for plan in plans]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            faulthandler.dump_traceback(all_threads=True)
            raise AssertionError("a caller hangs; see the stacks on stderr")

    def settle(self):
        """Wait until the loads that nobody waits for have ended."""
        gc.collect()  # abandoned generators
        deadline = time.monotonic() + PATIENCE
        while any(status.state == "loading" for status in self.manager.status()):
            assert time.monotonic() < deadline, "a load hangs"
            time.sleep(0.001)


@settings(QUICK, max_examples=60)
@given(
    plans=st.lists(st.lists(ACTIONS, min_size=1, max_size=6), min_size=2, max_size=5),
    scripts=st.lists(SCRIPTS, min_size=1, max_size=6),
)
def test_any_crowd_of_callers_leaves_nothing_behind(plans, scripts):
    crowd = Crowd(scripts)
    crowd.run(plans)
    crowd.settle()
    assert crowd.complaints == []
    assert crowd.memory.peak <= BUDGET
    assert all(status.leases == 0 for status in crowd.manager.status())
    memory = crowd.manager.memory()
    assert (memory.used, memory.reserved) == (crowd.memory.live, 0)

    # Nothing is stuck: each model can still be had, and be given back.
    crowd.scripts = [Script(steps=0, end="well", smaller=0, heeds=True)]
    with watched():
        for name in SIZES:
            with crowd.manager.lease(name, {"half": True}) as model:
                crowd.hold(name, model)
                del model
            crowd.manager.unload(name)
        crowd.manager.close(PATIENCE)
    assert crowd.complaints == []
    assert crowd.memory.peak <= BUDGET
    assert crowd.memory.live == 0


@settings(QUICK, max_examples=15)
@given(
    plans=st.lists(st.lists(ACTIONS, min_size=1, max_size=4), min_size=1, max_size=3),
    scripts=st.lists(SCRIPTS, min_size=1, max_size=4),
)
def test_closing_in_the_middle_ends_everything(plans, scripts):
    crowd = Crowd(scripts)
    closer = threading.Thread(target=crowd.manager.close, args=(PATIENCE,), daemon=True)
    starting = threading.Timer(0.002, closer.start)
    starting.start()
    crowd.run(plans)
    starting.join()
    closer.join(PATIENCE)
    assert not closer.is_alive(), "close hangs"
    crowd.settle()
    # A closed manager cancels everybody and forgets the models it lent; nothing else may go wrong.
    closed = ("cancelled without asking", "unloaded while leased", "leased, yet")
    assert [one for one in crowd.complaints if not any(words in one for words in closed)] == []
    assert all(status.leases == 0 for status in crowd.manager.status())
    assert crowd.memory.peak <= BUDGET
    assert crowd.memory.live == 0
