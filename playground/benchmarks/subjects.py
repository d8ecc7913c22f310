"""What is measured: networks of the published sizes with random weights, and a Llama that reads as many bytes a token.

A size is "published"; "quick", which has few layers; or "tiny", as in the tests.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from playground.benchmarks.random_checkpoint import LAYOUTS
from playground.checkpoints.families import backpack, gelu_gpt, pixel_lm, shard
from playground.checkpoints.families.base import Family
from playground.checkpoints.model import LanguageModel, language_class
from playground.checkpoints.skeleton import skeleton
from playground.decode.fast import tape_of
from playground.networks.backpack import BackpackConfig
from playground.networks.gelu_gpt import GeluGPTConfig
from playground.networks.language import LanguageNetwork
from playground.networks.pixel_lm import PixelLMConfig
from playground.networks.shard import ShardConfig

SIZES = ("published", "quick", "tiny")
QUICK_LAYERS = 2
NOISE = 1 << 20  # random numbers that all weights are made of
MULTIPLE = 32  # of which the inner width of a Llama is one, as llama.cpp's blocks of 8-bit weights need


@dataclass(frozen=True)
class Subject:
    """A language model of the benchmark.

    Attributes:
        layout: its published checkpoint in ``random_checkpoint.LAYOUTS``. more: what that does not say of it.
        targets: how many times as fast as transformers it should be, in float32, in 16 bit, and in int8 against
            float32. llama_targets: the same against llama.cpp in f32, bf16 and q8_0. or_share: the share of the read
            bandwidth that is as good. share: the one that float32 should have.
    """

    name: str
    layout: str
    family: Family
    config: type
    more: Mapping[str, Any]
    targets: tuple[float, float, float | None]
    llama_targets: tuple[float, float, float] | None = None
    or_share: float | None = None
    share: float | None = None
    large: bool = False

    def sizes(self, size: str) -> Any:
        """The network's config at one of ``SIZES``."""
        published, tiny, *_ = LAYOUTS[self.layout]
        changes = {"published": {}, "quick": quick(self.layout), "tiny": tiny}[size]
        known = {field.name for field in fields(self.config)}
        sizes = {name: value for name, value in (published | changes).items() if name in known}
        return self.config(**sizes | dict(self.more))

    def parameters(self, size: str) -> int:
        """How many weights it has, without making them."""
        network = skeleton(self.name, self.family.network, self.sizes(size))
        return sum(parameter.numel() for parameter in network.parameters())

    def model(self, size: str, dtype: torch.dtype, device: str = "cpu") -> LanguageModel:
        """A model with random weights and no tokenizer."""
        network = skeleton(self.name, self.family.network, self.sizes(size)).to(dtype).to_empty(device="cpu")
        fill(network)
        return language_class(self.family)(self.family, network.eval().requires_grad_(False).to(device), None)


SUBJECTS = (
    Subject("shard", "shard", shard.FAMILY, ShardConfig, {}, (4, 3.5, 8), (1.3, 1.1, 1.3), share=0.7),
    Subject(
        "pixel_100m", "pixel_100m", pixel_lm.FAMILY, PixelLMConfig, {"moe": None}, (3, 3, None), or_share=0.7,
        share=0.7,
    ),
    Subject("gelu_d12", "gelu-d12", gelu_gpt.FAMILY, GeluGPTConfig, {}, (3, 3, None), or_share=0.7),
    Subject("backpack", "backpack-gpt2", backpack.FAMILY, BackpackConfig, {}, (3, 3, None), or_share=0.7),
    Subject(
        "backpack_1b", "levanter-backpack-1b", backpack.FAMILY, BackpackConfig, {"divide_by_senses": True},
        (3, 3, None), or_share=0.7, large=True,
    ),
)  # fmt: skip


def quick(layout: str) -> dict[str, int]:
    """The changes that leave a published config ``QUICK_LAYERS`` layers."""
    published = LAYOUTS[layout][0]
    return {name: QUICK_LAYERS for name in ("n_layers", "num_layers", "n_layer") if name in published}


@torch.no_grad()
def fill(network: nn.Module) -> None:
    """Random matrices of their fan-in, norms of ones, no biases: activations stay of order one."""
    noise = torch.randn(NOISE, generator=torch.Generator().manual_seed(0))
    for name, parameter in network.named_parameters():
        if parameter.dim() < 2:
            parameter.fill_(0.0 if name.endswith("bias") else 1.0)
            continue
        pool = (noise * (0.7 / math.sqrt(parameter.shape[-1]))).to(parameter.dtype)
        flat = parameter.data.view(-1)
        for start in range(0, len(flat), NOISE):
            piece = flat[start : start + NOISE]
            piece.copy_(pool[: len(piece)])


def weights_read(network: LanguageNetwork) -> int:
    """How many weights a token step reads: all but tables of which it reads a row, and the network of a Backpack's
    senses, which are kept for each token that was seen."""
    multiplied = {matrix.data_ptr() for matrix in tape_of(network, False)[0].matrices}
    left_out = [module for module in network.modules() if isinstance(module, nn.Embedding)]
    tables = [module.weight for module in left_out if module.weight.data_ptr() not in multiplied]
    if hasattr(network, "sense_network"):
        tables += network.sense_network.parameters()
    return sum(each.numel() for each in network.parameters()) - sum(each.numel() for each in tables)


def equal_sizes(network: LanguageNetwork) -> dict[str, Any]:
    """Sizes of a Llama of the network's width, layers and vocabulary that reads as many weights for a token.

    Its inner width makes up for what the network has more or less, to a fraction of a percent.
    """
    config = network.config
    width, layers = _first(config, "dim", "hidden_size", "n_embd"), _first(config, "n_layers", "num_layers", "n_layer")
    heads = _first(config, "n_heads", "num_attention_heads", "n_head")
    shared = _first(config, "num_key_value_heads", "n_kv_head") or heads
    around = network.vocab_size * width + layers * (2 * width * width + 2 * width * (width // heads * shared))
    inner = (weights_read(network) - around) / (3 * width * layers)
    return {
        "vocab_size": network.vocab_size, "hidden_size": width, "num_hidden_layers": layers,
        "num_attention_heads": heads, "num_key_value_heads": shared,
        "intermediate_size": max(1, round(inner / MULTIPLE)) * MULTIPLE,
        "max_position_embeddings": network.context_length,
    }  # fmt: skip


def make_llama(sizes: Mapping[str, Any], dtype: torch.dtype) -> nn.Module:
    """transformers' Llama of these sizes, with random weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        **sizes, tie_word_embeddings=True, bos_token_id=None, eos_token_id=None, pad_token_id=0, dtype=dtype
    )
    with torch.device("meta"):  # its own random numbers take seconds
        peer = LlamaForCausalLM(config)
    peer = peer.to(dtype).to_empty(device="cpu")
    fill(peer)
    peer.tie_weights()
    peer.model.rotary_emb = type(peer.model.rotary_emb)(config)  # holds numbers that are no weights
    return peer.eval().requires_grad_(False)


def _first(config: Any, *names: str) -> Any:
    return next((value for name in names if (value := getattr(config, name, None)) is not None), None)


def peer_weights(peer: nn.Module) -> int:
    """How many weights a token step of the Llama reads; its embedding is its head, so every one is."""
    return sum(parameter.numel() for parameter in peer.parameters())


@torch.inference_mode()
def generate(peer: nn.Module, ids: Tensor, tokens: int) -> Tensor:
    """What transformers writes greedily after ``ids (rows, T)``: ``(rows, T + tokens)``."""
    written = peer.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, do_sample=False, use_cache=True
    )
    if written.shape[1] != ids.shape[1] + tokens:
        raise RuntimeError(f"transformers wrote {written.shape[1] - ids.shape[1]} tokens instead of {tokens}")
    return written
