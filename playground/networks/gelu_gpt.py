"""gelu-gpt: a GPT of the nanochat lineage (`mlnomad/gelu-d12-chinchilla-261M-pytorch`).

RMS norms without weights, QK-norm after RoPE, a smear of the previous token's embedding, gated value embeddings in
every second layer, per-layer residual scales, short and long windows, a back-out of the middle layer, a soft cap.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from playground.errors import InvalidConfig
from playground.networks.kv_cache import KVCache, LayerCache
from playground.networks.language import LanguageNetwork
from playground.networks.layers import (
    causal_attention,
    check_dimensions,
    check_divides,
    last,
    merge_heads,
    rms_norm,
    rotary_angles,
    rotate,
    soft_cap,
    split_heads,
)

NORM_EPS = 1e-6
QK_GAIN = 1.2
LOGIT_CAP = 15.0
GATE_WIDTH = 12  # dimensions of the block input that a value-embedding gate reads
SMEAR_WIDTH = 24  # dimensions of the token's embedding that the smear gate reads
SHORT_WINDOW_STEP = 128


@dataclass(frozen=True)
class GeluGPTConfig:
    """Sizes of a gelu-gpt network; the names are those of the published ``config.json``, with its defaults."""

    sequence_len: int = 1024
    vocab_size: int = 32768
    n_layer: int = 12
    n_head: int = 12
    n_kv_head: int = 12
    n_embd: int = 768
    window_pattern: str = "SSSL"
    tie_embeddings: bool = True
    rope_base: float = 100000.0
    pad_vocab_size_to: int = 64
    mlp: str = "gelu"

    def __post_init__(self):
        check_dimensions(
            "gelu-gpt", sequence_len=self.sequence_len, vocab_size=self.vocab_size, n_layers=self.n_layer,
            n_head=self.n_head, n_kv_head=self.n_kv_head, n_embd=self.n_embd,
            pad_vocab_size_to=self.pad_vocab_size_to,
        )  # fmt: skip
        check_divides(
            "gelu-gpt",
            n_embd_per_two_heads=(self.n_embd, 2 * self.n_head),
            n_head_per_n_kv_head=(self.n_head, self.n_kv_head),
        )
        if self.mlp not in ("gelu", "relu2"):
            raise InvalidConfig(f"The gelu-gpt config says mlp = {self.mlp!r}; known are 'gelu' and 'relu2'.")
        pattern = self.window_pattern
        if not isinstance(pattern, str) or not pattern or set(pattern.upper()) - {"S", "L"}:
            raise InvalidConfig(
                f"The gelu-gpt config says window_pattern = {pattern!r}; it must be made of the letters S and L."
            )
        if self.n_embd < SMEAR_WIDTH:
            raise InvalidConfig(f"The gelu-gpt config says n_embd = {self.n_embd}, but the smear gate reads 24.")

    @property
    def head_dim(self) -> int:
        return self.n_embd // self.n_head

    @property
    def padded_vocab_size(self) -> int:
        return -(-self.vocab_size // self.pad_vocab_size_to) * self.pad_vocab_size_to

    @property
    def backout_layer(self) -> int:
        return self.n_layer // 2

    def has_value_embedding(self, layer: int) -> bool:
        return layer % 2 == (self.n_layer - 1) % 2

    def window(self, layer: int) -> int:
        """How many keys a query of this layer sees: its window plus the query's own position."""
        short = SHORT_WINDOW_STEP * math.ceil(math.ceil(self.sequence_len / 4) / SHORT_WINDOW_STEP)
        letter = self.window_pattern[layer % len(self.window_pattern)].upper()
        return 1 + (short if letter == "S" and layer != self.n_layer - 1 else self.sequence_len)


class Attention(nn.Module):
    def __init__(self, config: GeluGPTConfig, layer: int):
        super().__init__()
        width, shared = config.n_embd, config.n_kv_head * config.head_dim
        self.c_q = nn.Linear(width, width, bias=False)
        self.c_k = nn.Linear(width, shared, bias=False)
        self.c_v = nn.Linear(width, shared, bias=False)
        self.c_proj = nn.Linear(width, width, bias=False)
        gated = config.has_value_embedding(layer)
        self.ve_gate = nn.Linear(GATE_WIDTH, config.n_kv_head, bias=False) if gated else None
        self.heads, self.kv_heads, self.window = config.n_head, config.n_kv_head, config.window(layer)

    def forward(
        self, h: Tensor, value_embedding: Tensor | None, cos: Tensor, sin: Tensor, cache: LayerCache | None,
        tail: int | None = None,
    ) -> Tensor:  # fmt: skip
        q = split_heads(self.c_q(last(h, tail)), self.heads)  # (B, H, tail or T, D)
        k = split_heads(self.c_k(h), self.kv_heads)  # (B, Hkv, T, D)
        v = split_heads(self.c_v(h), self.kv_heads)
        if value_embedding is not None:
            gate = 3 * torch.sigmoid(self.ve_gate(h[..., :GATE_WIDTH]))  # (B, T, Hkv)
            v = v + gate.transpose(1, 2).unsqueeze(-1) * split_heads(value_embedding, self.kv_heads)
        # The published rotation is by minus the angle, hence -sin.
        q = QK_GAIN * rms_norm(rotate(q, last(cos, tail, 0), -last(sin, tail, 0), "half"), NORM_EPS)
        k = QK_GAIN * rms_norm(rotate(k, cos, -sin, "half"), NORM_EPS)
        if cache is not None:
            k, v = cache.extend(k, v)
        return self.c_proj(merge_heads(causal_attention(q, k, v, self.window)))


class MLP(nn.Module):
    def __init__(self, config: GeluGPTConfig):
        super().__init__()
        self.c_fc = nn.Linear(config.n_embd, 4 * config.n_embd, bias=False)
        self.c_proj = nn.Linear(4 * config.n_embd, config.n_embd, bias=False)
        self.squares = config.mlp == "relu2"

    def forward(self, x: Tensor) -> Tensor:
        x = self.c_fc(x)
        return self.c_proj(F.relu(x).square() if self.squares else F.gelu(x, approximate="tanh"))


class Block(nn.Module):
    def __init__(self, config: GeluGPTConfig, layer: int):
        super().__init__()
        self.attn = Attention(config, layer)
        self.mlp = MLP(config)

    def forward(
        self, x: Tensor, value_embedding: Tensor | None, cos: Tensor, sin: Tensor, cache: LayerCache | None,
        tail: int | None = None,
    ) -> Tensor:  # fmt: skip
        x = last(x, tail) + self.attn(rms_norm(x, NORM_EPS), value_embedding, cos, sin, cache, tail)
        return x + self.mlp(rms_norm(x, NORM_EPS))


class GeluGPT(LanguageNetwork):
    """The whole network; see :class:`LanguageNetwork` for the calls.

    Positions run to ten times the trained length, as far as the published rotary table reaches.
    """

    def __init__(self, config: GeluGPTConfig):
        super().__init__(config.vocab_size, 10 * config.sequence_len)
        self.config = config
        rows, shared = config.padded_vocab_size, config.n_kv_head * config.head_dim
        self.wte = nn.Embedding(rows, config.n_embd)
        self.blocks = nn.ModuleList(Block(config, i) for i in range(config.n_layer))
        self.value_embeds = nn.ModuleDict(
            {str(i): nn.Embedding(rows, shared) for i in range(config.n_layer) if config.has_value_embedding(i)}
        )
        self.resid_lambdas = nn.Parameter(torch.ones(config.n_layer))
        self.x0_lambdas = nn.Parameter(torch.zeros(config.n_layer))
        self.smear_gate = nn.Linear(SMEAR_WIDTH, 1, bias=False)
        self.smear_lambda = nn.Parameter(torch.zeros(1))
        self.backout_lambda = nn.Parameter(torch.zeros(1))
        self.lm_head = None if config.tie_embeddings else nn.Linear(config.n_embd, rows, bias=False)

    def new_cache(self) -> KVCache:
        return KVCache([self.config.window(i) for i in range(self.config.n_layer)])

    def _smear(self, e: Tensor, cache: KVCache | None) -> Tensor:
        """Add to each embedding of ``e (B, T, C)`` a gated share of the one before it."""
        before = torch.zeros_like(e[:, :1]) if cache is None or cache.carry is None else cache.carry
        if cache is not None:
            cache.carry = e[:, -1:]
        previous = torch.cat((before, e[:, :-1]), dim=1)
        gate = torch.sigmoid(self.smear_gate(e[..., :SMEAR_WIDTH]))  # (B, T, 1)
        return e + self.smear_lambda * gate * previous

    def hidden_states(
        self, ids: Tensor, cache: KVCache | None = None, controls: None = None, tail: int | None = None
    ) -> Tensor:
        start, length = self.span(ids, cache)
        x = x0 = self._smear(rms_norm(self.wte(ids), NORM_EPS), cache)  # (B, T, n_embd)
        cos, sin = rotary_angles(start, length, self.config.head_dim, self.config.rope_base, ids.device)
        middle = x
        for i, block in enumerate(self.blocks):
            x = self.resid_lambdas[i] * x + self.x0_lambdas[i] * x0
            value_embedding = self.value_embeds[str(i)](ids) if self.config.has_value_embedding(i) else None
            kept = tail if block is self.blocks[-1] else None
            x = block(x, value_embedding, cos, sin, None if cache is None else cache.layers[i], kept)
            if i == self.config.backout_layer:
                middle = x
        if cache is not None:
            cache.length += length
        return rms_norm(x - self.backout_lambda * last(middle, tail), NORM_EPS)

    def unembed(self, hidden: Tensor) -> Tensor:
        table = (self.lm_head or self.wte).weight[: self.config.vocab_size]
        return soft_cap(F.linear(hidden, table).float(), LOGIT_CAP)
