"""Tapes run by torch, one call for each instruction: no compiler is needed."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from playground.decode import tape as t
from playground.decode.tape import Instruction, NotRecordable, Place, Tape

_aten = torch.ops.aten
APPLY = {
    "silu": _aten.silu.out, "gelu": partial(_aten.gelu.out, approximate="tanh"), "sigmoid": torch.sigmoid,
    "tanh": torch.tanh, "relu": _aten.relu.out, "square": torch.square,
}  # fmt: skip
COMBINE = {"add": torch.add, "mul": torch.mul, "sub": torch.sub}


class Replay:
    """The instructions of a tape as calls, bound to an arena of ``rows`` rows.

    Attributes:
        arena: float32 ``(rows, N)``.
    """

    def __init__(self, tape: Tape, rows: int, threads: int, device: torch.device | None = None):
        self.tape, self.rows, self.threads = tape, rows, threads
        self.arena = torch.zeros(rows, tape.size, device=device)
        for place, tensor in tape.fixed:
            self._at(place)[:] = tensor.reshape(-1)
        self.choices: list[Tensor] = [torch.zeros(rows, dtype=torch.int64)] * tape.choices
        self.caches: Sequence[tuple[Tensor, Tensor, int, int]] = ()  # per layer: keys, values, slot, positions seen
        self.factors: Tensor | None = None  # (rows, S, k)
        self.vectors = [vector.detach().float() for vector in tape.vectors]
        self.calls = [self.bind(instruction) for instruction in tape.instructions]

    def bind(self, instruction: Instruction) -> Callable[[], None]:
        """The call that runs ``instruction``."""
        return getattr(self, BINDERS[type(instruction)])(instruction)

    def run(self) -> None:
        """One step; the caller has filled in what comes early, and set ``caches`` and ``factors``."""
        for call in self.calls:
            call()

    def _at(self, place: Place) -> Tensor:
        return self.arena[:, place.offset : place.offset + place.size]

    def _multiply(self, i: t.MatVec) -> Callable[[], None]:
        x, out = self._at(i.x), self._at(i.out)
        bias = None if i.bias is None else self.vectors[i.bias]
        matrix = self.tape.matrices[i.matrix]
        if i.choice is not None:
            return lambda: self._choose_and_multiply(i, x, out)
        if not i.transposed:
            return lambda: out.copy_(F.linear(x, matrix, bias))
        # A weighted sum of the rows of (cols, rows): torch reads them much faster than in a matrix-vector product.
        # Every bag is the work of one thread.
        parts = max(1, min(self.threads // self.rows, i.x.size))
        firsts = [row * i.x.size + i.x.size * part // parts for row in range(self.rows) for part in range(parts)]
        bags = torch.tensor(firsts)
        numbers = torch.arange(i.x.size).repeat(self.rows)

        def call() -> None:
            product = torch.embedding_bag(matrix, numbers, bags, False, 0, False, x.reshape(-1))[0]
            if parts > 1:
                product = product.view(self.rows, parts, -1).sum(1)
            if bias is None:
                out.copy_(product)
            else:
                torch.add(product, bias, out=out)

        return call

    def _choose_and_multiply(self, i: t.MatVec, x: Tensor, out: Tensor) -> None:
        for row, number in enumerate(self.choices[i.choice].tolist()):
            out[row] = F.linear(x[row], self.tape.matrices[i.matrix + number])

    def _layer_norm(self, i: t.LayerNorm) -> Callable[[], None]:
        x, out = self._at(i.x).view(self.rows, -1, i.width), self._at(i.out).view(self.rows, -1, i.width)
        weight, bias = (None if n is None else self.vectors[n] for n in (i.weight, i.bias))
        return lambda: out.copy_(F.layer_norm(x, (i.width,), weight, bias, i.eps))

    def _rms_norm(self, i: t.RMSNorm) -> Callable[[], None]:
        x, out = self._at(i.x).view(self.rows, -1, i.width), self._at(i.out).view(self.rows, -1, i.width)
        weight = None if i.weight is None else self.vectors[i.weight]
        return lambda: out.copy_(F.rms_norm(x, (i.width,), weight, i.eps))

    def _rotate(self, i: t.Rotate) -> Callable[[], None]:
        pairs, across = ((-1, 2), -1) if i.interleaved else ((2, -1), -2)
        x, out = (self._at(place).view(self.rows, -1, i.width).unflatten(-1, pairs) for place in (i.x, i.out))
        cos, sin = (self._at(place).view(self.rows, 1, -1) for place in (i.cos, i.sin))
        both = cos.unsqueeze(across)
        (a, b), (first, second) = x.unbind(across), out.unbind(across)

        def call() -> None:
            torch.mul(x, both, out=out)
            first.addcmul_(b, sin, value=-1)
            second.addcmul_(a, sin)

        return call

    def _attend(self, i: t.Attend) -> Callable[[], None]:
        q = self._at(i.q).view(self.rows, i.heads, 1, -1)
        k = self._at(i.k).view(self.rows, i.kv_heads, -1)
        v = self._at(i.v).view(self.rows, i.kv_heads, -1)
        out = self._at(i.out).view(self.rows, i.heads, 1, -1)
        shared = {"scale": i.scale, "enable_gqa": i.heads != i.kv_heads}

        def call() -> None:
            keys, values, slot, seen = self.caches[i.layer]
            keys[:, :, slot], values[:, :, slot] = k, v
            values = values[:, :, :seen]
            if i.factors and self.factors is not None:
                values = values * self.factors.transpose(1, 2).unsqueeze(-1)
            out.copy_(F.scaled_dot_product_attention(q, keys[:, :, :seen], values, **shared))

        return call

    def _combine(self, i: t.Combine) -> Callable[[], None]:
        combine, size = COMBINE[i.kind], i.out.size
        repeat, length = next((step for step in (i.a_step, i.b_step) if 1 < step[1] < size), (size, 1))
        if repeat * length != size or any(
            step not in ((repeat, length), (1, size), (size, 1)) for step in (i.a_step, i.b_step)
        ):
            raise NotRecordable("vectors repeat in a way that torch does not know")
        out = self._at(i.out).view(self.rows, length, repeat)
        a, b = (
            self._at(place).view(self.rows, *((length, repeat) if place.size == size else (place.size, 1)))
            for place in (i.a, i.b)
        )
        return lambda: combine(a, b, out=out)

    def _affine(self, i: t.Affine) -> Callable[[], None]:
        x, out = self._at(i.x), self._at(i.out)
        if i.term == 0:
            return lambda: torch.mul(x, i.factor, out=out)
        return lambda: torch.add(torch.full_like(x, i.term), x, alpha=i.factor, out=out)

    def _apply(self, i: t.Apply) -> Callable[[], None]:
        x, out = self._at(i.x), self._at(i.out)
        if i.kind == "cap":
            return lambda: torch.mul(torch.tanh(x / i.limit), i.limit, out=out)
        return partial(APPLY[i.kind], x, out=out)

    def _sum_rows(self, i: t.SumRows) -> Callable[[], None]:
        x, out = self._at(i.x).view(self.rows, i.rows, -1), self._at(i.out)
        return lambda: torch.sum(x, 1, out=out)

    def _choose(self, i: t.Choose) -> Callable[[], None]:
        scores, out = self._at(i.scores), self._at(i.out)

        def call() -> None:
            best, chosen = scores.topk(i.count)
            out.copy_(best.softmax(-1))
            self.choices[i.choice : i.choice + i.count] = chosen.unbind(-1)

        return call


BINDERS = {
    t.MatVec: "_multiply", t.LayerNorm: "_layer_norm", t.RMSNorm: "_rms_norm", t.Rotate: "_rotate",
    t.Attend: "_attend", t.Combine: "_combine", t.Affine: "_affine", t.Apply: "_apply", t.SumRows: "_sum_rows",
    t.Choose: "_choose",
}  # fmt: skip
