"""Tiny networks of every family with all weights random, the scales and gates that training would open included."""

import torch
from torch import nn

from playground.networks.backpack import Backpack, BackpackConfig
from playground.networks.gelu_gpt import GeluGPT, GeluGPTConfig
from playground.networks.pixel_lm import MoEConfig, PixelLM, PixelLMConfig
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig
from playground.networks.shard import Shard, ShardConfig

PIXEL_LM = {
    "vocab_size": 97, "context_length": 256, "num_layers": 4, "hidden_size": 48, "num_attention_heads": 6,
    "num_key_value_heads": 2, "intermediate_size": 40,
}  # fmt: skip
SHARD = {
    "vocab_size": 89, "dim": 32, "n_layers": 5, "n_heads": 4, "head_dim": 8, "mlp_hidden": 40, "max_seq_len": 256,
    "sliding_window": 8,
}  # fmt: skip
GELU = {
    "sequence_len": 64,
    "vocab_size": 90,
    "n_layer": 5,
    "n_head": 4,
    "n_kv_head": 2,
    "n_embd": 32,
}  # windows 129, 65
BACKPACK = {"vocab_size": 83, "n_positions": 256, "n_embd": 40, "n_layer": 3, "n_head": 5, "num_senses": 4}
PIXEL_MAE = {
    "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40,
    "decoder_hidden_size": 16, "decoder_num_hidden_layers": 2, "decoder_num_attention_heads": 2,
    "decoder_intermediate_size": 24, "image_size": (8, 72), "patch_size": 8,
}  # fmt: skip

LANGUAGE = {
    "pixel-lm": lambda: PixelLM(PixelLMConfig(**PIXEL_LM)),
    "pixel-lm of experts": lambda: PixelLM(PixelLMConfig(**PIXEL_LM, moe=MoEConfig(4, 2, 2))),
    "pixel-lm untied": lambda: PixelLM(PixelLMConfig(**PIXEL_LM, tie_word_embeddings=False)),
    "shard": lambda: Shard(ShardConfig(**SHARD)),
    "shard, even last layer, half pairs": lambda: Shard(
        ShardConfig(**SHARD | {"n_layers": 4, "sliding_window": 5}, rope_pairing="half", tied=False)
    ),
    "shard all global": lambda: Shard(ShardConfig(**SHARD, attention_pattern="all_global", lm_head_logit_cap=0.0)),
    "gelu-gpt": lambda: GeluGPT(GeluGPTConfig(**GELU)),
    "gelu-gpt relu2 untied": lambda: GeluGPT(GeluGPTConfig(**GELU | {"n_layer": 4}, mlp="relu2", tie_embeddings=False)),
    "gelu-gpt full heads": lambda: GeluGPT(GeluGPTConfig(**GELU | {"n_kv_head": 4, "window_pattern": "SL"})),
    "backpack": lambda: Backpack(BackpackConfig(**BACKPACK)),
    "backpack of Levanter": lambda: Backpack(
        BackpackConfig(**BACKPACK | {"num_senses": 12}, sense_intermediate_scale=3, divide_by_senses=True)
    ),
    "backpack with normalised senses": lambda: Backpack(
        BackpackConfig(**BACKPACK | {"num_senses": 3}, normalise_senses=True, tied=False)
    ),
}


def randomised(network: nn.Module, seed: int = 0) -> nn.Module:
    """Fill every parameter: matrices by fan-in, tables at order 1, scales around 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            table = any(word in name for word in ("embed", "wte", "wpe", "token"))
            if parameter.dim() < 2:
                parameter.copy_(0.1 * noise if name.endswith("bias") else 1 + 0.2 * noise)
            else:
                parameter.copy_(noise * (1.0 if table else 1.2 / parameter.shape[-1] ** 0.5))
    return network.eval().requires_grad_(False)


def language(name: str, seed: int = 0) -> nn.Module:
    return randomised(LANGUAGE[name](), seed)


def pixel_mae(seed: int = 0, **changes: object) -> PixelMAE:
    return randomised(PixelMAE(PixelMAEConfig(**PIXEL_MAE | changes)), seed)
