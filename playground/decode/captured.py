"""A step whose tensors keep their addresses and shapes: it can be recorded by the GPU once and replayed as a whole.

All that changes from token to token is one short vector of whole numbers, from which the step itself works out where
in the tables and caches to read and write. So nothing in it waits for the host or depends on what the data say.
"""

import logging
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor

from playground.decode import tape as t
from playground.decode.early_rows import EarlyRows
from playground.decode.replay import Replay
from playground.decode.tape import Instruction, Tape

log = logging.getLogger(__name__)
WARM = 3  # runs before a capture, in which libraries choose their kernels
_STACKS: WeakKeyDictionary[Tape, dict[int, Tensor]] = WeakKeyDictionary()
_CAPTURING = Lock()


class Captured(Replay):
    """As :class:`Replay`, for ``rows`` rows and at most ``capacity`` positions, with caches of its own.

    The caches and activations are float32; a product with 16-bit weights is computed in their type, as the readable
    network computes it. With ``capture`` the step is a CUDA graph, or runs call by call if that cannot be.

    Attributes:
        buffers: per layer, keys ``(rows, kv_heads, C, D)`` and values, float32, C at most ``windows[layer]``.
        numbers: int64 ``(2 + 2 * rows,)``: positions before this one, the position's row among the early values, then
            each row's token among them, then 1 for each row whose token's sense vectors are replaced.
        weighing: float32 ``(rows, kv_heads, 1, capacity)`` on the values of the layer that edits scale.
        replacements: float32 ``(rows, n)``, what comes in place of a token's sense vectors.
        carried: float32 ``(rows, n)``, activations that go on to the next token.
    """

    def __init__(
        self, tape: Tape, rows: int, capacity: int, windows: Sequence[int | None], tokens: EarlyRows,
        positions: EarlyRows, capture: bool = False,
    ):  # fmt: skip
        self.device = device = tokens.device
        self.capacity, self.windows, self.tokens, self.positions = capacity, windows, tokens, positions
        self.numbers = torch.zeros(2 + 2 * rows, dtype=torch.int64, device=device)
        self._capacities = [capacity if window is None else min(capacity, window) for window in windows]
        attends = sorted((i for i in tape.instructions if isinstance(i, t.Attend)), key=lambda i: i.layer)
        self.buffers = [
            tuple(
                torch.zeros(rows, i.kv_heads, self._capacities[i.layer], place.size // i.kv_heads, device=device)
                for place in (i.k, i.v)
            )
            for i in attends
        ]
        self._slots = {window: torch.zeros(1, dtype=torch.int64, device=device) for window in windows}
        self._places = torch.arange(max(self._capacities), device=device)
        self._masks = {size: torch.zeros(size, device=device) for size in self._capacities}
        heads = next((i.kv_heads for i in attends if i.factors), 1)
        self.weighing = torch.ones(rows, heads, 1, capacity if tape.added else 1, device=device)
        replaced = tape.replaceable[0].size if tape.replaceable else 0
        self.replacements = torch.zeros(rows, replaced, device=device)
        self.carried = torch.zeros(rows, tape.carry[0].size if tape.carry else 0, device=device)
        self._experts: dict[int, int] = {}  # how many there are, by choice
        self._before: Instruction | None = None
        self._narrowed: Tensor | None = None
        super().__init__(tape, rows, 1, device)
        self.choices = torch.zeros(max(1, tape.choices), rows, dtype=torch.int64, device=device)
        self._run = self.step
        if capture:
            try:
                self._run = captured(self.step, device)
            except RuntimeError as error:
                log.warning("Steps on %s run without a captured graph: %s", device, str(error).partition("\n")[0])

    def run(self) -> None:
        """One step, for what ``numbers`` and the other inputs say."""
        self._run()

    @property
    def logits(self) -> Tensor:
        """Float32 ``(rows, vocab_size)``; the next step overwrites them."""
        return self._at(self.tape.logits)

    def adopt(self, cache: Any) -> None:
        """Take over what ``cache`` holds, for its rows; from now on its layers are the first rows of ``buffers``."""
        for (keys, values), layer in zip(self.buffers, cache.layers, strict=True):
            rows, held = layer.keys.shape[0], min(layer.keys.shape[2], keys.shape[2])
            for own, old in ((keys, layer.keys), (values, layer.values)):
                own.zero_()  # a hidden position must not hold NaN: its weight is 0
                own[:rows, :, :held].copy_(old[:, :, :held])
            layer.keys, layer.values = keys[:rows], values[:rows]
        self.weighing.fill_(1)
        if cache.carry is not None:
            rows = cache.carry.shape[0]
            self.carried[:rows].copy_(cache.carry.reshape(rows, -1))
            cache.carry = self.carried[:rows, None]

    # Everything below only starts work on the device.

    def step(self) -> None:
        """One step, call by call."""
        length = self.numbers[:1]
        for window, slot in self._slots.items():
            slot.copy_(length if window is None else length.remainder(window))
        for size, mask in self._masks.items():
            mask.zero_().masked_fill_(self._places[:size] > length, -torch.inf)
        ends = (1, 2, 2 + self.rows)
        self._put(self.positions, self.numbers[ends[0] : ends[1]])
        self._put(self.tokens, self.numbers[ends[1] : ends[2]])
        replaced = self.numbers[ends[2] :, None] > 0
        for place in self.tape.replaceable:
            here = self._at(place)
            here.copy_(torch.where(replaced, self.replacements, here))
        if self.tape.carry:
            self._at(self.tape.carry[0]).copy_(self.carried)
        for call in self.calls:
            call()
        if self.tape.carry:
            self.carried.copy_(self._at(self.tape.carry[1]))

    def _put(self, early: EarlyRows, slots: Tensor) -> None:
        if len(early.columns):
            values = early.table.index_select(0, slots).expand(self.rows, -1)
            self.arena.index_copy_(1, early.columns, values)

    def bind(self, instruction: Instruction) -> Callable[[], None]:
        call = super().bind(instruction)
        self._before = instruction
        return call

    def _multiply(self, i: t.MatVec) -> Callable[[], None]:
        if i.choice is not None:
            return self._choose_and_multiply(i)
        x, out, matrix = self._at(i.x), self._at(i.out), self.tape.matrices[i.matrix].detach()
        weight = matrix.t() if i.transposed else matrix  # (outputs, inputs)
        bias = None if i.bias is None else self.vectors[i.bias].to(weight.dtype)
        if weight.dtype == torch.float32:
            if bias is None:
                return lambda: torch.mm(x, weight.t(), out=out)
            return lambda: torch.addmm(bias, x, weight.t(), out=out)
        if isinstance(self._before, t.MatVec) and (self._before.x, self._before.choice) == (i.x, None):
            narrow = self._narrowed  # the product before has rounded the same numbers
            return lambda: out.copy_(F.linear(narrow, weight, bias))
        narrow = self._narrowed = torch.zeros_like(x, dtype=weight.dtype)
        return lambda: out.copy_(F.linear(narrow.copy_(x), weight, bias))

    def _choose_and_multiply(self, i: t.MatVec) -> Callable[[], None]:
        x, out = self._at(i.x), self._at(i.out)
        experts = stacked(self.tape, i.matrix, self._experts[i.choice])  # (experts, outputs, inputs)

        def call() -> None:
            chosen = experts.index_select(0, self.choices[i.choice])
            out.copy_(torch.bmm(chosen, x.to(chosen.dtype).unsqueeze(-1)).squeeze(-1))

        return call

    def _choose(self, i: t.Choose) -> Callable[[], None]:
        scores, out, span = self._at(i.scores), self._at(i.out), slice(i.choice, i.choice + i.count)
        self._experts |= dict.fromkeys(range(span.start, span.stop), i.scores.size)

        def call() -> None:
            best, chosen = scores.topk(i.count)
            out.copy_(best.softmax(-1))
            self.choices[span].copy_(chosen.t())

        return call

    def _attend(self, i: t.Attend) -> Callable[[], None]:
        keys, values = self.buffers[i.layer]
        slot, mask = self._slots[self.windows[i.layer]], self._masks[self._capacities[i.layer]]
        split = self.rows, i.kv_heads, i.heads // i.kv_heads, -1
        q, out = self._at(i.q).view(split), self._at(i.out).view(split)
        k, v = (self._at(place).view(self.rows, i.kv_heads, 1, -1) for place in (i.k, i.v))
        all_keys, all_values = keys.flatten(0, 1).transpose(1, 2), values.flatten(0, 1)

        def call() -> None:
            keys.index_copy_(2, slot, k)
            values.index_copy_(2, slot, v)
            # Over the whole capacity: what is not there yet is masked.
            weights = torch.baddbmm(mask, q.flatten(0, 1), all_keys, alpha=i.scale).softmax(-1)
            if i.factors:
                weights = (weights.view(split) * self.weighing).flatten(0, 1)
            out.copy_(torch.bmm(weights, all_values).view(split))

        return call


def stacked(tape: Tape, first: int, count: int) -> Tensor:
    """The ``count`` matrices of ``tape`` from ``first`` on, as one tensor; the network's own become parts of it."""
    stacks = _STACKS.setdefault(tape, {})
    if first not in stacks:
        own = tape.matrices[first : first + count]
        with torch.inference_mode(False), torch.no_grad():
            stacks[first] = torch.stack([matrix.detach() for matrix in own])
            for matrix, part in zip(own, stacks[first], strict=True):
                matrix.data = part
    return stacks[first]


def captured(step: Callable[[], None], device: torch.device) -> Callable[[], None]:
    """``step`` as one CUDA graph. It has to bear being run on whatever its inputs hold now.

    Raises:
        RuntimeError: something in it cannot be captured, or there is no memory for it.
    """
    with _CAPTURING, torch.cuda.device(device):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM):
                step()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            step()
    return graph.replay
