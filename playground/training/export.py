"""Write a trained network in the file layout that its family publishes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from playground.errors import InvalidRequest
from playground.networks.shard import Shard

SHARD_NAMES = {
    "attention.q": "attn.q_proj",
    "attention.k": "attn.k_proj",
    "attention.v": "attn.v_proj",
    "attention.o": "attn.o_proj",
    "mlp.gate": "mlp.w_gate",
    "mlp.up": "mlp.w_up",
    "mlp.down": "mlp.w_down",
}
SHARD_CFG = (
    "vocab_size", "dim", "n_layers", "n_heads", "head_dim", "mlp_hidden", "max_seq_len", "attention_pattern",
    "sliding_window", "lm_head_logit_cap", "norm_eps", "rope_base",
)  # fmt: skip


def shard_key(ours: str) -> str:
    """The published name of a parameter of :class:`Shard`."""
    if ours == "embedding.weight":
        return "tok_emb.weight"
    for mine, theirs in SHARD_NAMES.items():
        ours = ours.replace(f".{mine}.", f".{theirs}.")
    return ours


def export_shard(network: Shard, tokenizer: Path, folder: Path) -> None:
    """``models/model.pt`` (plain dicts and bfloat16 tensors, the head tied) and ``models/tokenizer.json``."""
    models = folder / "models"
    models.mkdir(parents=True, exist_ok=True)
    weights: dict[str, Tensor] = {
        shard_key(name): parameter.detach().to("cpu", torch.bfloat16).clone()
        for name, parameter in network.named_parameters()
    }
    cfg = {name: getattr(network.config, name) for name in SHARD_CFG}
    torch.save({"cfg": cfg, "model": weights}, models / "model.pt")
    shutil.copyfile(tokenizer, models / "tokenizer.json")


LAYOUTS: dict[str, Callable[[nn.Module, Path, Path], None]] = {"shard": export_shard}


def export(network: nn.Module, layout: str, tokenizer: Path, folder: Path) -> None:
    """Write ``network`` and ``tokenizer`` to ``folder`` in the named published layout.

    Raises:
        InvalidRequest: if no such layout is known.
    """
    if layout not in LAYOUTS:
        raise InvalidRequest(f"There is no export for the layout {layout!r}. Known are {', '.join(sorted(LAYOUTS))}.")
    LAYOUTS[layout](network, tokenizer, folder)


def thin_curve(curve: Path, target: Path, most: int = 200) -> None:
    """Copy at most about ``most`` lines of a training curve: every one with held-out measures, others evenly."""
    lines = curve.read_text(encoding="utf-8").splitlines()
    measured = [len(json.loads(line)) > 5 for line in lines]
    every = max(1, -(-len(lines) // max(1, most - sum(measured))))
    kept = [line for i, line in enumerate(lines) if measured[i] or i % every == 0]
    target.write_text("\n".join(kept) + "\n", encoding="utf-8")
