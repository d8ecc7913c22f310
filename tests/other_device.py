"""A second device for tests on a machine that has one: its tensors have numbers, but do not mix with those of the CPU.

It goes by the name "meta", the only device beside the CPU that every build of torch knows. As on a GPU, a tensor moves
by ``to``, ``cpu``, ``copy_`` or an assignment, a single number mixes with anything, and there is no ``numpy()``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

NAME = "meta"
MOVING = {"copy_", "_to_copy"}
INDEXING = {"index", "index_put_", "_index_put_impl_"}  # whose indices may come from the CPU


class Elsewhere(Tensor):
    """A tensor on the other device; ``own`` holds its numbers."""

    @staticmethod
    def __new__(cls, own: Tensor) -> "Elsewhere":
        with torch.inference_mode(False):
            self = torch.Tensor._make_wrapper_subclass(
                cls, own.shape, strides=own.stride(), storage_offset=own.storage_offset(), dtype=own.dtype, device=NAME
            )
        self.own = own
        return self

    def __repr__(self, **_: Any) -> str:
        return f"Elsewhere({self.own})"

    def numpy(self, **_: Any) -> None:
        raise TypeError("a tensor of another device has no numpy()")

    def tolist(self) -> Any:
        return self.own.tolist()

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        return dispatch(func, args, kwargs or {})


@contextmanager
def other_device() -> Iterator[None]:
    """Within it, tensors can be made on the other device."""
    with _Dispatch(), _Constructors():
        yield


class _Constructors(TorchFunctionMode):
    """What is not dispatched: torch.tensor and torch.as_tensor of plain numbers, and lists of indices."""

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        named = kwargs.get("device")
        if func in (torch.tensor, torch.as_tensor) and named is not None and torch.device(named).type == NAME:
            return func(*args, **kwargs | {"device": "cpu"}).to(NAME)
        if func in (Tensor.__getitem__, Tensor.__setitem__):
            args = (args[0], _indices(args[1]), *args[2:])
        return func(*args, **kwargs)


def _indices(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(map(_indices, index))
    return torch.tensor(index, dtype=None if index else torch.int64) if isinstance(index, list) else index


class _Dispatch(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        return dispatch(func, args, kwargs or {})


def dispatch(func: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Run ``func`` on the numbers; the result is where its inputs are, or where ``device`` says."""
    name = func.overloadpacket.__name__
    tensors = [each for each in tree_flatten((args, kwargs))[0] if isinstance(each, Tensor)]
    there = [each for each in tensors if isinstance(each, Elsewhere)]
    if any(each.device.type == NAME and not isinstance(each, Elsewhere) for each in tensors):
        raise RuntimeError(f"{name}: a tensor was made outside of other_device()")
    named = kwargs.get("device")
    away = bool(there) if named is None else torch.device(named).type == NAME
    if there and name not in MOVING:
        for each in (args[0], *args[2:3]) if name in INDEXING else tensors:
            if not isinstance(each, Elsewhere) and each.dim():
                raise RuntimeError(f"{name}: tensors of two devices are mixed")
    if named is not None:
        kwargs = kwargs | {"device": torch.device("cpu")}
    result = func(*tree_map(_own, args), **tree_map(_own, kwargs))
    written = [
        kwargs.get(argument.name, args[place] if place < len(args) else None)
        for place, argument in enumerate(func._schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    ]
    if written and len(func._schema.returns) == 1:
        return written[0]
    return tree_map(Elsewhere, result, is_leaf=_is_tensor) if away and _has_tensor(result) else result


def _own(value: Any) -> Any:
    return value.own if isinstance(value, Elsewhere) else value


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


def _has_tensor(value: Any) -> bool:
    return any(isinstance(each, Tensor) for each in tree_flatten(value)[0])


def moved(network: nn.Module) -> nn.Module:
    """``network`` with its parameters on the other device."""
    known: dict[int, nn.Parameter] = {}
    for module in network.modules():
        for name, parameter in tuple(module._parameters.items()):
            if parameter is not None:
                if id(parameter) not in known:
                    known[id(parameter)] = nn.Parameter(Elsewhere(parameter.detach()), requires_grad=False)
                module._parameters[name] = known[id(parameter)]
    return network
