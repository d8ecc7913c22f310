"""Pieces that several networks share: RMS normalisation, rotary positions, masked attention, config checks.

Those marked :func:`primitive` are seen whole by a torch function mode, so that decode/recording.py can tell them apart.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import wrap_torch_function

from playground import limits
from playground.errors import InvalidConfig

Pairing = Literal["interleaved", "half"]

primitive = wrap_torch_function(lambda *inputs, **options: inputs)


@primitive
def rms_norm(x: Tensor, eps: float, weight: Tensor | None = None) -> Tensor:
    """``x / sqrt(mean(x^2) + eps)`` over the last axis, statistics in float32, then times ``weight`` if given."""
    stats = x.float()
    normed = (stats * torch.rsqrt(stats.pow(2).mean(-1, keepdim=True) + eps)).to(x.dtype)
    return normed if weight is None else normed * weight


class RMSNorm(nn.Module):
    """RMS normalisation with a learned weight (Zhang & Sennrich 2019)."""

    def __init__(self, width: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return rms_norm(x, self.eps, self.weight)


class GatedMLP(nn.Module):
    """``down(silu(gate(x)) * up(x))``, no biases (SwiGLU, Shazeer 2020)."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


@primitive
def rotary_angles(start: int, length: int, head_dim: int, base: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each float32 ``(length, head_dim / 2)``, of ``position * base^(-2j / head_dim)``."""
    positions = torch.arange(start, start + length, dtype=torch.float32, device=device)
    exponents = torch.arange(0, head_dim, 2, dtype=torch.float32, device=device) / head_dim
    angles = torch.outer(positions, base**-exponents)
    return angles.cos(), angles.sin()


@primitive
def rotate(x: Tensor, cos: Tensor, sin: Tensor, pairing: Pairing) -> Tensor:
    """Rotate pairs of ``x (..., T, head_dim)`` by the given angles, in float32 (RoPE, Su et al. 2021).

    ``interleaved`` pairs dimensions (0, 1), (2, 3), …; ``half`` pairs (j, j + head_dim / 2).
    """
    if pairing == "interleaved":
        a, b = x.float().unflatten(-1, (-1, 2)).unbind(-1)
        rotated = torch.stack((a * cos - b * sin, a * sin + b * cos), dim=-1).flatten(-2)
    else:
        a, b = x.float().chunk(2, dim=-1)
        rotated = torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)
    return rotated.to(x.dtype)


def visible(queries: int, keys: int, window: int | None, device: torch.device) -> Tensor:
    """Boolean ``(queries, keys)`` mask; the queries are the last of the keys' positions.

    A query sees itself and what came before it, at most ``window`` keys in all.
    """
    distance = torch.arange(keys - queries, keys, device=device)[:, None] - torch.arange(keys, device=device)
    mask = distance >= 0
    return mask if window is None else mask & (distance < window)


@primitive
def causal_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    window: int | None = None,
    scale: float | None = None,
    factors: Tensor | None = None,
) -> Tensor:
    """Softmax attention of ``q (B, Hq, T, D)`` over ``k, v (B, Hkv, S, D)``; returns ``(B, Hq, T, D)``.

    The queries stand at the last T of the S positions, ``window`` counts visible keys, and each key head serves
    ``Hq / Hkv`` consecutive query heads. A single query over no more than ``window`` keys sees all of them, in
    whatever order a ring buffer holds them. ``factors (B, Hkv, S)`` multiply the values.
    """
    if factors is not None:
        v = v * factors.unsqueeze(-1).to(v.dtype)
    queries, keys = q.shape[2], k.shape[2]
    everything = window is None or keys <= window
    shared = {"scale": scale, "enable_gqa": q.shape[1] != k.shape[1]}
    if queries == 1 and everything:
        return F.scaled_dot_product_attention(q, k, v, **shared)
    if queries == keys and everything:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, **shared)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=visible(queries, keys, window, q.device), **shared)


@primitive
def rows_at(table: Tensor, start: int, length: int) -> Tensor:
    """Rows ``(length, D)`` of a table of learned positions, from position ``start`` on."""
    return table[start : start + length]


def last(x: Tensor, tail: int | None, axis: int = 1) -> Tensor:
    """The last ``tail`` positions of ``x``, which lie along ``axis``; all of them if ``tail`` is None."""
    return x if tail is None else x.narrow(axis, x.shape[axis] - tail, tail)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """``(B, T, heads * D)`` to ``(B, heads, T, D)``."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """``(B, heads, T, D)`` to ``(B, T, heads * D)``."""
    return x.transpose(1, 2).flatten(2)


@primitive
def soft_cap(logits: Tensor, cap: float) -> Tensor:
    """``cap * tanh(logits / cap)``; a cap of 0 means none (Gemma 2, 2024)."""
    return cap * torch.tanh(logits / cap) if cap else logits


def check_dimensions(network: str, **dimensions: int) -> None:
    """Raise :class:`InvalidConfig` for a dimension that is no integer from 1 to ``limits.DIMENSION``, or a number of
    layers or experts that is none from 1 to ``limits.LAYERS``."""
    for name, value in dimensions.items():
        most = limits.LAYERS if "layers" in name or "experts" in name else limits.DIMENSION
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise InvalidConfig(
                f"The {network} config says {name} = {value!r:.60}, but it must be a whole number from 1 to {most:,}. "
                "Check the checkpoint's config file."
            )


def check_divides(network: str, **pairs: tuple[int, int]) -> None:
    """Raise :class:`InvalidConfig` unless, for each ``name=(whole, part)``, ``part`` divides ``whole``."""
    for name, (whole, part) in pairs.items():
        if whole % part:
            raise InvalidConfig(
                f"The {network} config is inconsistent: {name.replace('_per_', ' must be a multiple of ')}, "
                f"but {whole} is no multiple of {part}. Check the checkpoint's config file."
            )
