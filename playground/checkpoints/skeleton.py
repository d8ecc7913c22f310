"""A network's modules without memory for its parameters, which the loader then takes from a file."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from playground.errors import InvalidConfig


class _WithoutInitialisation(TorchFunctionMode):
    """Leaves out ``torch.nn.init``: on tensors without memory it does nothing, and takes a second to import that."""

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


def skeleton(name: str, build: Callable[[Any], nn.Module], config: Any) -> nn.Module:
    """``build(config)`` on the meta device.

    Raises:
        InvalidConfig: sizes that are allowed one by one, but describe no possible network together.
    """
    try:
        with torch.device("meta"), _WithoutInitialisation():
            return build(config)
    except (RuntimeError, OverflowError, MemoryError):
        raise InvalidConfig(
            f"The config describes a {name} network that is too large for any machine. Check its sizes."
        ) from None
