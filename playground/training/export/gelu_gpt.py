"""The layout of `mlnomad/gelu-d12-chinchilla-261M-pytorch`, and a tokenizer, which that one does not ship."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from playground.networks.gelu_gpt import GeluGPT, GeluGPTConfig
from playground.networks.layers import rotary_angles
from playground.text.tokenizers import open_tokenizer
from playground.training.export.run_record import RunRecord
from playground.training.export.writing import published, stored, take_along, write_json

RULES = ((r"(.+)", r"model.\1"),)


def config_json(config: GeluGPTConfig, dtype: torch.dtype) -> dict[str, Any]:
    """``config.json``: every key of the published one but ``auto_map``, which names code that is not shipped here."""
    return {
        **asdict(config),
        "model_type": "gelu_gpt",
        "architectures": ["GeluGPTForCausalLM"],
        "hidden_size": config.n_embd,
        "num_hidden_layers": config.n_layer,
        "num_attention_heads": config.n_head,
        "num_key_value_heads": config.n_kv_head,
        "max_position_embeddings": 10 * config.sequence_len,
        "tie_word_embeddings": config.tie_embeddings,
        "torch_dtype": str(dtype).removeprefix("torch."),
    }


def rotary_tables(config: GeluGPTConfig) -> dict[str, Tensor]:
    """The published buffers, float32 ``(1, 10 * sequence_len, 1, head_dim / 2)``."""
    tables = rotary_angles(0, 10 * config.sequence_len, config.head_dim, config.rope_base, torch.device("cpu"))
    return {name: table[None, :, None] for name, table in zip(("rope_cos", "rope_sin"), tables, strict=True)}


def write_gelu_gpt(
    network: GeluGPT, files: Sequence[Path], folder: Path, record: RunRecord, dtype: torch.dtype
) -> None:
    """A tied head is not stored, as published."""
    tensors = published(stored(network, dtype) | rotary_tables(network.config), RULES)
    take_along(files, folder, "tokenizer.json")
    tokenizer = open_tokenizer(folder / "tokenizer.json")
    write_json(folder / "config.json", config_json(network.config, dtype))
    ends = {"bos_token_id": tokenizer.begin_id, "eos_token_id": tokenizer.end_id}
    write_json(folder / "generation_config.json", {"_from_model_config": True, **ends})
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
