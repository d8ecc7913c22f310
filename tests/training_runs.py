"""Tiny networks of every layout, and the training command in this process."""

import torch
from typer import Typer
from typer.testing import CliRunner

from playground.networks.backpack import Backpack, BackpackConfig
from playground.networks.gelu_gpt import GeluGPT, GeluGPTConfig
from playground.networks.pixel_lm import MoEConfig, PixelLM, PixelLMConfig
from playground.networks.shard import Shard, ShardConfig
from playground.training.__main__ import main

BACKPACK = {"n_positions": 64, "n_embd": 40, "n_layer": 2, "n_head": 5, "num_senses": 4}
LM = {
    "context_length": 64, "num_layers": 4, "hidden_size": 48, "num_attention_heads": 6, "num_key_value_heads": 2,
    "intermediate_size": 40,
}  # fmt: skip
GELU = {"sequence_len": 32, "n_layer": 5, "n_head": 4, "n_kv_head": 2, "n_embd": 32}
SHARD = {"dim": 32, "n_layers": 3, "n_heads": 2, "head_dim": 16, "mlp_hidden": 48, "max_seq_len": 99}
NETWORKS = {
    "backpack": lambda v: Backpack(BackpackConfig(v, **BACKPACK, scale_attn_by_inverse_layer_idx=False)),
    "backpack, other choices": lambda v: Backpack(
        BackpackConfig(
            v, **BACKPACK | {"num_senses": 12, "n_inner": 56}, sense_intermediate_scale=3, layer_norm_epsilon=1e-3,
            divide_by_senses=True, tied=False,
        )
    ),
    "backpack, normalised senses": lambda v: Backpack(BackpackConfig(v, **BACKPACK, normalise_senses=True)),
    "gelu-gpt": lambda v: GeluGPT(GeluGPTConfig(vocab_size=v, **GELU)),
    "gelu-gpt, other choices": lambda v: GeluGPT(
        GeluGPTConfig(vocab_size=v, **GELU, window_pattern="SL", rope_base=777.0, mlp="relu2", tie_embeddings=False)
    ),
    "pixel-lm": lambda v: PixelLM(PixelLMConfig(v, **LM)),
    "pixel-lm, other choices": lambda v: PixelLM(
        PixelLMConfig(v, **LM, rope_base=777.0, rms_norm_eps=1e-3, tie_word_embeddings=False, moe=MoEConfig(3, 2, 2))
    ),
    "shard": lambda v: Shard(ShardConfig(v, **SHARD)),
    "shard, other choices": lambda v: Shard(
        ShardConfig(v, **SHARD | {"head_dim": 8}, sliding_window=4, lm_head_logit_cap=5.0, norm_eps=1e-3,
                    rope_base=777.0, tied=False)
    ),
}  # fmt: skip


def train(recipe, data, out, *more):
    """What ``python -m playground.training`` comes to; ``more`` are further arguments."""
    app = Typer()
    app.command()(main)
    threads = torch.get_num_threads()
    result = CliRunner().invoke(app, [recipe, "--data", str(data), "--out", str(out), "--threads", "1", *more])
    torch.set_num_threads(threads)
    return result
