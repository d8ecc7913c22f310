"""The layout of `stanfordnlp/backpack-gpt2`, in safetensors.

Its second copies of the word table (``backpack.word_embeddings`` and the tied ``lm_head``) and of the position table
are left out: safetensors cannot share memory, and readers take both from ``backpack.gpt2_model``.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from playground.networks.backpack import Backpack, BackpackConfig
from playground.text.tokenizers import open_tokenizer
from playground.training.export.run_record import RunRecord
from playground.training.export.writing import published, stored, take_along, write_json

RULES = (
    (r"encoder\.(.+)", r"backpack.gpt2_model.\1"),
    (r"sense_weight_net\.(weight|bias)", r"backpack.sense_weight_net.c_attn.\1"),
    (r"(sense_network\..+)", r"backpack.\1"),
    (r"lm_head\.weight", "lm_head.weight"),
)
OURS = ("divide_by_senses", "normalise_senses", "tied")  # no key of the published config: model_type and weights tell


def config_json(config: BackpackConfig, end: int | None, dtype: torch.dtype) -> dict[str, Any]:
    """``config.json``; ``end`` is the id of ``<|endoftext|>``, which both begins and ends a text."""
    return {
        **{name: value for name, value in asdict(config).items() if name not in OURS},
        "activation_function": "gelu_new",
        "architectures": ["BackpackGPT2LMHeadModel"],
        "attn_pdrop": 0.0,
        "bos_token_id": end,
        "embd_pdrop": 0.0,
        "eos_token_id": end,
        "initializer_range": 0.02,
        "model_type": "backpack-gpt2" if config.divide_by_senses else "gpt2",
        "reorder_and_upcast_attn": False,
        "resid_pdrop": 0.0,
        "tie_word_embeddings": config.tied,
        "torch_dtype": str(dtype).removeprefix("torch."),
    }


def write_backpack(
    network: Backpack, files: Sequence[Path], folder: Path, record: RunRecord, dtype: torch.dtype
) -> None:
    """Every table once."""
    tensors = published(stored(network, dtype), RULES)
    take_along(files, folder, "tokenizer.json")
    end = open_tokenizer(folder / "tokenizer.json").end_id
    write_json(folder / "config.json", config_json(network.config, end, dtype))
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
