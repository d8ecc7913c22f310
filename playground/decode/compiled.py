"""Tapes run by the compiled interpreter."""

import threading
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from playground.decode import kernel, meeting, opcodes
from playground.decode import tape as t
from playground.decode.tape import Instruction, Tape

COMBINE = {"add": opcodes.ADD, "mul": opcodes.MUL, "sub": opcodes.SUB}
APPLY = {
    "gelu": opcodes.GELU,
    "silu": opcodes.SILU,
    "sigmoid": opcodes.SIGMOID,
    "tanh": opcodes.TANH,
    "relu": opcodes.RELU,
    "square": opcodes.SQUARE,
    "cap": opcodes.CAP,
}
GROUP, HEAD_GROUP = 32, 16  # 8-bit weights that share a factor
NOTHING = np.zeros(0, dtype=np.float32)
NO_FACTORS = np.zeros((1, 1, 1), dtype=np.float32)


def encode(tape: Tape) -> tuple[np.ndarray, np.ndarray]:
    """The instructions as numbers: int64 ``(n, COLUMNS)`` and float32 ``(n, 2)``."""
    code = np.full((len(tape.instructions), opcodes.COLUMNS), -1, dtype=np.int64)
    numbers = np.zeros((len(tape.instructions), 2), dtype=np.float32)
    for row, instruction in enumerate(tape.instructions):
        whole, real = _numbers(instruction)
        code[row, : len(whole)] = whole
        numbers[row, : len(real)] = real
    _group(code)
    return code, numbers


def _none(number: int | None) -> int:
    return -1 if number is None else number


def _numbers(i: Instruction) -> tuple[Sequence[int], Sequence[float]]:
    out = (i.out.offset, i.out.size)
    if isinstance(i, t.MatVec):
        return (
            opcodes.MATVEC,
            *out,
            i.x.offset,
            i.x.size,
            i.matrix,
            _none(i.bias),
            0,
            1,
            _none(i.choice),
        ), ()
    if isinstance(i, t.LayerNorm):
        return (opcodes.LAYER_NORM, *out, i.x.offset, i.width, _none(i.weight), _none(i.bias)), (i.eps,)
    if isinstance(i, t.RMSNorm):
        return (opcodes.RMS_NORM, *out, i.x.offset, i.width, _none(i.weight)), (i.eps,)
    if isinstance(i, t.Rotate):
        return (opcodes.ROTATE, *out, i.x.offset, i.width, i.cos.offset, i.sin.offset, i.interleaved), ()
    if isinstance(i, t.Attend):
        widths = i.q.size // i.heads, i.out.size // i.heads
        return (
            (opcodes.ATTEND, i.out.offset, i.q.offset, i.k.offset, i.v.offset, i.layer, i.heads, i.kv_heads, *widths,
             i.factors), (i.scale,),
        )  # fmt: skip
    if isinstance(i, t.Combine):
        return (
            (
                opcodes.COMBINE,
                *out,
                COMBINE[i.kind],
                i.a.offset,
                i.a.size,
                i.b.offset,
                i.b.size,
                i.a_step[0],
                i.b_step[0],
            ),
            (),
        )
    if isinstance(i, t.Affine):
        return (opcodes.AFFINE, *out, i.x.offset), (i.factor, i.term)
    if isinstance(i, t.Apply):
        return (opcodes.APPLY, *out, i.x.offset, APPLY[i.kind]), (i.limit,)
    if isinstance(i, t.SumRows):
        return (opcodes.SUM_ROWS, *out, i.x.offset, i.rows), ()
    return (opcodes.CHOOSE, *out, i.scores.offset, i.scores.size, i.choice), ()


def _group(code: np.ndarray) -> None:
    """Let neighbouring matrix products that do not wait for each other share one start of the threads."""
    row = 0
    while row < len(code):
        last = row
        while code[row, 0] == opcodes.MATVEC and last + 1 < len(code) and code[last + 1, 0] == opcodes.MATVEC:
            written = {(m[1], m[1] + m[2]) for m in code[row : last + 1]}
            x = code[last + 1, 3], code[last + 1, 3] + code[last + 1, 4]
            if any(x[0] < end and start < x[1] for start, end in written):
                break
            last += 1
        if code[row, 0] == opcodes.MATVEC:
            code[row, 8] = last + 1 - row
        row = last + 1


def stored(tensor: Tensor) -> np.ndarray:
    """A weight's numbers, where they lie if that is in order: float32, or the bits of 16-bit ones."""
    flat = tensor.detach().reshape(-1)
    if tensor.dtype == torch.bfloat16:
        return flat.view(torch.uint16).numpy()
    if tensor.dtype == torch.float16:
        return flat.view(torch.int16).numpy()
    return flat.float().numpy()


def eighths(matrix: Tensor, group: int) -> tuple[np.ndarray, np.ndarray]:
    """A matrix ``(rows, cols)`` as int8, and factors for each row and each ``group`` of columns.

    The largest number of a group becomes 127 (absmax rounding).
    """
    rows, cols = matrix.shape
    padded = F.pad(matrix.detach().float(), (0, -cols % group)).view(rows, -1, group)
    scale = padded.abs().amax(-1).clamp_(min=1e-30) / 127  # (rows, groups)
    whole = (padded / scale.unsqueeze(-1)).round_().to(torch.int8).view(rows, -1)[:, :cols]
    return whole.reshape(-1).numpy(), scale.reshape(-1).numpy()


def _groups(tape: Tape) -> list[int]:
    """For each matrix, how many 8-bit weights share a factor: fewer in the last, since its errors are those of the
    logits, more than half of all."""
    head = next(i.matrix for i in reversed(tape.instructions) if isinstance(i, t.MatVec))
    return [HEAD_GROUP if number == head else GROUP for number in range(len(tape.matrices))]


def _matrices(tape: Tape) -> list[Tensor]:
    """The matrices of a tape, each as ``(outputs, inputs)``."""
    lying = {i.matrix for i in tape.instructions if isinstance(i, t.MatVec) and i.transposed}
    return [matrix.t() if number in lying else matrix for number, matrix in enumerate(tape.matrices)]


def eighth_bytes(tape: Tape) -> int:
    """Bytes of all matrices of a tape in 8 bits, with their factors."""
    pairs = zip(_matrices(tape), _groups(tape), strict=True)
    return sum(matrix.numel() + 4 * len(matrix) * -(-matrix.shape[1] // group) for matrix, group in pairs)


class Program:
    """A tape as the compiled interpreter reads it; shared by all runs of one network.

    The arrays are kept here: the interpreter only knows their addresses.
    """

    def __init__(self, tape: Tape, int8: bool):
        self.code, self.numbers = encode(tape)
        matrices = _matrices(tape)
        products = self.code[:, 0] == opcodes.MATVEC
        self.widest = int(self.code[products, 4].max(initial=0))
        if int8:
            groups = _groups(tape)
            self.code[products, 7] = [groups[number] for number in self.code[products, 5]]
            pairs = [eighths(matrix, group) for matrix, group in zip(matrices, groups, strict=True)]
        else:
            pairs = [(stored(matrix), NOTHING) for matrix in matrices]
        vectors = [vector.detach().float().reshape(-1).contiguous().numpy() for vector in tape.vectors]
        self._kept = (pairs, vectors)
        self.like = np.zeros(0, dtype=pairs[0][0].dtype)
        self.matrices = _addresses([whole for whole, _ in pairs])
        self.scales = _addresses([scale for _, scale in pairs])
        self.vectors = _addresses(vectors or [NOTHING])


def _addresses(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.array([array.ctypes.data if array.size else 0 for array in arrays], dtype=np.int64)


_PROGRAMS: WeakKeyDictionary[Tape, dict[bool, Program]] = WeakKeyDictionary()
_ALONE = threading.Lock()  # not every threading layer of numba can be entered by two threads at once


def program_of(tape: Tape, int8: bool) -> Program:
    programs = _PROGRAMS.setdefault(tape, {})
    if int8 not in programs:
        programs[int8] = Program(tape, int8)
    return programs[int8]


class Compiled:
    """As :class:`playground.decode.replay.Replay`, on the compiled interpreter."""

    int8 = False

    def __init__(self, tape: Tape, rows: int, threads: int):
        self.tape, self.threads = tape, threads
        self.arena = torch.zeros(rows, tape.size)
        for place, tensor in tape.fixed:
            self.arena[:, place.offset : place.offset + place.size] = tensor.reshape(-1)
        self.caches: Sequence[tuple[Tensor, Tensor, int, int]] = ()
        self.factors: Tensor | None = None
        self._program = program_of(tape, self.int8)
        self._choices = np.zeros((rows, max(1, tape.choices)), dtype=np.int64)
        self._numbers = self.arena.numpy()
        self._room, self._tickets = meeting.new_room(), np.zeros(len(tape.instructions), dtype=np.int64)
        self._heads = next((i.kv_heads for i in tape.instructions if isinstance(i, t.Attend) and i.factors), 0)

    def run(self) -> None:
        """One step; the caller has filled in what comes early, and set ``caches`` and ``factors``."""
        program = self._program
        caches = np.array(
            [(k.data_ptr(), v.data_ptr(), k.shape[2], slot, seen) for k, v, slot, seen in self.caches], dtype=np.int64
        ).reshape(-1, 5)
        most = int(caches[:, 4].max(initial=1))
        factors = NO_FACTORS
        if self._heads:
            given = self.factors
            given = torch.ones(len(self._numbers), most, self._heads) if given is None else given
            factors = given.float().contiguous().numpy()
        with _ALONE:
            threads = kernel.use_threads(self.threads)
            scores = np.empty((threads, most), dtype=np.float32)
            rounded = np.empty((threads, program.widest if self.int8 else 0), dtype=np.int16)
            self._room.fill(0)
            self._tickets.fill(0)
            kernel.run(
                program.code, program.numbers, self._numbers, self._choices, program.matrices, program.like,
                program.scales, program.vectors, caches, factors, scores, rounded,
                self._room, self._tickets, threads,
            )  # fmt: skip


class CompiledInt8(Compiled):
    """With weights rounded to 8 bits, and what they are multiplied with to 16."""

    int8 = True
