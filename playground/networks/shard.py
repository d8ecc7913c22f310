"""Shard: a decoder whose layers alternate between sliding and global attention (`CompactAI-O/Shard-1`).

Pre-norm blocks without biases, RoPE on the whole head, SwiGLU, tied head, logits softly capped.
"""

from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor, nn

from playground.errors import InvalidConfig
from playground.networks.kv_cache import KVCache, LayerCache
from playground.networks.language import LanguageNetwork
from playground.networks.layers import (
    GatedMLP,
    Pairing,
    RMSNorm,
    causal_attention,
    check_dimensions,
    last,
    merge_heads,
    rotary_angles,
    rotate,
    soft_cap,
    split_heads,
)


@dataclass(frozen=True)
class ShardConfig:
    """Sizes and choices of a Shard network; the names are those of the published ``cfg``."""

    vocab_size: int
    dim: int
    n_layers: int
    n_heads: int
    head_dim: int
    mlp_hidden: int
    max_seq_len: int = 8192
    attention_pattern: str = "gemma4"  # alternating; "all_global" has no sliding layers
    sliding_window: int = 1024  # visible keys, the query's own included
    lm_head_logit_cap: float = 30.0
    norm_eps: float = 1e-5
    rope_base: float = 10000.0
    rope_base_known: bool = False  # whether the file or the user fixed the base
    rope_pairing: Pairing = "interleaved"
    tied: bool = True

    def __post_init__(self):
        check_dimensions(
            "shard", vocab_size=self.vocab_size, dim=self.dim, n_layers=self.n_layers, n_heads=self.n_heads,
            head_dim=self.head_dim, mlp_hidden=self.mlp_hidden, max_seq_len=self.max_seq_len,
            sliding_window=self.sliding_window,
        )  # fmt: skip
        if self.attention_pattern not in ("gemma4", "all_global"):
            raise InvalidConfig(
                f"The shard config says attention_pattern = {self.attention_pattern!r}; "
                "known are 'gemma4' and 'all_global'."
            )
        if self.rope_pairing not in ("interleaved", "half"):
            raise InvalidConfig(f"rope_pairing is {self.rope_pairing!r}; it must be 'interleaved' or 'half'.")
        if self.head_dim % 2:
            raise InvalidConfig(f"The shard config says head_dim = {self.head_dim}, but RoPE needs an even one.")

    def window(self, layer: int) -> int | None:
        """How many keys a query of this layer sees; None for a global layer (odd ones and the last)."""
        slides = self.attention_pattern == "gemma4" and layer % 2 == 0 and layer != self.n_layers - 1
        return self.sliding_window if slides else None


class ShardAttention(nn.Module):
    def __init__(self, config: ShardConfig, window: int | None):
        super().__init__()
        inner = config.n_heads * config.head_dim
        self.q = nn.Linear(config.dim, inner, bias=False)
        self.k = nn.Linear(config.dim, inner, bias=False)
        self.v = nn.Linear(config.dim, inner, bias=False)
        self.o = nn.Linear(inner, config.dim, bias=False)
        self.heads, self.pairing, self.window = config.n_heads, config.rope_pairing, window

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, cache: LayerCache | None, tail: int | None = None) -> Tensor:
        k, v = (split_heads(project(x), self.heads) for project in (self.k, self.v))  # (B, H, T, D)
        q = split_heads(self.q(last(x, tail)), self.heads)  # (B, H, tail or T, D)
        q = rotate(q, last(cos, tail, 0), last(sin, tail, 0), self.pairing)
        k = rotate(k, cos, sin, self.pairing)
        if cache is not None:
            k, v = cache.extend(k, v)
        return self.o(merge_heads(causal_attention(q, k, v, self.window)))


class ShardBlock(nn.Module):
    def __init__(self, config: ShardConfig, window: int | None):
        super().__init__()
        self.norm1 = RMSNorm(config.dim, config.norm_eps)
        self.attention = ShardAttention(config, window)
        self.norm2 = RMSNorm(config.dim, config.norm_eps)
        self.mlp = GatedMLP(config.dim, config.mlp_hidden)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, cache: LayerCache | None, tail: int | None = None) -> Tensor:
        x = last(x, tail) + self.attention(self.norm1(x), cos, sin, cache, tail)
        return x + self.mlp(self.norm2(x))


class Shard(LanguageNetwork):
    """The whole network; see :class:`LanguageNetwork` for the calls."""

    def __init__(self, config: ShardConfig):
        super().__init__(config.vocab_size, config.max_seq_len)
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.dim)
        self.blocks = nn.ModuleList(ShardBlock(config, config.window(i)) for i in range(config.n_layers))
        self.norm = RMSNorm(config.dim, config.norm_eps)
        self.head = None if config.tied else nn.Linear(config.dim, config.vocab_size, bias=False)

    def use_rotary(self, pairing: Pairing, base: float) -> None:
        """Switch pairing and base of the rotary positions: published Shard files fix neither."""
        self.config = replace(self.config, rope_pairing=pairing, rope_base=base)
        for block in self.blocks:
            block.attention.pairing = pairing

    def new_cache(self) -> KVCache:
        return KVCache([self.config.window(i) for i in range(self.config.n_layers)])

    def hidden_states(
        self, ids: Tensor, cache: KVCache | None = None, controls: None = None, tail: int | None = None
    ) -> Tensor:
        start, length = self.span(ids, cache)
        x = self.embedding(ids)  # (B, T, dim)
        cos, sin = rotary_angles(start, length, self.config.head_dim, self.config.rope_base, ids.device)
        for i, block in enumerate(self.blocks):
            kept = tail if block is self.blocks[-1] else None
            x = block(x, cos, sin, None if cache is None else cache.layers[i], kept)
        if cache is not None:
            cache.length += length
        return self.norm(x)

    def unembed(self, hidden: Tensor) -> Tensor:
        table = self.embedding.weight if self.head is None else self.head.weight
        return soft_cap(F.linear(hidden, table).float(), self.config.lm_head_logit_cap)
