"""A model manager over fake models, which count their bytes as long as anything at all refers to them."""

import gc
import signal
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from playground.checkpoints.manager import ModelManager
from playground.errors import Cancelled

PATIENCE = 10  # seconds that nothing here comes near unless it hangs
SIZES = {"small": 30, "middle": 40, "large": 60, "giant": 150}


class Memory:
    """Counts bytes that are alive, and the most there ever were."""

    def __init__(self):
        self.lock = threading.RLock()  # the collector may drop a block in a thread that is counting another one
        self.live = self.peak = 0

    def add(self, size):
        with self.lock:
            self.live += size
            self.peak = max(self.peak, self.live)


class Block:
    """Bytes of a fake model, alive until its last reference is gone; part of a cycle, as modules often are."""

    def __init__(self, memory, size):
        self.memory, self.size, self.itself = memory, size, self
        memory.add(size)

    def __del__(self):
        self.memory.add(-self.size)


class Workshop:
    """A manager over fake models, which load as told: behind a gate, with errors, with another size than estimated."""

    def __init__(self, budget=100, sizes=SIZES):
        self.memory = Memory()
        self.estimates = dict(sizes)
        self.sizes = dict(sizes)
        self.gates = {}
        self.errors = {}  # per name, for each of the coming loads: an error, or a function that raises one
        self.loads = []  # (name, choices) of each load begun
        self.cancelled = []  # names of loads that noticed they were given up
        self.entries = {name: SimpleNamespace(name=name) for name in sizes}
        self.manager = ModelManager(self.entries, self.load, self.estimate, budget)

    def estimate(self, entry, choices):
        self.manager.status()  # would hang if the lock were held
        return self.estimates[entry.name]

    def load(self, entry, choices, report, cancelled):
        name = entry.name
        self.manager.status()
        self.loads.append((name, choices))
        report("reading weights", 0.0)
        blocks = [Block(self.memory, self.sizes[name])]
        while name in self.gates and not self.gates[name].wait(0.002):
            if cancelled():
                self.cancelled.append(name)
                raise Cancelled("The load was told to stop.")
        if errors := self.errors.get(name):
            error = errors.pop(0)
            if isinstance(error, Exception):
                raise error
            error()
        report("checking weights", 1.0)
        return SimpleNamespace(name=name, memory_bytes=self.sizes[name], card=object(), choices=choices, blocks=blocks)

    def gate(self, name):
        self.gates[name] = threading.Event()
        return self.gates[name]

    def use(self, name, choices=None, on_stage=None):
        with self.manager.lease(name, choices, on_stage) as model:
            return dict(model.choices)

    def waiting(self, name, count):
        """Start ``count`` callers of a gated load, and come back when all of them wait for it."""
        seen = set()
        callers = [
            Caller(lambda: self.use(name, None, lambda _: seen.add(threading.get_ident()))) for _ in range(count)
        ]
        until(lambda: len(seen) == count)
        return callers

    def state(self, name):
        return next(status for status in self.manager.status() if status.name == name)

    def loaded(self):
        return {status.name for status in self.manager.status() if status.state == "loaded"}


class Caller(threading.Thread):
    """Runs ``work`` in a thread and keeps what came of it."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.result, self.error = work, None, None
        self.start()

    def run(self):
        try:
            self.result = self.work()
        except Exception as error:
            self.error = error

    def outcome(self):
        self.join(PATIENCE)
        assert not self.is_alive(), "a caller hangs"
        return self.error or self.result


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.001)


@contextmanager
def refused(kind, *parts):
    with pytest.raises(kind) as caught:
        yield
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)


@contextmanager
def watched(seconds=2 * PATIENCE):
    """Whatever hangs in here, in the main thread, fails with the stacks of all threads."""

    def hangs(*_):
        stacks = ["".join(traceback.format_stack(frame)) for frame in sys._current_frames().values()]
        raise AssertionError(f"it hangs after {seconds} seconds:\n" + "\n".join(stacks))

    before = signal.signal(signal.SIGALRM, hangs)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def quick_collections():
    """The manager collects garbage at each unload; torch's own many objects need no look each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
