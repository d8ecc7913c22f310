"""Decoding by a recorded step: prefill with the readable network, then the tape for each token."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from playground.decode.layout import lay_out
from playground.decode.plain import PlainDecoder
from playground.decode.recording import record
from playground.decode.replay import Replay
from playground.decode.tape import MatVec, Place, Tape
from playground.networks.language import LanguageNetwork

EARLY_BYTES = 64 << 20  # of values remembered by token and position


class EarlyValues:
    """What tokens and positions put into the arena, remembered within a bound on their bytes."""

    def __init__(self, tape: Tape, most_bytes: int = EARLY_BYTES):
        self.tape, self.most_bytes, self.bytes = tape, most_bytes, 0
        self._values: OrderedDict[tuple[str, int], list[tuple[Place, Tensor]]] = OrderedDict()
        self._lock = Lock()

    def of(self, kind: str, number: int, linear: Callable[..., Tensor] | None = None) -> list[tuple[Place, Tensor]]:
        """Float32 values ``(size,)`` for a token or position, with the places that they go to; ``linear`` computes
        those that are not remembered."""
        found = self._values.get((kind, number))
        if found is not None:
            return found
        given = torch.tensor([[number]]) if kind == "token" else number
        values = self.tape.early_values(kind, given, linear)
        found = [(place, value.float().reshape(-1).clone()) for place, value in values]
        with self._lock:
            if (kind, number) not in self._values:
                self._values[kind, number] = found
                self.bytes += sum(value.nbytes for _, value in found)
            while self.bytes > self.most_bytes and len(self._values) > 1:
                self.bytes -= sum(value.nbytes for _, value in self._values.popitem(last=False)[1])
        return found


class Linears:
    """Linear layers of one row, each a tape of one instruction: ``machine`` reads weights faster than torch does.

    The sense network of a Backpack, which tokens that are new to a run have to pass, is nearly nothing else.
    """

    def __init__(self, machine: Any, threads: int):
        self._machine, self._threads = machine, threads
        # By the id of a weight, which is kept: the network may be laid out anew meanwhile, and an id be used again.
        self._tapes: dict[int, tuple[Tensor, Place, Place, Any]] = {}

    def __call__(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """As ``torch.nn.functional.linear`` for ``x (..., inputs)`` of one row."""
        if id(weight) not in self._tapes:
            tape = Tape()
            given, out = tape.place(weight.shape[1]), tape.place(weight.shape[0])
            transposed = not weight.is_contiguous()
            tape.matrices.append(weight.t() if transposed else weight)
            tape.vectors += [] if bias is None else [bias]
            tape.instructions.append(MatVec(out, given, 0, None if bias is None else 0, transposed))
            self._tapes[id(weight)] = weight, given, out, self._machine(tape, 1, self._threads)
        _, given, out, running = self._tapes[id(weight)]
        running.arena[0, given.offset : given.offset + given.size] = x.reshape(-1)
        running.run()
        return running.arena[0, out.offset : out.offset + out.size].to(x.dtype).view(*x.shape[:-1], -1)


_TAPES: WeakKeyDictionary[LanguageNetwork, dict[Any, tuple[Tape, EarlyValues]]] = WeakKeyDictionary()


def tape_of(network: LanguageNetwork, edited: bool) -> tuple[Tape, EarlyValues]:
    """The recorded step of ``network``, with edits of senses or without, and its early values; recorded once a device.

    Raises:
        NotRecordable: as :func:`playground.decode.recording.record`.
    """
    tapes = _TAPES.setdefault(network, {})
    key = edited, next(network.parameters()).device
    if key not in tapes:
        tape = record(network, edited)
        tapes[key] = tape, EarlyValues(tape)
    return tapes[key]


def prepare(network: LanguageNetwork, by_inputs: bool) -> None:
    """Lay the matrices of ``network`` out for a machine that reads them ``(inputs, outputs)``, or the other way."""
    if lay_out(network, tape_of(network, False)[0], by_inputs):
        _TAPES.pop(network, None)  # they remember how the matrices lay


class TapeDecoder(PlainDecoder):
    """As :class:`PlainDecoder`; its steps are replayed from a tape by ``machine``, and what tokens bring into them is
    computed by ``exact``, which keeps the weights' precision."""

    def __init__(self, network: LanguageNetwork, machine: Any = Replay, exact: Any = None):
        super().__init__(network)
        self._machine, self._running = machine, None
        self._linear = Linears(exact or machine, torch.get_num_threads())

    def select(self, rows: Sequence[int]) -> None:
        super().select(rows)
        self._running = None

    @torch.inference_mode()
    def step(self, ids: Sequence[int], controls: Any = None) -> Tensor:
        network, cache, rows = self.network, self.cache, len(ids)
        network.span(torch.empty(rows, 1), cache)
        tape, early = tape_of(network, controls is not None)
        if self._running is None or self._running.tape is not tape:
            self._running = self._machine(tape, rows, torch.get_num_threads())
        running = self._running
        arena = running.arena

        def fill(place: Place, value: Tensor | float, row: slice | int = slice(None)) -> None:
            arena[row, place.offset : place.offset + place.size] = value

        for place, value in early.of("position", cache.length):
            fill(place, value)
        for row, token in enumerate(ids):
            for place, value in early.of("token", token, self._linear):
                fill(place, value, row)
        running.factors = None
        if controls is not None:
            running.factors = controls.scales
            fill(tape.added, 0.0 if controls.added is None else controls.added)
            for row, token in enumerate(ids):
                for place in tape.replaceable:
                    if token in controls.vectors[row]:
                        fill(place, controls.vectors[row][token].reshape(-1), row)
        if tape.carry is not None:
            fill(tape.carry[0], cache.carry.reshape(rows, -1))
        running.caches = [_with_room(layer) for layer in cache.layers]
        running.run()
        cache.length += 1
        if tape.carry is not None:
            after = tape.carry[1]
            cache.carry = arena[:, after.offset : after.offset + after.size].clone()[:, None]
        logits = tape.logits
        self.logits = arena[:, logits.offset : logits.offset + logits.size].clone()
        return self.logits


def _with_room(layer: Any) -> tuple[Tensor, Tensor, int, int]:
    """A layer's keys and values in float32, the slot of the new position, and how many positions are seen."""
    if layer.keys.dtype != torch.float32:
        layer.keys, layer.values = layer.keys.float(), layer.values.float()
    slot, seen = layer.make_room()
    return layer.keys, layer.values, slot, seen
