"""Decoding on a GPU: prefill with the readable network, then one captured graph for each token.

Capturing takes a while, so machines are kept when a run is over and lent to the next one. A batch runs on a machine
for the next power of two of rows and positions; only when it outgrows that another one is captured.
"""

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary, finalize

import torch
from torch import Tensor

from playground import limits
from playground.decode.captured import Captured
from playground.decode.early_rows import EarlyRows
from playground.decode.fast import tape_of
from playground.decode.plain import PlainDecoder
from playground.networks.language import LanguageNetwork

POSITIONS = 256  # the least that a machine has room for
IDLE = 4  # machines that are kept for later


class Machines:
    """The machines for one network, edited or not, and what they share."""

    def __init__(self, network: LanguageNetwork, edited: bool, device: torch.device):
        self.tape, _ = tape_of(network, edited)
        self.windows = [layer.window for layer in network.new_cache().layers]
        endless = None in self.windows
        self.most = network.context_length if endless else min(network.context_length, max(self.windows))
        self.tokens = EarlyRows(self.tape, "token", network.vocab_size, limits.ROWS, device)
        self.positions = EarlyRows(self.tape, "position", network.context_length, 1, device)
        self.lock = Lock()  # steps of several runs share the tables, so they are begun one after another
        self.idle: deque[Captured] = deque(maxlen=IDLE)

    def fits(self, machine: Captured, rows: int, positions: int) -> bool:
        enough = machine.capacity == self.most or positions <= machine.capacity
        return enough and machine.rows == _power(rows)

    def take(self, rows: int, positions: int, capture: bool) -> Captured:
        """A machine that nobody uses, with room for ``rows`` and ``positions``."""
        passed: list[Captured] = []
        found = None
        while found is None and self.idle:
            machine = self.idle.pop()
            if self.fits(machine, rows, positions):
                found = machine
            else:
                passed.insert(0, machine)
        self.idle.extend(passed)
        if found is not None:
            return found
        capacity = min(self.most, max(POSITIONS, _power(positions)))
        return Captured(self.tape, _power(rows), capacity, self.windows, self.tokens, self.positions, capture)


_MACHINES: WeakKeyDictionary[LanguageNetwork, dict[Any, Machines]] = WeakKeyDictionary()
_LOCK = Lock()


def machines_of(network: LanguageNetwork, edited: bool, device: torch.device) -> Machines:
    """The machines for steps of ``network``, with edits of senses or without.

    Raises:
        NotRecordable: as :func:`playground.decode.recording.record`.
    """
    with _LOCK:
        known, key = _MACHINES.setdefault(network, {}), (edited, device)
        if key not in known:
            with torch.inference_mode():
                known[key] = Machines(network, edited, device)
        return known[key]


class GraphDecoder(PlainDecoder):
    """As :class:`PlainDecoder`; its steps are captured graphs on a GPU, and the same calls one by one elsewhere."""

    def __init__(self, network: LanguageNetwork, capture: bool | None = None):
        super().__init__(network)
        self.capture = self.device.type == "cuda" if capture is None else capture
        self._lender: Machines | None = None
        self._machine: Captured | None = None
        self._give_back: Any = None

    def select(self, rows: Sequence[int]) -> None:
        super().select(rows)  # copies what the machine holds
        self._release()

    @torch.inference_mode()
    def step(self, ids: Sequence[int], controls: Any = None) -> Tensor:
        network, cache, rows = self.network, self.cache, len(ids)
        network.span(torch.empty(rows, 1), cache)
        lender = machines_of(network, controls is not None, self.device)
        with lender.lock:
            machine = self._machine_for(lender, rows)
            _fill(machine, cache.length, ids, controls)
            machine.run()
            self.logits = machine.logits[:rows].clone()
        for layer in cache.layers:
            layer.seen += 1
        cache.length += 1
        return self.logits

    def _machine_for(self, lender: Machines, rows: int) -> Captured:
        positions = self.cache.length + 1
        if self._lender is not lender or not lender.fits(self._machine, rows, positions):
            machine = lender.take(rows, positions, self.capture)
            machine.adopt(self.cache)
            self._release()
            self._lender, self._machine = lender, machine
            self._give_back = finalize(self.cache, lender.idle.append, machine)
            self._give_back.atexit = False
        return self._machine

    def _release(self) -> None:
        if self._give_back is not None:
            self._give_back()
        self._lender = self._machine = self._give_back = None


def _fill(machine: Captured, length: int, ids: Sequence[int], controls: Any) -> None:
    """Hand the machine what is new in this step; rows beyond those of ``ids`` repeat the first."""
    tokens = [machine.tokens.slot(token) for token in ids]
    spare = machine.rows - len(ids)
    replaced = [0] * machine.rows
    if controls is not None:
        shown = slice(len(ids)), slice(None), 0, slice(length + 1)
        machine.weighing[shown] = 1.0 if controls.scales is None else controls.scales.transpose(1, 2)
        added = machine.tape.added
        here = machine.arena[: len(ids), added.offset : added.offset + added.size]
        here[:] = 0.0 if controls.added is None else controls.added
        for row, token in enumerate(ids):
            if token in controls.vectors[row]:
                replaced[row] = 1
                machine.replacements[row] = controls.vectors[row][token].reshape(-1)
    told = [length, machine.positions.slot(length), *tokens, *tokens[:1] * spare, *replaced]
    machine.numbers.copy_(torch.tensor(told))


def _power(number: int) -> int:
    """The least power of two that is no less than ``number``."""
    return 1 << (number - 1).bit_length()
