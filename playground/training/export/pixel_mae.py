"""The layout of `Team-PIXEL/pixel-base`, in safetensors, with the renderer's config and font."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig
from playground.training.colours import COLOURS, in_colour
from playground.training.export.run_record import RENDERER_CONFIG, RunRecord
from playground.training.export.writing import published, stored, take_along, write_json

TABLES = ("encoder.position_embeddings", "decoder.decoder_pos_embed")
LAYER = (
    (r"attention\.(query|key|value)\.(weight|bias)", r"attention.attention.\2.\3"),
    (r"attention\.output\.(weight|bias)", r"attention.output.dense.\2"),
    (r"(intermediate|output)\.(weight|bias)", r"\2.dense.\3"),
    (r"(layernorm_before|layernorm_after)\.(weight|bias)", r"\2.\3"),
)
RULES = (
    (r"encoder\.(cls_token|position_embeddings)", r"vit.embeddings.\1"),
    (r"encoder\.projection\.(weight|bias)", r"vit.embeddings.patch_embeddings.projection.\1"),
    (r"encoder\.layernorm\.(weight|bias)", r"vit.layernorm.\1"),
    *((rf"encoder\.layers\.(\d+)\.{ours}", rf"vit.encoder.layer.\1.{theirs}") for ours, theirs in LAYER),
    *((rf"decoder\.decoder_layers\.(\d+)\.{ours}", rf"decoder.decoder_layers.\1.{theirs}") for ours, theirs in LAYER),
    (r"(decoder\.(?:mask_token|decoder_pos_embed))", r"\1"),
    (r"(decoder\.decoder_(?:embed|norm|pred)\.(?:weight|bias))", r"\1"),
)


def config_json(config: PixelMAEConfig, dtype: torch.dtype) -> dict[str, Any]:
    """``config.json``."""
    return {
        **asdict(config),
        "architectures": ["PIXELForPreTraining"],
        "attention_probs_dropout_prob": 0.0,
        "hidden_dropout_prob": 0.0,
        "initializer_range": 0.02,
        "model_type": "pixel",
        "torch_dtype": str(dtype).removeprefix("torch."),
    }


def write_pixel_mae(
    network: PixelMAE, files: Sequence[Path], folder: Path, record: RunRecord, dtype: torch.dtype
) -> None:
    """The position tables are fixed and stored as they are, in float32."""
    tensors, config = stored(network, dtype, exact=TABLES), network.config
    if config.num_channels == 1:
        tensors, config = in_colour(tensors), replace(config, num_channels=COLOURS)
    take_along(files, folder, RENDERER_CONFIG)
    write_json(folder / "config.json", config_json(config, dtype))
    save_file(published(tensors, RULES), folder / "model.safetensors", {"format": "pt"})
