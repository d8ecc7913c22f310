"""Write down one decoding step of a network, while the readable code itself computes it, as a :class:`Tape`.

A torch function mode sees every call, with the functions of layers.py that are marked as primitives seen whole. One row
and one position make every tensor a plain vector, so reshaping is only a matter of where a vector begins.
"""

import math
from collections.abc import Callable, Mapping
from operator import getitem
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from playground.decode import tape as t
from playground.decode.tape import GIVEN, Early, NotRecordable, Place, Tape
from playground.networks import layers
from playground.networks.backpack import SenseControls, replace_senses
from playground.networks.language import LanguageNetwork
from playground.networks.pixel_lm import mix_experts


class _Layer:
    """Stands for a layer's cache: hands out markers for all keys and values."""

    def __init__(self, recorder: "_Recorder", number: int):
        self.recorder, self.number = recorder, number

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        return self.recorder.cached(self.number, keys, values)


class _Cache:
    """Stands for a cache that holds one position."""

    def __init__(self, recorder: "_Recorder", layers: int):
        self.layers = [_Layer(recorder, number) for number in range(layers)]
        self.length = 1
        self.carry: Tensor | None = None


def record(network: LanguageNetwork, edited: bool = False) -> Tape:
    """The tape of one step of ``network``, with edits of senses or without.

    Raises:
        NotRecordable: if the step holds anything that is no instruction.
    """
    if network.context_length < 2:
        raise NotRecordable("its context holds one token")
    with torch.inference_mode():
        warm = network.new_cache()
        token = torch.zeros(1, 1, dtype=torch.int64, device=next(network.parameters()).device)
        network.hidden_states(token, warm)
        layers = getattr(warm, "layers", None)
        if layers is None:
            raise NotRecordable(f"{type(network).__name__} keeps its own cache")
        recorder = _Recorder(token)
        cache = _Cache(recorder, len(layers))
        controls = recorder.controls(network) if edited else None
        before = None
        if warm.carry is not None:
            cache.carry = warm.carry.clone()
            before = recorder.live(cache.carry)
        with recorder:
            logits = network.unembed(network.hidden_states(token, cache, controls))
        tape = recorder.tape
        if len({matrix.dtype for matrix in tape.matrices}) != 1:
            raise NotRecordable("its matrices are none, or of several types")
        tape.logits = recorder.place_of(logits)
        if before is not None:
            tape.carry = (before, recorder.place_of(cache.carry))
        return tape


class _Recorder(TorchFunctionMode):
    """Keeps, for each tensor seen, what is known of it: a place of the arena, an early value, a cache, or nothing (a
    constant)."""

    def __init__(self, token: Tensor):
        super().__init__()
        self.tape = Tape()
        self.known: dict[int, Any] = {id(token): Early("token", lambda token: token, (GIVEN,))}
        self.same: dict[Any, Early] = {}
        self.places: dict[Any, Place] = {}
        self.kept: list[Tensor] = [token]  # so that no id is used again

    # What is known of a tensor

    def note(self, tensor: Tensor, knowledge: Any) -> None:
        self.known[id(tensor)] = knowledge
        self.kept.append(tensor)

    def live(self, tensor: Tensor) -> Place:
        place = self.tape.place(tensor.numel())
        self.note(tensor, place)
        return place

    def place_of(self, tensor: Tensor) -> Place:
        """Where the tensor's numbers lie when the instructions run."""
        knowledge = self.known.get(id(tensor))
        if isinstance(knowledge, Place):
            return knowledge
        if isinstance(knowledge, tuple):
            raise NotRecordable("a cache is used outside of attention")
        if knowledge in self.places:
            return self.places[knowledge]
        place = self.live(tensor)
        if knowledge is None:
            self.tape.fixed.append((place, tensor))
        else:
            self.tape.early.append((place, knowledge))
            self.places[knowledge] = place
        return place

    def constant(self, tensor: Tensor | None, kind: list[Tensor]) -> int | None:
        """The number of a weight."""
        if tensor is None:
            return None
        if id(tensor) in self.known:
            raise NotRecordable("a weight depends on the text")
        self.kept.append(tensor)
        kind.append(tensor)
        return len(kind) - 1

    def controls(self, network: Any) -> SenseControls:
        """What edits come to, as inputs of the tape."""
        scales = torch.ones(1, 1, network.num_senses, device=self.kept[0].device)
        added = torch.zeros(1, network.config.n_embd, device=scales.device)
        self.note(scales, ("factors", None))
        self.tape.added = self.live(added)
        return SenseControls(scales, [{}], added)

    def cached(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Markers for all that the cache holds once ``keys`` and ``values`` are in it."""
        markers = []
        for name, tensor in (("keys", keys), ("values", values)):
            with torch._C.DisableTorchFunction():
                marker = torch.empty_like(tensor)
            self.note(marker, (name, layer, self.place_of(tensor)))
            markers.append(marker)
        return markers[0], markers[1]

    # Calls

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is layers.rotary_angles:
            return self._positions(func, args, kwargs, 0)
        if func is layers.rows_at:
            return self._positions(func, args, kwargs, 1)
        result = func(*args, **kwargs)
        known = [self.known[id(tensor)] for tensor in _tensors((args, kwargs)) if id(tensor) in self.known]
        if not known or not _tensors(result):
            return result
        kinds = {value.kind if isinstance(value, Early) else "live" for value in known}
        if len(kinds) == 1 and "live" not in kinds and func is not replace_senses:
            self._early(kinds.pop(), func, args, kwargs, result)
            return result
        name = func.__name__.strip("_")
        handler = PRIMITIVES.get(func) or CALLS.get(name)
        if handler is None:
            raise NotRecordable(f"no instruction stands for {name}")
        handler(self, result, *args, **kwargs)
        return result

    def _early(self, kind: str, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        """A value that follows from the token alone, or from the position alone."""
        frozen = self._frozen(args)
        options = {name: self._frozen(value) for name, value in kwargs.items()}
        key = (func, *map(_identity, (*args, *kwargs.items())))
        whole = self.same.setdefault(key, Early(kind, func, frozen, options))
        self.kept += _tensors((args, kwargs))
        if isinstance(result, Tensor):
            self.note(result, whole)
        else:
            for number, each in enumerate(result):
                self.note(each, Early(whole.kind, getitem, (whole, number)))

    def _positions(self, func: Any, args: tuple, kwargs: Any, which: int) -> Any:
        """A function of the position, which is argument ``which``: a plain number, so nothing else shows it."""
        result = func(*args, **kwargs)
        whole = Early("position", func, (*args[:which], GIVEN, *args[which + 1 :]), kwargs)
        if isinstance(result, Tensor):
            self.note(result, whole)
        else:
            for number, each in enumerate(result):
                self.note(each, Early(whole.kind, getitem, (whole, number)))
        return result

    def _frozen(self, node: Any) -> Any:
        """``node`` with early values in place of the tensors that they are."""
        if isinstance(node, Tensor):
            return self.known.get(id(node), node)
        if isinstance(node, tuple | list):
            return type(node)(map(self._frozen, node))
        return node

    def view(self, result: Any, tensor: Tensor, *_: Any, **__: Any) -> None:
        """The same numbers in another shape, or some that lie side by side."""
        knowledge = self.known[id(tensor)]
        for each in _tensors(result):
            if not isinstance(knowledge, Place) or each.numel() == tensor.numel():
                self.note(each, knowledge)
            elif each.is_contiguous() and tensor.is_contiguous() and _share(each, tensor):
                first = each.storage_offset() - tensor.storage_offset()
                self.note(each, Place(knowledge.offset + first, each.numel()))
            else:
                raise NotRecordable("a part of a vector does not lie side by side")

    def join(self, result: Tensor, parts: Any, *_: Any, **__: Any) -> None:
        filled = [part for part in parts if part.numel()]
        if len(filled) != 1:
            raise NotRecordable("vectors are joined")
        self.note(result, self.place_of(filled[0]))

    def combine(self, kind: str, result: Tensor, a: Any, b: Any) -> None:
        if not isinstance(a, Tensor) or not isinstance(b, Tensor):
            x, number = (a, b) if isinstance(a, Tensor) else (b, a)
            factor, term = {
                "add": (1.0, number), "mul": (number, 0.0),
                "sub": (1.0, -number) if x is a else (-1.0, number),
                "div": (1 / number, 0.0) if x is a else (math.nan, math.nan),
            }[kind]  # fmt: skip
            if math.isnan(factor):
                raise NotRecordable("a number is divided by a vector")
            if (factor, term) == (1.0, 0.0):
                self.note(result, self.place_of(x))
                return
            source = self.place_of(x)
            self.tape.instructions.append(t.Affine(self.live(result), source, float(factor), float(term)))
            return
        if kind == "div":
            raise NotRecordable("a vector is divided by a vector")
        a_place, b_place = self.place_of(a), self.place_of(b)
        steps = [_repeats(each.shape, result.shape) for each in (a, b)]
        self.tape.instructions.append(t.Combine(kind, self.live(result), a_place, b_place, *steps))

    def apply(self, kind: str, result: Tensor, x: Tensor, limit: float = 0.0) -> None:
        source = self.place_of(x)
        self.tape.instructions.append(t.Apply(kind, self.live(result), source, limit))

    def gelu(self, result: Tensor, x: Tensor, approximate: str = "none") -> None:
        if approximate != "tanh":
            raise NotRecordable("the exact form of gelu")
        self.apply("gelu", result, x)

    def sum(self, result: Tensor, x: Tensor, dim: int) -> None:
        if math.prod(x.shape[:dim]) != 1:
            raise NotRecordable("a sum over inner numbers")
        source = self.place_of(x)
        self.tape.instructions.append(t.SumRows(self.live(result), source, x.shape[dim]))

    def linear(self, result: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> None:
        source = self.place_of(x)
        self._multiply(self.live(result), source, weight, bias)

    def _multiply(self, out: Place, x: Place, weight: Tensor, bias: Tensor | None, choice: int | None = None) -> None:
        transposed = not weight.is_contiguous()
        matrix = self.constant(weight.t() if transposed else weight, self.tape.matrices)
        if not self.tape.matrices[matrix].is_contiguous():
            raise NotRecordable("a matrix does not lie side by side")
        vector = self.constant(bias, self.tape.vectors)
        self.tape.instructions.append(t.MatVec(out, x, matrix, vector, transposed, choice))

    def layer_norm(
        self, result: Tensor, x: Tensor, shape: Any, weight: Tensor | None = None, bias: Tensor | None = None,
        eps: float = 1e-5,
    ) -> None:  # fmt: skip
        source, vectors = self.place_of(x), self.tape.vectors
        numbers = self.constant(weight, vectors), self.constant(bias, vectors)
        self.tape.instructions.append(t.LayerNorm(self.live(result), source, math.prod(shape), *numbers, eps))

    def rms_norm(self, result: Tensor, x: Tensor, eps: float, weight: Tensor | None = None) -> None:
        source, vector = self.place_of(x), self.constant(weight, self.tape.vectors)
        self.tape.instructions.append(t.RMSNorm(self.live(result), source, x.shape[-1], vector, eps))

    def rotate(self, result: Tensor, x: Tensor, cos: Tensor, sin: Tensor, pairing: str) -> None:
        places = self.place_of(x), self.place_of(cos), self.place_of(sin)
        self.tape.instructions.append(
            t.Rotate(self.live(result), places[0], x.shape[-1], *places[1:], pairing == "interleaved")
        )

    def attend(
        self, result: Tensor, q: Tensor, k: Tensor, v: Tensor, window: int | None = None,
        scale: float | None = None, factors: Tensor | None = None,
    ) -> None:  # fmt: skip
        (first, layer, keys), (second, same, values) = self.known[id(k)], self.known[id(v)]
        if (first, second) != ("keys", "values") or layer != same:
            raise NotRecordable("attention over something else than one layer's cache")
        source = self.place_of(q)
        scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
        self.tape.instructions.append(
            t.Attend(self.live(result), source, keys, values, layer, q.shape[1], k.shape[1], scale, factors is not None)
        )

    def cap(self, result: Tensor, logits: Tensor, cap: float) -> None:
        if cap:
            self.apply("cap", result, logits, cap)
        else:
            self.note(result, self.place_of(logits))

    def replaced(self, result: Tensor, senses: Tensor, *_: Any) -> None:
        place = self.place_of(senses)
        self.tape.replaceable.append(place)
        self.note(result, place)

    def experts(self, result: Tensor, x: Tensor, scores: Tensor, experts: Any, top_k: int) -> None:
        tape, source, choice = self.tape, self.place_of(x), self.tape.choices
        weights = tape.place(top_k)
        tape.choices += top_k
        tape.instructions.append(t.Choose(weights, self.place_of(scores), top_k, choice))
        names = ("gate", "up", "down")
        first = {}
        for name in names:
            first[name] = len(tape.matrices)
            for expert in experts:
                self.constant(getattr(expert, name).weight, tape.matrices)
        hidden, width = experts[0].gate.weight.shape
        total = None
        for rank in range(top_k):
            gate, up, both, down, share = (tape.place(size) for size in (hidden, hidden, hidden, width, width))
            tape.instructions += [
                t.MatVec(gate, source, first["gate"], None, False, choice + rank),
                t.MatVec(up, source, first["up"], None, False, choice + rank),
                t.Apply("silu", gate, gate),
                t.Combine("mul", both, gate, up, (1, hidden), (1, hidden)),
                t.MatVec(down, both, first["down"], None, False, choice + rank),
                t.Combine("mul", share, down, Place(weights.offset + rank, 1), (1, width), (width, 1)),
            ]
            if total is not None:
                tape.instructions.append(t.Combine("add", share, share, total, (1, width), (1, width)))
            total = share
        self.note(result, total)


def _identity(argument: Any) -> Any:
    """Equal for arguments that are the same."""
    if isinstance(argument, tuple | list):
        return tuple(map(_identity, argument))
    return (Tensor, id(argument)) if isinstance(argument, Tensor) else repr(argument)


def _share(a: Tensor, b: Tensor) -> bool:
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def _tensors(value: Any) -> list[Tensor]:
    """All tensors of an argument or result."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, tuple | list):
        return []
    return [tensor for each in value for tensor in _tensors(each)]


def _repeats(shape: Any, out: Any) -> tuple[int, int]:
    """How a tensor of ``shape`` broadcasts to ``out``: how often each number repeats, and how many there are."""
    padded = (1,) * (len(out) - len(shape)) + tuple(shape)
    size, repeat = math.prod(shape), 1
    axes = list(zip(padded, out, strict=True))
    while axes and axes[-1][0] == 1:
        repeat *= axes.pop()[1]
    while axes and axes[-1][0] == axes[-1][1]:
        axes.pop()
    if any(own != 1 for own, _ in axes):
        raise NotRecordable(f"{tuple(shape)} does not repeat evenly to {tuple(out)}")
    return repeat, size


def _combine(kind: str, swapped: bool = False) -> Callable[..., None]:
    def handler(recorder: _Recorder, result: Tensor, a: Any, b: Any) -> None:
        recorder.combine(kind, result, *((b, a) if swapped else (a, b)))

    return handler


def _apply(kind: str) -> Callable[..., None]:
    return lambda recorder, result, x, *_, **__: recorder.apply(kind, result, x)


PRIMITIVES = {
    layers.rms_norm: _Recorder.rms_norm,
    layers.rotate: _Recorder.rotate,
    layers.causal_attention: _Recorder.attend,
    layers.soft_cap: _Recorder.cap,
    replace_senses: _Recorder.replaced,
    mix_experts: _Recorder.experts,
}
VIEWS = (
    "unflatten", "transpose", "flatten", "unsqueeze", "squeeze", "reshape", "view", "contiguous", "chunk", "unbind",
    "split", "getitem", "float", "to",
)  # fmt: skip
CALLS = {
    **dict.fromkeys(VIEWS, _Recorder.view),
    **{name: _combine(name) for name in ("add", "mul", "sub", "div")},
    "radd": _combine("add", True), "rmul": _combine("mul", True), "rsub": _combine("sub", True),
    "truediv": _combine("div"),
    **{name: _apply(name) for name in ("silu", "sigmoid", "tanh", "relu", "square")},
    "cat": _Recorder.join, "gelu": _Recorder.gelu, "linear": _Recorder.linear, "layer_norm": _Recorder.layer_norm,
    "sum": _Recorder.sum,
}  # fmt: skip
