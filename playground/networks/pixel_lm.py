"""pixel-lm: a Llama-like decoder with grouped queries (`sage002/pixel`, pixel_100m). Unrelated to the PIXEL of images.

Pre-norm blocks without biases, interleaved RoPE, SwiGLU or, in every ``expert_interval``-th layer, a mixture of them.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from playground import limits
from playground.errors import InvalidConfig
from playground.networks.kv_cache import KVCache, LayerCache
from playground.networks.language import LanguageNetwork
from playground.networks.layers import (
    GatedMLP,
    RMSNorm,
    causal_attention,
    check_dimensions,
    check_divides,
    last,
    merge_heads,
    primitive,
    rotary_angles,
    rotate,
    split_heads,
)


@dataclass(frozen=True)
class MoEConfig:
    """Mixture of experts: which layers have one, how many experts, how many of them a token uses."""

    num_experts: int = 4
    top_k: int = 2
    expert_interval: int = 4

    def __post_init__(self):
        check_dimensions("pixel-lm moe", num_experts=self.num_experts, expert_interval=self.expert_interval)
        check_dimensions("pixel-lm moe", top_k=self.top_k)


@dataclass(frozen=True)
class PixelLMConfig:
    """Sizes of a pixel-lm network; the names are those of ``pixel_model_config.json``."""

    vocab_size: int
    context_length: int
    num_layers: int
    hidden_size: int
    num_attention_heads: int
    num_key_value_heads: int
    intermediate_size: int
    rope_base: float = 500000.0
    rms_norm_eps: float = 1e-5
    tie_word_embeddings: bool = True
    moe: MoEConfig | None = None

    def __post_init__(self):
        check_dimensions(
            "pixel-lm", vocab_size=self.vocab_size, context_length=self.context_length, num_layers=self.num_layers,
            hidden_size=self.hidden_size, num_attention_heads=self.num_attention_heads,
            num_key_value_heads=self.num_key_value_heads, intermediate_size=self.intermediate_size,
        )  # fmt: skip
        check_divides(
            "pixel-lm",
            hidden_size_per_two_attention_heads=(self.hidden_size, 2 * self.num_attention_heads),
            num_attention_heads_per_num_key_value_heads=(self.num_attention_heads, self.num_key_value_heads),
        )
        experts = sum(self.moe.num_experts for i in range(self.num_layers) if self.has_experts(i))
        if experts > limits.EXPERTS:
            raise InvalidConfig(
                f"The pixel-lm config asks for num_experts = {experts:,} over all layers; at most {limits.EXPERTS:,} "
                "are accepted. Check the checkpoint's config file."
            )

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.num_attention_heads

    def has_experts(self, layer: int) -> bool:
        return self.moe is not None and (layer + 1) % self.moe.expert_interval == 0


class Attention(nn.Module):
    def __init__(self, config: PixelLMConfig):
        super().__init__()
        width, shared = config.hidden_size, config.num_key_value_heads * config.head_dim
        self.q_proj = nn.Linear(width, width, bias=False)
        self.k_proj = nn.Linear(width, shared, bias=False)
        self.v_proj = nn.Linear(width, shared, bias=False)
        self.o_proj = nn.Linear(width, width, bias=False)
        self.heads, self.kv_heads = config.num_attention_heads, config.num_key_value_heads

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, cache: LayerCache | None, tail: int | None = None) -> Tensor:
        q = split_heads(self.q_proj(last(x, tail)), self.heads)  # (B, H, tail or T, D)
        q = rotate(q, last(cos, tail, 0), last(sin, tail, 0), "interleaved")
        k = rotate(split_heads(self.k_proj(x), self.kv_heads), cos, sin, "interleaved")  # (B, Hkv, T, D)
        v = split_heads(self.v_proj(x), self.kv_heads)
        if cache is not None:
            k, v = cache.extend(k, v)
        return self.o_proj(merge_heads(causal_attention(q, k, v)))


@primitive
def mix_experts(x: Tensor, scores: Tensor, experts: nn.ModuleList, top_k: int) -> Tensor:
    """Each token's ``top_k`` experts by ``scores (B, T, experts)``, weighted by a softmax over just those."""
    scores, chosen = scores.topk(top_k, dim=-1)  # (B, T, top_k)
    weights = scores.float().softmax(-1).to(x.dtype)
    out = torch.zeros_like(x)
    for index, expert in enumerate(experts):
        *token, rank = (chosen == index).nonzero(as_tuple=True)
        if len(rank):
            out[tuple(token)] += weights[(*token, rank)].unsqueeze(-1) * expert(x[tuple(token)])
    return out


class ExpertMLP(nn.Module):
    """A router and the experts that it chooses from."""

    def __init__(self, config: PixelLMConfig):
        super().__init__()
        self.router = nn.Linear(config.hidden_size, config.moe.num_experts, bias=False)
        self.experts = nn.ModuleList(
            GatedMLP(config.hidden_size, config.intermediate_size) for _ in range(config.moe.num_experts)
        )
        self.top_k = min(config.moe.top_k, config.moe.num_experts)

    def forward(self, x: Tensor) -> Tensor:
        return mix_experts(x, self.router(x), self.experts, self.top_k)


class Block(nn.Module):
    def __init__(self, config: PixelLMConfig, experts: bool):
        super().__init__()
        self.norm1 = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.attention = Attention(config)
        self.norm2 = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.feed_forward = ExpertMLP(config) if experts else GatedMLP(config.hidden_size, config.intermediate_size)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, cache: LayerCache | None, tail: int | None = None) -> Tensor:
        x = last(x, tail) + self.attention(self.norm1(x), cos, sin, cache, tail)
        return x + self.feed_forward(self.norm2(x))


class PixelLM(LanguageNetwork):
    """The whole network; see :class:`LanguageNetwork` for the calls."""

    def __init__(self, config: PixelLMConfig):
        super().__init__(config.vocab_size, config.context_length)
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Block(config, config.has_experts(i)) for i in range(config.num_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.lm_head = None if config.tie_word_embeddings else nn.Linear(config.hidden_size, config.vocab_size, False)

    def new_cache(self) -> KVCache:
        return KVCache([None] * self.config.num_layers)

    def hidden_states(
        self, ids: Tensor, cache: KVCache | None = None, controls: None = None, tail: int | None = None
    ) -> Tensor:
        start, length = self.span(ids, cache)
        x = self.embed_tokens(ids)  # (B, T, hidden_size)
        cos, sin = rotary_angles(start, length, self.config.head_dim, self.config.rope_base, ids.device)
        for i, layer in enumerate(self.layers):
            kept = tail if layer is self.layers[-1] else None
            x = layer(x, cos, sin, None if cache is None else cache.layers[i], kept)
        if cache is not None:
            cache.length += length
        return self.norm(x)

    def unembed(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, (self.lm_head or self.embed_tokens).weight).float()
