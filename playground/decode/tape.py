"""One decoding step as a list of simple instructions over one arena of float32 numbers per row.

An instruction names places in the arena, never tensors, so that any interpreter of the few kinds below can run the
step of any network. ``recording.py`` writes tapes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


class NotRecordable(Exception):
    """The network does something in its step that no instruction stands for."""


@dataclass(frozen=True)
class Place:
    """``size`` numbers of the arena from ``offset`` on."""

    offset: int
    size: int


@dataclass(frozen=True)
class MatVec:
    """``out = matrix @ x + bias``; the matrix is ``(rows, cols)``, or lies transposed as ``(cols, rows)``.

    With ``choice`` it is one of as many matrices, from ``matrix`` on, as the number ``choice`` of :class:`Choose` says.
    """

    out: Place
    x: Place
    matrix: int
    bias: int | None
    transposed: bool
    choice: int | None = None


@dataclass(frozen=True)
class LayerNorm:
    """Over the last axis, of ``width`` numbers; ``weight`` and ``bias`` are vectors or None."""

    out: Place
    x: Place
    width: int
    weight: int | None
    bias: int | None
    eps: float


@dataclass(frozen=True)
class RMSNorm:
    """Over the last axis, of ``width`` numbers."""

    out: Place
    x: Place
    width: int
    weight: int | None
    eps: float


@dataclass(frozen=True)
class Rotate:
    """Rotary positions of heads of ``width`` numbers by the angles whose cosines and sines lie at ``cos``, ``sin``."""

    out: Place
    x: Place
    width: int
    cos: Place
    sin: Place
    interleaved: bool


@dataclass(frozen=True)
class Attend:
    """Put ``k`` and ``v`` into the cache of ``layer`` and attend with ``q``; the values may be weighed by factors."""

    out: Place
    q: Place
    k: Place
    v: Place
    layer: int
    heads: int
    kv_heads: int
    scale: float
    factors: bool


@dataclass(frozen=True)
class Combine:
    """``out[i] = a[i'] op b[i']`` for + - *, where an operand's axes of length 1 repeat.

    ``a_step`` is (repeat each, length): ``i' = (i // repeat) % length``.
    """

    kind: str  # "add", "sub", "mul"
    out: Place
    a: Place
    b: Place
    a_step: tuple[int, int]
    b_step: tuple[int, int]


@dataclass(frozen=True)
class Affine:
    """``out = factor * x + term``."""

    out: Place
    x: Place
    factor: float
    term: float


@dataclass(frozen=True)
class Apply:
    """One of "gelu" (tanh form), "silu", "sigmoid", "tanh", "relu", "square", or "cap": ``limit * tanh(x / limit)``."""

    kind: str
    out: Place
    x: Place
    limit: float = 0.0


@dataclass(frozen=True)
class SumRows:
    """``out[j] = sum over i of x[i, j]`` of ``x (rows, n)``."""

    out: Place
    x: Place
    rows: int


@dataclass(frozen=True)
class Choose:
    """The ``count`` largest scores: their ranks go to the choices from ``choice`` on, a softmax of them to ``out``."""

    out: Place
    scores: Place
    count: int
    choice: int


Instruction = MatVec | LayerNorm | RMSNorm | Rotate | Attend | Combine | Affine | Apply | SumRows | Choose


@dataclass(frozen=True, eq=False)
class Early:
    """A value that follows from the token alone, or from the position alone: a call of a torch function.

    ``kind`` is "token" or "position". Among the arguments, further such values stand for theirs.
    """

    kind: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def value(self, given: Any, memo: dict[Any, Any]) -> Tensor:
        """The value for the token or position ``given``; ``memo`` keeps what several values need, and may hold quicker
        functions for those that were recorded."""
        if self not in memo:
            fill = partial(_fill, given=given, memo=memo)
            function = memo.get(self.function, self.function)
            memo[self] = function(*map(fill, self.arguments), **{n: fill(v) for n, v in self.options.items()})
        return memo[self]


GIVEN = object()  # among the arguments: the token or position itself


def _fill(argument: Any, given: Any, memo: dict[Any, Any]) -> Any:
    if argument is GIVEN:
        return given
    if isinstance(argument, Early):
        return argument.value(given, memo)
    if isinstance(argument, tuple | list):
        return type(argument)(_fill(each, given, memo) for each in argument)
    return argument


@dataclass(eq=False)
class Tape:
    """A recorded step.

    Attributes:
        size: numbers in the arena of one row. logits: where the step ends.
        matrices, vectors: weights, the networks' own tensors. scales of rows are the interpreters' business.
        early: what is put into the arena before the first instruction. replaceable: those of them that edits replace.
        fixed: constants, put there once.
        carry: where the activations that go on to the next token come in, and where they come from.
        added: where the term that edits add belongs, or None.
        choices: how many choices.
    """

    size: int = 0
    logits: Place = Place(0, 0)
    instructions: list[Instruction] = field(default_factory=list)
    matrices: list[Tensor] = field(default_factory=list)
    vectors: list[Tensor] = field(default_factory=list)
    early: list[tuple[Place, Early]] = field(default_factory=list)
    replaceable: list[Place] = field(default_factory=list)
    fixed: list[tuple[Place, Tensor]] = field(default_factory=list)
    carry: tuple[Place, Place] | None = None
    added: Place | None = None
    choices: int = 0

    def place(self, size: int) -> Place:
        """Room for ``size`` more numbers, from a multiple of 16 on."""
        place = Place(self.size, size)
        self.size += -(-size // 16) * 16
        return place

    def early_values(
        self, kind: str, given: Any, linear: Callable[..., Tensor] | None = None
    ) -> list[tuple[Place, Tensor]]:
        """What is to be put into the arena for a token or position; ``linear`` stands in for torch's of one row."""
        memo: dict[Any, Any] = {} if linear is None else {F.linear: linear}
        with torch.inference_mode():
            return [(place, value.value(given, memo)) for place, value in self.early if value.kind == kind]
