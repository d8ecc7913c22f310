"""The bundle of `sage002/pixel`: a training checkpoint ``latest.pt``, its manifest, two configs and the tokenizer.

The optimizer's moments and the random state, which make up two thirds of the published file, are left out.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from playground.networks.pixel_lm import MoEConfig, PixelLM, PixelLMConfig
from playground.training.export.run_record import RunRecord
from playground.training.export.writing import published, stored, take_along, write_json

LATEST = "latest.pt"
RULES = (
    (r"(.+\.feed_forward\.(?:experts\.\d+\.)?(?:gate|up|down))\.weight", r"\1_proj.weight"),
    (r"(.+)\.weight", r"\1.weight"),
)
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def model_config(config: PixelLMConfig, name: str) -> dict[str, Any]:
    """``pixel_model_config.json``: the sizes, and what the published one says of dropout, experts and LoRA."""
    sizes = asdict(config)
    experts = sizes.pop("moe") or asdict(MoEConfig())
    return {
        "name": name,
        **sizes,
        "dropout": 0.0,
        "attention_dropout": 0.0,
        "use_moe": config.moe is not None,
        "moe": {"enabled": config.moe is not None, **experts},
        "lora": {"enabled": False, "rank": 8, "alpha": 16, "dropout": 0.0, "target_modules": list(TARGETS)},
    }


def write_pixel_lm(
    network: PixelLM, files: Sequence[Path], folder: Path, record: RunRecord, dtype: torch.dtype
) -> None:
    """Plain dicts and tensors; a tied head is stored as the embedding itself, which takes no room."""
    weights = published(stored(network, dtype), RULES)
    weights.setdefault("lm_head.weight", weights["embed_tokens.weight"])
    config, settings = model_config(network.config, record.name), dict(record.settings)
    take_along(files, folder, "pixel_tokenizer.model", "pixel_tokenizer.vocab")
    checkpoint = {
        "step": record.steps,
        "model": weights,
        "optimizer": {"state": {}, "param_groups": []},
        "scaler": {},
        "config": settings,
        "metadata": {"model": config, "hardware": {"device": "cpu", "dtype": str(dtype)}},
        "rng_cpu": None,
        "rng_cuda": None,
    }
    torch.save(checkpoint, folder / LATEST)
    write_json(folder / "manifest.json", {"latest": LATEST, "step": record.steps})
    write_json(folder / "pixel_model_config.json", config)
    write_json(folder / "pixel_training_config.json", settings)
