"""The layout of `CompactAI-O/Shard-1`: ``models/model.pt`` with ``cfg`` and ``model``, ``models/tokenizer.json``."""

from collections.abc import Sequence
from pathlib import Path

import torch

from playground.networks.shard import Shard
from playground.training.export.run_record import RunRecord
from playground.training.export.writing import published, stored, take_along

RULES = (
    (r"embedding\.weight", "tok_emb.weight"),
    (r"head\.weight", "lm_head.weight"),
    (r"norm\.weight", "norm.weight"),
    (r"blocks\.(\d+)\.(norm[12])\.weight", r"blocks.\1.\2.weight"),
    (r"blocks\.(\d+)\.attention\.([qkvo])\.weight", r"blocks.\1.attn.\2_proj.weight"),
    (r"blocks\.(\d+)\.mlp\.(gate|up|down)\.weight", r"blocks.\1.mlp.w_\2.weight"),
)
CFG = (
    "vocab_size", "dim", "n_layers", "n_heads", "head_dim", "mlp_hidden", "max_seq_len", "attention_pattern",
    "sliding_window", "lm_head_logit_cap", "norm_eps", "rope_base",
)  # fmt: skip


def write_shard(network: Shard, files: Sequence[Path], folder: Path, record: RunRecord, dtype: torch.dtype) -> None:
    """Plain dicts and tensors; a tied head is not stored."""
    weights = published(stored(network, dtype), RULES)
    models = folder / "models"
    take_along(files, models, "tokenizer.json")
    torch.save({"cfg": {name: getattr(network.config, name) for name in CFG}, "model": weights}, models / "model.pt")
