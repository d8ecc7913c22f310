"""A PIXEL network of grey pictures as one of three colours, and back.

Published networks read and write three colours. One trained on grey pictures computes the same as its form of three
colours does of a picture whose colours are equal.
"""

import torch
from torch import Tensor

COLOURS = 3


def split_in_three(weight: Tensor) -> Tensor:
    """``(D, 1, P, P)`` to ``(D, 3, P, P)`` of the same 16-bit type, whose sum over the colours is exactly ``weight``.

    The first two are the rounded third. What is left for the last one is as short a number, so nothing is lost.
    """
    third = (weight.float() / COLOURS).to(weight.dtype)
    rest = (weight.float() - 2 * third.float()).to(weight.dtype)
    return torch.cat((third, third, rest), dim=1)


def in_colour(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a grey network as those of one with three colours; in a patch the colour runs fastest."""
    changed = {"encoder.projection.weight": split_in_three(tensors["encoder.projection.weight"])}
    for name in ("decoder.decoder_pred.weight", "decoder.decoder_pred.bias"):
        changed[name] = tensors[name].repeat_interleave(COLOURS, dim=0)
    return tensors | changed


def in_grey(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """What :func:`in_colour` made three colours of, as a grey network's again."""
    changed = {"encoder.projection.weight": tensors["encoder.projection.weight"].sum(1, keepdim=True)}
    for name in ("decoder.decoder_pred.weight", "decoder.decoder_pred.bias"):
        changed[name] = tensors[name][::COLOURS]
    return tensors | changed
