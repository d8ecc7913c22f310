"""Which models are in memory: one load at a time for each, leases while one is used, a budget over all.

The manager knows nothing of files or networks: it is given ``load`` and ``estimate`` and calls them in threads of its
own, never with its lock held. Its promises:

- A leased model is never unloaded, and loaded plus reserved bytes never exceed the budget.
- Any number of callers who want one model share one load. Its error fails all of them and leaves nothing behind; it
  is stopped when nobody waits for it any more.
- Nobody waits for memory that somebody else uses: what does not fit is refused at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Protocol

from playground.checkpoints.attempts import attempt, detached, is_out_of_memory
from playground.checkpoints.memory import available_memory, collect_garbage, needed_and_free, readable_bytes
from playground.checkpoints.residents import Load, MemoryStatus, ModelStatus, Residents, Slot, Ticket
from playground.errors import Cancelled, DoesNotFit, InvalidRequest, ModelBusy, name_some

__all__ = ["MemoryStatus", "Model", "ModelManager", "ModelStatus", "Stage"]

log = logging.getLogger(__name__)

# Seconds between two events for somebody who waits: soon enough to notice a closed connection, slow enough for a page.
HEARTBEAT = 0.1

Choices = Mapping[str, object]


class Model(Protocol):
    """What the manager asks of a loaded model."""

    memory_bytes: int  # what it takes
    card: Any


@dataclass(frozen=True)
class Stage:
    """Where the load of a model stands: ``fraction`` in 0..1 where known, ``seconds`` since the load began."""

    name: str
    stage: str
    fraction: float | None
    seconds: float


class ModelManager:
    """Loads, lends and unloads the models of a catalogue within ``budget_bytes``. Safe to call from any thread.

    Args:
        entries: the catalogue, by name. It may grow while the manager works.
        load: ``load(entry, choices, report, cancelled) -> model``. It runs in a thread of the manager, calls
            ``report(stage, fraction)`` as it goes, and raises ``Cancelled`` soon after ``cancelled()`` turns true.
        estimate: ``estimate(entry, choices) -> bytes`` that the load will need, its peak included.
        budget_bytes: the most that loaded models and reservations may be together.

    A choice of None counts as not made. Whoever keeps a reference to a model beyond its lease keeps its memory too.
    """

    def __init__(
        self,
        entries: Mapping[str, Any],
        load: Callable[[Any, Choices, Callable[[str, float | None], None], Callable[[], bool]], Model],
        estimate: Callable[[Any, Choices], int],
        budget_bytes: int,
    ):
        self._entries = entries
        self._load = load
        self._estimate = estimate
        self._residents = Residents(int(budget_bytes))
        self._changed = threading.Condition(threading.Lock())
        self._leaving = 0  # models taken out of their slots whose memory may not be free yet
        self._closed = False

    @contextmanager
    def lease(
        self,
        name: str,
        choices: Choices | None = None,
        on_stage: Callable[[Stage], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[Model]:
        """The model ``name``, loaded first where needed, and not unloaded before the block ends.

        Args:
            choices: how to load it; None takes the variant that is loaded or loading, or else the last one there was.
                Others than the loaded ones reload the model if nobody uses it.
            on_stage: called in this thread as a load goes, at least every quarter of a second.
            cancelled: asked as often; once true, waiting ends with ``Cancelled``.

        Raises:
            InvalidRequest: no such name. ModelBusy: in use with other choices. DoesNotFit: no room for it.
            Cancelled: as asked, or the manager was closed. Any other error is the load's own.
        """
        slot = self._slot(name)
        ticket = Ticket(slot, lease=True)
        try:
            for stage in self._wait(slot, choices, ticket):
                if on_stage is not None:
                    on_stage(stage)
                if cancelled is not None and cancelled():
                    raise Cancelled(f"Waiting for {name} was cancelled.")
            yield self._held(slot)
        finally:
            ticket.leave()

    def grow(self, name: str, besides: int) -> None:
        """Count ``besides`` bytes for the model ``name``, which the caller has a lease on, beside its weights.

        Raises:
            DoesNotFit: there is no room, even without all idle models.
        """
        slot = self._slot(name)
        with self._changed:
            taken = self._residents.grow(slot, besides)
            self._leaving += len(taken)
        self._discard(taken)

    def loading(self, name: str, choices: Choices | None = None) -> Iterator[Stage]:
        """Load ``name`` and yield how it goes, at least every quarter of a second; the last stage is "loaded".

        Closing the generator stops the waiting, and the load too if nobody else waits for it. Raises as ``lease``.
        """
        slot, began = self._slot(name), time.monotonic()
        ticket = Ticket(slot, lease=False)
        try:
            yield from self._wait(slot, choices, ticket)
        finally:
            ticket.leave()
        yield Stage(name, "loaded", 1.0, time.monotonic() - began)

    def unload(self, name: str) -> None:
        """Free the memory of ``name``; nothing happens if it is not loaded.

        Raises:
            InvalidRequest: no such name. ModelBusy: it is in use, or somebody waits for its load.
        """
        slot, taken = self._slot(name), []
        with self._changed:
            if uses := slot.uses():
                raise ModelBusy(f"{name} is in use ({_count(uses, 'lease')}); stop what uses it, then unload it.")
            if (load := slot.load) is not None:
                if waiters := load.waiters():
                    raise ModelBusy(f"{name} is being loaded for {_count(waiters, 'caller')}; stop the load first.")
                load.stopping = True
            if slot.model is not None:
                taken = [slot.take()]
                self._leaving += 1
        self._discard(taken)

    def status(self) -> tuple[ModelStatus, ...]:
        """Every model of the catalogue, in its order."""
        names = tuple(self._entries)
        with self._changed:
            slots = self._residents.slots
            return tuple((slots.get(name) or Slot(name)).status() for name in dict.fromkeys((*names, *slots)))

    def memory(self) -> MemoryStatus:
        """What is taken and reserved of the budget."""
        with self._changed:
            return self._residents.memory()

    def card(self, name: str) -> Any:
        """The card of the loaded model ``name``, or None while it is not loaded."""
        slot = self._slot(name)
        with self._changed:
            return slot.card

    def close(self, timeout: float = 5.0) -> None:
        """Stop all loads, drop all models and refuse new callers; wait at most ``timeout`` seconds for the loads.

        Who holds a lease may go on with the model; its memory is free when they let go of it.
        """
        with self._changed:
            self._closed = True
            for load in self._residents.loads():
                load.stopping = True
            taken = [slot.take() for slot in self._residents.slots.values() if slot.model is not None]
            self._leaving += len(taken)
            self._changed.notify_all()
        self._discard(taken)
        with self._changed:
            self._changed.wait_for(lambda: not self._residents.loads(), timeout)

    # ---- waiting -----------------------------------------------------------------------------------------------

    def _slot(self, name: str) -> Slot:
        try:
            entry = self._entries[name]
        except KeyError:
            near = get_close_matches(str(name), [str(known) for known in self._entries]) or list(self._entries)
            raise InvalidRequest(f"There is no model named {name!r}; known: {name_some(near) or 'none'}.") from None
        with self._changed:
            slot = self._residents.slots.setdefault(name, Slot(name))
            slot.entry = entry
            return slot

    def _wait(self, slot: Slot, choices: Choices | None, ticket: Ticket) -> Iterator[Stage]:
        """Yield stages until the model is loaded and, if the ticket is for a lease, held by it."""
        if choices is not None:
            choices = {key: value for key, value in choices.items() if value is not None}
        while True:
            with self._changed:
                load = self._join(slot, choices, ticket)
            if load is None:
                return
            if ticket in load.tickets:
                yield from self._follow(slot, load)
                if load.error is not None:
                    raise detached(load.error)  # one for each: an exception belongs to the thread that raises it
                return
            for stage in self._follow(slot, load):
                yield replace(stage, stage="waiting for the earlier load to stop", fraction=None)

    def _join(self, slot: Slot, choices: Choices | None, ticket: Ticket) -> Load | None:
        """Under the lock: the load to wait for, begun here if need be, or None where the model is there already.

        A load that was given up cannot be joined; it has to end before the next one can begin.
        """
        self._refuse_if_closed()
        if (load := slot.load) is not None:
            if not load.stopping and (choices is None or choices == load.choices):
                load.tickets.append(ticket)
            elif waiters := load.waiters():
                raise ModelBusy(
                    f"{slot.name} is being loaded with {_listed(load.choices)} for {_count(waiters, 'caller')}; "
                    f"wait for it or stop it before loading it with {_listed(choices or {})}."
                )
            else:
                load.stopping = True
            return load
        wanted = slot.choices if choices is None else choices
        if slot.model is not None:
            if wanted == slot.choices:
                ticket.hold()
                return None
            if uses := slot.uses():
                raise ModelBusy(
                    f"{slot.name} is loaded with {_listed(slot.choices)} and in use ({_count(uses, 'lease')}); "
                    f"stop what uses it before loading it with {_listed(wanted)}."
                )
        load = Load(wanted, [ticket])
        # Whatever the thread does to the slot, it needs the lock for it, which is held here.
        threading.Thread(target=self._run, args=(slot, load), name=f"load {slot.name}", daemon=True).start()
        slot.load, slot.last_error = load, None
        return load

    def _follow(self, slot: Slot, load: Load) -> Iterator[Stage]:
        """Yield the stages of a load from the present one on, each at least once, until it is done."""
        seen = len(load.stages) - 1
        while True:
            with self._changed:
                self._refuse_if_closed()
                fresh, done = load.stages[seen:], load.done
            for stage, fraction in fresh:
                yield Stage(slot.name, stage, fraction, time.monotonic() - load.began)
            if done:
                return
            seen += len(fresh) - 1
            with self._changed:
                if not (load.done or self._closed) and len(load.stages) - 1 == seen:
                    self._changed.wait(HEARTBEAT)

    def _held(self, slot: Slot) -> Model:
        with self._changed:
            self._refuse_if_closed()
            return slot.model

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Cancelled("The playground is closing; start it again to load models.")

    # ---- the load, in its own thread ---------------------------------------------------------------------------

    def _run(self, slot: Slot, load: Load) -> None:
        error = attempt(f"Loading {slot.name}", lambda: self._bring(slot, load))
        if error is None:
            log.info("Loaded %s: %s in %.1f s.", slot.name, readable_bytes(load.size), time.monotonic() - load.began)
            return
        load.model = None
        collect_garbage()  # before the reservation is given back: what it stands for must be free by then
        with self._changed:
            if not load.given_up():
                slot.last_error = str(error) or type(error).__name__
            load.error = error
            self._finish(slot, load)

    def _bring(self, slot: Slot, load: Load) -> None:
        self._admit(slot, load)
        if not self._made(slot, load):
            self._empty_idle(slot, load)
            if not self._made(slot, load):
                needed, free = needed_and_free(load.reserved, available_memory())
                raise DoesNotFit(
                    f"{slot.name} needs about {needed}, and memory ran out while loading it: this machine has {free} "
                    f"left (memory budget {readable_bytes(self._residents.budget)}). Close other programs, or load it "
                    "in 16 bit."
                )
        self._keep(slot, load)

    def _admit(self, slot: Slot, load: Load) -> None:
        """Reserve what the load will need, unloading idle models for it, and wait until that memory is free."""
        needed = max(0, int(self._estimate(slot.entry, dict(load.choices))))
        with self._changed:
            self._stop_if_given_up(slot, load)
            while self._residents.stopping_helps(slot, needed):
                self._changed.wait(HEARTBEAT)
                self._stop_if_given_up(slot, load)
            taken = self._residents.make_room(slot, needed)
            self._leaving += len(taken)
            load.reserved = needed
        if taken:
            self._report(load, "making room", None)
        self._discard(taken)
        with self._changed:
            while self._leaving:  # others may have taken out what this reservation counts on, and be about to free it
                self._changed.wait()

    def _made(self, slot: Slot, load: Load) -> bool:
        """Whether the load went through; False if memory ran out, and then nothing of it is left."""
        try:
            with self._changed:
                self._stop_if_given_up(slot, load)
            # Nothing but ``load`` may refer to the model: once in its slot, it can be unloaded at any moment.
            load.model = self._load(
                slot.entry,
                dict(load.choices),
                lambda stage, fraction=None: self._report(load, stage, fraction),
                lambda: self._given_up(load),
            )
            load.size, load.card = int(load.model.memory_bytes), load.model.card
            return True
        except (MemoryError, RuntimeError, OSError) as error:
            if not is_out_of_memory(error):
                raise
        load.model = None
        return False

    def _keep(self, slot: Slot, load: Load) -> None:
        """Replace the reservation by the loaded model, with its true size, and hand it to the waiters."""
        with self._changed:
            self._stop_if_given_up(slot, load)
            taken = self._residents.make_room(slot, load.size)
            self._leaving += len(taken)
            load.reserved = load.size
        self._discard(taken)
        with self._changed:
            self._stop_if_given_up(slot, load)
            slot.fill()
            load.model = None
            self._finish(slot, load)

    def _finish(self, slot: Slot, load: Load) -> None:
        load.done, slot.load = True, None
        self._changed.notify_all()

    def _empty_idle(self, slot: Slot, load: Load) -> None:
        log.warning("Memory ran out while loading %s; once more without idle models.", slot.name)
        self._report(load, "making room", None)
        with self._changed:
            taken = [other.take() for other in self._residents.idle()]
            self._leaving += len(taken)
        self._discard(taken)
        collect_garbage()

    def _report(self, load: Load, stage: str, fraction: float | None) -> None:
        fraction = None if fraction is None else min(1.0, max(0.0, float(fraction)))
        with self._changed:
            if load.stages[-1][0] == stage:
                load.stages[-1] = (stage, fraction)  # shown at the next heartbeat: a load may report every tensor
            else:
                load.stages.append((stage, fraction))
                self._changed.notify_all()

    def _given_up(self, load: Load) -> bool:
        with self._changed:
            load.stopping = load.given_up()
            return load.stopping

    def _stop_if_given_up(self, slot: Slot, load: Load) -> None:
        """Under the lock."""
        load.stopping = load.given_up()
        if load.stopping:
            raise Cancelled(f"Loading {slot.name} was cancelled: nobody waits for it any more.")

    def _discard(self, models: list[Model]) -> None:
        """Without the lock: drop models taken out of their slots, the last reference kept here, and free them."""
        if not models:
            return
        count = len(models)
        try:
            models.clear()
            collect_garbage()
        finally:
            with self._changed:
                self._leaving -= count
                self._changed.notify_all()


def _listed(choices: Choices) -> str:
    return ", ".join(f"{key}={value}" for key, value in choices.items()) or "default choices"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
