"""Backpack language models (Hewitt et al. 2023): a GPT-2 encoder that only decides how to weigh sense vectors.

Each token id has k sense vectors that depend on nothing but the id. The encoder turns the text into weights alpha,
and the next-token logits are the exact sum over (word in the context, sense) of weight times that sense's own logits.
"""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    primitive,
    rows_at,
    split_heads,
)

TOKENS_KEPT = 128  # whose sense vectors edits ask for again and again


@dataclass(frozen=True)
class BackpackConfig:
    """Sizes of a Backpack; the names are those of the published ``config.json``."""

    vocab_size: int
    n_positions: int
    n_embd: int
    n_layer: int
    n_head: int
    num_senses: int
    sense_intermediate_scale: int = 4
    n_inner: int | None = None
    layer_norm_epsilon: float = 1e-5
    scale_attn_weights: bool = True
    scale_attn_by_inverse_layer_idx: bool = True
    divide_by_senses: bool = False  # Levanter's variant: the sum over senses is divided by their number
    normalise_senses: bool = False  # an experimental Levanter variant: a LayerNorm on every sense vector
    tied: bool = True

    def __post_init__(self):
        check_dimensions("backpack", n_embd=self.n_embd)
        check_dimensions(
            "backpack", vocab_size=self.vocab_size, n_positions=self.n_positions,
            n_layers=self.n_layer, n_head=self.n_head, num_senses=self.num_senses, n_inner=self.inner,
            sense_intermediate_scale=self.sense_intermediate_scale,
        )  # fmt: skip
        check_divides("backpack", n_embd_per_n_head=(self.n_embd, self.n_head))
        if self.num_senses > self.n_embd:
            raise InvalidConfig(
                f"The backpack config says num_senses = {self.num_senses}, more than n_embd = {self.n_embd}: "
                "no width is left for the weight of a sense."
            )

    @property
    def inner(self) -> int:
        return 4 * self.n_embd if self.n_inner is None else self.n_inner

    @property
    def sense_head_dim(self) -> int:
        """Width of a sense's query and key; ``num_senses`` times it may be less than ``n_embd``."""
        return self.n_embd // self.num_senses


@dataclass(frozen=True)
class SenseControls:
    """What a batch's edits come to, as plain data.

    Attributes:
        scales: ``(B, S, k)`` factors on the weight of every (position, sense) so far, or None for all ones.
        vectors: per row, sense vectors ``(k, d)`` that replace those of a token id.
        added: ``(B, d)``, one more term of the sum over (word, sense) at every position, or None.
    """

    scales: Tensor | None = None
    vectors: Sequence[Mapping[int, Tensor]] = field(default_factory=tuple)
    added: Tensor | None = None


@primitive
def replace_senses(senses: Tensor, ids: Tensor, rows: Sequence[Mapping[int, Tensor]]) -> Tensor:
    """``senses (B, T, k, d)`` of ``ids (B, T)``, in each row those of some token ids replaced by ``(k, d)``."""
    if any(rows):
        senses = senses.clone()
        for row, replaced in enumerate(rows):
            for token, vectors in replaced.items():
                senses[row, ids[row] == token] = vectors.to(senses.dtype)
    return senses


class Conv1D(nn.Module):
    """A linear layer whose weight is stored ``(in, out)``, as GPT-2 checkpoints store it."""

    def __init__(self, width_in: int, width_out: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width_in, width_out))
        self.bias = nn.Parameter(torch.zeros(width_out))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.t(), self.bias)


class MLP(nn.Module):
    def __init__(self, width: int, hidden: int, width_out: int):
        super().__init__()
        self.c_fc = Conv1D(width, hidden)
        self.c_proj = Conv1D(hidden, width_out)

    def inner(self, x: Tensor) -> Tensor:
        """What the second layer reads, ``(..., hidden)``."""
        return F.gelu(self.c_fc(x), approximate="tanh")

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(self.inner(x))


class Attention(nn.Module):
    def __init__(self, config: BackpackConfig, layer: int):
        super().__init__()
        self.c_attn = Conv1D(config.n_embd, 3 * config.n_embd)
        self.c_proj = Conv1D(config.n_embd, config.n_embd)
        self.heads = config.n_head
        divisor = layer + 1 if config.scale_attn_by_inverse_layer_idx else 1
        self.scale = 1 / (divisor * (math.sqrt(config.n_embd // config.n_head) if config.scale_attn_weights else 1))

    def forward(self, x: Tensor, cache: LayerCache | None) -> Tensor:
        q, k, v = (split_heads(third, self.heads) for third in self.c_attn(x).chunk(3, dim=-1))  # (B, H, T, D)
        if cache is not None:
            k, v = cache.extend(k, v)
        return self.c_proj(merge_heads(causal_attention(q, k, v, scale=self.scale)))


class Block(nn.Module):
    def __init__(self, config: BackpackConfig, layer: int):
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)
        self.attn = Attention(config, layer)
        self.ln_2 = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)
        self.mlp = MLP(config.n_embd, config.inner, config.n_embd)

    def forward(self, x: Tensor, cache: LayerCache | None) -> Tensor:
        x = x + self.attn(self.ln_1(x), cache)
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    """GPT-2 without its head: ids to contextual states ``(B, T, d)``."""

    def __init__(self, config: BackpackConfig):
        super().__init__()
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.h = nn.ModuleList(Block(config, i) for i in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)

    def forward(self, ids: Tensor, start: int, layers: Sequence[LayerCache | None]) -> Tensor:
        x = self.wte(ids) + rows_at(self.wpe.weight, start, ids.shape[1])
        for block, cache in zip(self.h, layers, strict=True):
            x = block(x, cache)
        return self.ln_f(x)


class SenseBlock(nn.Module):
    """The sense network's block: its mixer is the identity, so LN(e) is added to e; a norm follows the residual."""

    def __init__(self, config: BackpackConfig):
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)
        self.mlp = MLP(config.n_embd, 4 * config.n_embd, config.n_embd)
        self.ln_2 = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)

    def forward(self, residual: Tensor) -> Tensor:
        return self.ln_2(residual + self.mlp(self.ln_1(residual)))


class SenseNetwork(nn.Module):
    """Sense vectors ``(..., k, d)`` of embeddings ``(..., d)``."""

    def __init__(self, config: BackpackConfig):
        super().__init__()
        d, k = config.n_embd, config.num_senses
        self.ln = nn.LayerNorm(d, config.layer_norm_epsilon)
        self.block = SenseBlock(config)
        self.final_mlp = MLP(d, config.sense_intermediate_scale * d, k * d)
        self.ln_2 = nn.LayerNorm(d, 1e-5) if config.normalise_senses else None
        self.senses = k

    def features(self, embedding: Tensor) -> Tensor:
        """What the last layer makes the sense vectors of, ``(..., s * d)``: far less work than the vectors."""
        return self.final_mlp.inner(self.block(self.ln(embedding) + embedding))

    def forward(self, embedding: Tensor) -> Tensor:
        senses = self.final_mlp.c_proj(self.features(embedding)).unflatten(-1, (self.senses, -1))
        return senses if self.ln_2 is None else self.ln_2(senses)

    def one(self, embedding: Tensor, sense: int) -> Tensor:
        """The vectors ``(..., d)`` of one sense by itself."""
        width = embedding.shape[-1]
        part, last = slice(sense * width, (sense + 1) * width), self.final_mlp.c_proj
        vectors = self.features(embedding) @ last.weight[:, part] + last.bias[part]
        return vectors if self.ln_2 is None else self.ln_2(vectors)


class Backpack(LanguageNetwork):
    """The whole network; see :class:`LanguageNetwork` for the calls. Row l of ``senses`` is sense l."""

    def __init__(self, config: BackpackConfig):
        super().__init__(config.vocab_size, config.n_positions)
        self.config = config
        self.encoder = Encoder(config)
        self.sense_network = SenseNetwork(config)
        self.sense_weight_net = nn.Linear(config.n_embd, 2 * config.num_senses * config.sense_head_dim)
        self.lm_head = None if config.tied else nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.derived: dict[Any, Tensor] = {}  # tables that edits made from the weights; they live as long as these
        self.read_edit: Callable[[Mapping[str, Any]], Any] | None = None  # makes an edit of an edit document

    def keep(self, kind: str, key: Hashable, value: Tensor, most: int) -> Tensor:
        """Remember ``value``, made from the weights, as ``derived[kind, key]`` with the latest ``most`` of its kind."""
        others = [name for name in tuple(self.derived) if isinstance(name, tuple) and name[0] == kind]
        for name in others[: len(others) + 1 - most]:
            self.derived.pop(name, None)
        self.derived[kind, key] = value
        return value

    @property
    def word_vectors(self) -> Tensor:
        """The table ``(V, d)`` that turns hidden states into logits."""
        return (self.lm_head or self.encoder.wte).weight

    @property
    def num_senses(self) -> int:
        return self.config.num_senses

    @property
    def sense_divisor(self) -> int:
        """What the sum over senses is divided by: their number in Levanter's variant, else 1."""
        return self.config.num_senses if self.config.divide_by_senses else 1

    def new_cache(self) -> KVCache:
        return KVCache([None] * (self.config.n_layer + 1))  # the last one holds sense keys and sense vectors

    def sense_vectors(self, ids: Tensor) -> Tensor:
        """Sense vectors ``(*ids.shape, k, d)`` of token ids; they depend on the id alone."""
        return self.sense_network(self.encoder.wte(ids))

    def _senses_of_all(self, ids: Tensor) -> Tensor:
        """As :meth:`sense_vectors`, each token of a longer text computed once: words come again."""
        if ids.numel() == 1 or torch.is_grad_enabled():
            return self.sense_vectors(ids)
        tokens, places = ids.unique(return_inverse=True)
        return self.sense_vectors(tokens)[places]

    @torch.inference_mode()
    def token_senses(self, token_id: int) -> Tensor:
        """Sense vectors ``(k, d)`` of one token; those of the latest few asked for are remembered."""
        known = self.derived.get(("senses", token_id))
        if known is None:
            vectors = self.sense_vectors(torch.tensor(token_id, device=self.word_vectors.device))
            known = self.keep("senses", token_id, vectors, TOKENS_KEPT)
        return known

    def _sense_queries(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Queries and keys, each ``(B, k, T, h)``, that weigh the senses, from the encoder's ``states (B, T, d)``."""
        return tuple(split_heads(half, self.num_senses) for half in self.sense_weight_net(states).chunk(2, dim=-1))

    def sense_weights(self, ids: Tensor) -> Tensor:
        """Float32 alpha ``(B, k, T_query, T_key)`` of ``ids (B, T)``: causal, non-negative, rows sum to 1."""
        start, length = self.span(ids, None)
        q, k = self._sense_queries(self.encoder(ids, start, [None] * self.config.n_layer))
        scores = (q @ k.transpose(-1, -2)).float() / math.sqrt(self.config.sense_head_dim)
        future = torch.ones(length, length, dtype=torch.bool, device=ids.device).triu(1)
        return scores.masked_fill(future, -torch.inf).softmax(-1)

    def read_on(self, ids: Tensor, cache: KVCache) -> tuple[Tensor, Tensor]:
        """Queries and keys, each ``(B, k, T, h)``, of the sense weights of ``ids (B, T)`` after what ``cache`` holds.

        A query's weights over all keys up to its own position are ``softmax(query . key / sqrt(h))``.
        """
        start, length = self.span(ids, cache)
        queries, keys = self._sense_queries(self.encoder(ids, start, cache.layers[:-1]))
        cache.length += length
        return queries, keys

    def hidden_states(
        self, ids: Tensor, cache: KVCache | None = None, controls: SenseControls | None = None, tail: int | None = None
    ) -> Tensor:
        start, length = self.span(ids, cache)
        layers = [None] * (self.config.n_layer + 1) if cache is None else cache.layers
        q, k = self._sense_queries(self.encoder(ids, start, layers[:-1]))
        senses = self._senses_of_all(ids)  # (B, T, k, d)
        if controls is not None:
            senses = replace_senses(senses, ids, controls.vectors)
        senses = senses.transpose(1, 2)  # (B, k, T, d)
        if layers[-1] is not None:
            k, senses = layers[-1].extend(k, senses)
        factors = None if controls is None or controls.scales is None else controls.scales.transpose(1, 2)
        if cache is not None:
            cache.length += length
        # Attention whose heads are senses and whose values are sense vectors: exactly the paper's sum.
        hidden = causal_attention(last(q, tail, 2), k, senses, factors=factors).sum(1)
        if controls is not None and controls.added is not None:
            hidden = hidden + controls.added.unsqueeze(1).to(hidden.dtype)
        return hidden / self.sense_divisor

    def combine(self, alpha: Tensor, senses: Tensor) -> Tensor:
        """Hidden states ``(B, T, d)`` for any weights ``alpha (B, k, T, S)`` over ``senses (B, S, k, d)``."""
        return torch.einsum("bkts,bskd->btd", alpha.to(senses.dtype), senses) / self.sense_divisor

    def unembed(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.word_vectors).float()

    def _edit(self, edit: Any) -> Any:
        return edit if self.read_edit is None or not isinstance(edit, Mapping) else self.read_edit(edit)

    def controls(self, rows: Sequence[tuple[Sequence[Any], Sequence[int]]]) -> SenseControls | None:
        """See :meth:`LanguageNetwork.controls`. An edit offers ``scales(network, ids) -> (T, k)``,
        ``vectors(network, replaced) -> {token_id: (k, d)}`` and ``added(network, replaced) -> (d,)`` or None; several
        edits of a row multiply, follow each other, or add up. Edit documents are read by ``read_edit``, if it is set.
        """
        if not any(edits for edits, _ in rows):
            return None
        scales, vectors, added = [], [], []
        for edits, ids in rows:
            factor = torch.ones(len(ids), self.num_senses, device=self.word_vectors.device)
            replaced: dict[int, Tensor] = {}
            term = torch.zeros_like(self.word_vectors[0])  # (d,)
            for edit in map(self._edit, edits):
                factor = factor * edit.scales(self, ids)
                replaced |= edit.vectors(self, replaced)
                more = edit.added(self, replaced)
                term = term if more is None else term + more
            scales.append(factor)
            vectors.append(replaced)
            added.append(term)
        table, terms = torch.stack(scales), torch.stack(added)
        return SenseControls(None if bool((table == 1).all()) else table, vectors, terms if bool(terms.any()) else None)
