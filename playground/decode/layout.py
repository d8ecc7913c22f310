"""How matrices lie in memory: each way to compute a token step reads one order much faster than the other."""

from typing import Any
from weakref import WeakKeyDictionary

import torch.nn.functional as F
from torch import Tensor

from playground.decode.tape import Early, MatVec, Tape
from playground.networks.language import LanguageNetwork

_LAID: WeakKeyDictionary[LanguageNetwork, bool] = WeakKeyDictionary()


def lay_out(network: LanguageNetwork, tape: Tape, by_inputs: bool) -> bool:
    """Lay the matrices of a step out as ``(inputs, outputs)``, or as ``(outputs, inputs)``, in place and one by one.

    Returns:
        Whether any was laid out anew; ``tape``, the network's, then knows them as they lay before.
    """
    if _LAID.get(network) == by_inputs:
        return False
    own = {parameter.data_ptr(): parameter for parameter in network.parameters() if parameter.dim() == 2}
    changed = False
    for matrix, lies_by_inputs in matrices_of(tape):
        parameter = own.pop(matrix.data_ptr(), None)
        if lies_by_inputs != by_inputs and parameter is not None and parameter.numel() == matrix.numel():
            data = parameter.data
            parameter.data = data.t().contiguous().t() if data.is_contiguous() else data.contiguous()
            changed = True
    _LAID[network] = by_inputs
    return changed


def matrices_of(tape: Tape) -> list[tuple[Tensor, bool]]:
    """The matrices of the step but experts, and of what new tokens bring into it, each with whether it lies as
    ``(inputs, outputs)``."""
    step = [
        (tape.matrices[i.matrix], i.transposed) for i in tape.instructions if isinstance(i, MatVec) and i.choice is None
    ]
    return step + [(weight, not weight.is_contiguous()) for _, early in tape.early for weight in _linears(early)]


def _linears(node: Any) -> list[Tensor]:
    """The weights of the linear layers that an early value passes."""
    if isinstance(node, tuple | list):
        return [weight for each in node for weight in _linears(each)]
    if not isinstance(node, Early):
        return []
    own = [node.arguments[1]] if node.function is F.linear else []
    return own + _linears(node.arguments)
