"""The books of what is in memory: who holds what, what may be given up, and what that leaves free.

No threads, no lock, no loading: the manager calls everything here with its lock held, except ``Ticket.leave``.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from playground.checkpoints.memory import needed_and_free, readable_bytes
from playground.errors import DoesNotFit, name_some


@dataclass(frozen=True)
class ModelStatus:
    """One model of the catalogue as it is now.

    ``state``: "not loaded", "loading", "loaded" or "failed". ``memory_bytes``: taken, or reserved for a load.
    ``choices``: those of the load, or else of the last model loaded. ``idle_seconds``: None unless loaded and unused.
    """

    name: str
    state: str
    stage: str | None
    fraction: float | None
    memory_bytes: int
    leases: int
    last_error: str | None
    choices: dict[str, object]
    idle_seconds: float | None


@dataclass(frozen=True)
class MemoryStatus:
    """Bytes that loaded models take, bytes set aside for loads under way, and the most that both may be together."""

    used: int
    reserved: int
    budget: int


class Ticket:
    """One caller who waits for a model, or holds a lease on it.

    Leaving is a plain store, without the lock: an abandoned generator is closed by the garbage collector at any
    moment and in any thread, perhaps one that is inside the lock. So tickets are counted, never numbers kept.
    """

    def __init__(self, slot: "Slot", lease: bool):
        self.slot = slot
        self.lease = lease
        self.held = False
        self.gone = False

    def hold(self) -> None:
        """Under the lock: turn the wait into a lease, if one was asked for."""
        self.slot.last_used = time.monotonic()
        if self.lease:
            self.held = True
            self.slot.holders.append(self)

    def leave(self) -> None:
        if self.held:
            self.slot.last_used = time.monotonic()
        self.gone = True


@dataclass(eq=False)
class Load:
    """One load under way, and everybody who waits for it."""

    choices: dict[str, object]
    tickets: list[Ticket]
    stages: list[tuple[str, float | None]] = field(default_factory=lambda: [("checking the size", None)])
    began: float = field(default_factory=time.monotonic)
    reserved: int = 0
    stopping: bool = False  # the work may have been told to stop: nobody can join any more
    done: bool = False
    error: BaseException | None = None
    model: Any = None  # made, but not yet anybody's
    size: int = 0
    card: Any = None

    def waiters(self) -> int:
        return sum(not ticket.gone for ticket in self.tickets)

    def given_up(self) -> bool:
        return self.stopping or not self.waiters()


@dataclass(eq=False)
class Slot:
    """All that is known of one name."""

    name: str
    entry: Any = None
    model: Any = None
    card: Any = None
    taken: int = 0  # bytes, those of ``besides`` counted
    besides: int = 0  # bytes that the model took after it was loaded
    choices: dict[str, object] = field(default_factory=dict)  # of the last model loaded; they outlive it
    holders: list[Ticket] = field(default_factory=list)
    last_used: float = 0.0
    last_error: str | None = None
    load: Load | None = None

    def uses(self) -> int:
        self.holders = [ticket for ticket in self.holders if not ticket.gone]
        return len(self.holders)

    def take(self) -> Any:
        """Empty the slot and return its model."""
        model, self.model, self.card, self.taken, self.besides = self.model, None, None, 0, 0
        return model

    def fill(self) -> None:
        """Turn the load into a loaded model, held by everybody who waits for a lease."""
        load = self.load
        self.model, self.taken, self.card, self.choices = load.model, load.size, load.card, load.choices
        for ticket in load.tickets:
            ticket.hold()

    def status(self) -> ModelStatus:
        load, uses = self.load, self.uses()
        stage, fraction = load.stages[-1] if load is not None else (None, None)
        if load is not None:
            state = "loading"
            if load.given_up():
                stage, fraction = "stopping", None
        elif self.model is not None:
            state = "loaded"
        else:
            state = "failed" if self.last_error else "not loaded"
        return ModelStatus(
            name=self.name,
            state=state,
            stage=stage,
            fraction=fraction,
            memory_bytes=self.taken + (load.reserved if load is not None else 0),
            leases=uses,
            last_error=self.last_error,
            choices=dict(self.choices if load is None else load.choices),
            idle_seconds=time.monotonic() - self.last_used if state == "loaded" and not uses else None,
        )


class Residents:
    """All slots, and a budget in bytes that what they take and reserve together never exceeds."""

    def __init__(self, budget: int):
        self.budget = budget
        self.slots: dict[str, Slot] = {}

    def memory(self) -> MemoryStatus:
        taken = sum(slot.taken for slot in self.slots.values())
        return MemoryStatus(taken, sum(load.reserved for load in self.loads()), self.budget)

    def loads(self) -> list[Load]:
        return [slot.load for slot in self.slots.values() if slot.load is not None]

    def idle(self) -> list[Slot]:
        """Slots that can be emptied, the least recently used first."""
        idle = [slot for slot in self.slots.values() if slot.model is not None and not slot.uses()]
        return sorted(idle, key=lambda slot: slot.last_used)

    def room(self, slot: Slot) -> int:
        """Bytes that ``slot`` can have as things are: what is free, and what its own load has reserved."""
        memory = self.memory()
        return memory.budget - memory.used - memory.reserved + slot.load.reserved

    def room_at_most(self, slot: Slot) -> int:
        """The same once all idle models are gone."""
        return self.room(slot) + sum(other.taken for other in self.idle())

    def stopping_helps(self, slot: Slot, needed: int) -> bool:
        """Whether ``needed`` bytes are not to be had, but will be when loads given up return theirs."""
        most = self.room_at_most(slot)
        return most < needed <= most + sum(load.reserved for load in self.loads() if load.given_up())

    def make_room(self, slot: Slot, needed: int) -> list[Any]:
        """Empty idle slots until ``needed`` bytes are there for ``slot``, and return their models.

        Its own old model goes first and in any case, then the least recently used, no more than necessary.

        Raises:
            DoesNotFit: not even all idle models would do; none was taken out.
        """
        if needed > (most := self.room_at_most(slot)):
            raise self._refusal(slot, needed, most)
        taken = [] if slot.model is None else [slot.take()]
        for other in self.idle():
            if needed <= self.room(slot):
                break
            taken.append(other.take())
        return taken

    def grow(self, slot: Slot, besides: int) -> list[Any]:
        """Count ``besides`` bytes for the model in ``slot``, which is in use, beside what it was loaded with.

        Idle models are emptied as far as that needs it, the least recently used first, and returned.

        Raises:
            DoesNotFit: not even all idle models would do; none was taken out.
        """
        more, taken = max(0, besides - slot.besides), []
        memory = self.memory()
        free = memory.budget - memory.used - memory.reserved
        if more > (most := free + sum(other.taken for other in self.idle())):
            raise self._refusal(slot, slot.taken + more, slot.taken + most)
        for other in self.idle():
            if more <= free:
                break
            free += other.taken
            taken.append(other.take())
        slot.taken, slot.besides = slot.taken + more, slot.besides + more
        return taken

    def _refusal(self, slot: Slot, needed: int, free: int) -> DoesNotFit:
        (need, left), budget = needed_and_free(needed, free), readable_bytes(self.budget)
        if needed > self.budget:
            return DoesNotFit(
                f"{slot.name} needs {need}, more than the whole memory budget of {budget} ({left} free). "
                "Load it in 16 bit, raise the memory budget, or choose a smaller model."
            )
        used = [f"{other.name} ({readable_bytes(other.taken)})" for other in self.slots.values() if other.uses()]
        loading = [
            f"{other.name} ({readable_bytes(other.load.reserved)}, loading)"
            for other in self.slots.values()
            if other is not slot and other.load is not None and other.load.reserved
        ]
        return DoesNotFit(
            f"{slot.name} needs {need}, but {left} of the memory budget of {budget} is free, idle models counted as "
            f"free; in use: {name_some(used + loading)}. Stop one of these, load {slot.name} in 16 bit, "
            "or raise the memory budget."
        )
