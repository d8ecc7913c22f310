"""Tiny random models that reconstruct text drawn in the published style, and their pass over a whole row."""

import json
import shutil

import numpy as np
import torch
from goldens import GOLDEN
from tiny_networks import pixel_mae

from playground.checkpoints.families.pixel_mae import FAMILY
from playground.checkpoints.model import PatchModel
from playground.text.rendering import PixelConfig, PixelRenderer
from playground.text.rendering.fonts import SHIPPED

GRID_FONT = "DejaVuSansMono.ttf"


def make_model(**sizes):
    network = pixel_mae(**{"image_size": (16, 8464), "patch_size": 16} | sizes).eval().requires_grad_(False)
    length = network.config.num_patches
    config = PixelConfig(font_file="NotoSans-Regular.ttf", max_seq_length=length)
    return PatchModel(FAMILY, network, PixelRenderer(config, SHIPPED))


def whole_row(model, strip, mask):
    """The prediction of every patch of the row, ``(L, P * P * C)``, in one pass over all of them."""
    pixels = torch.from_numpy(strip.pixels.copy()).float().expand(1, 3, -1, -1) / 255
    attention, hidden = (torch.from_numpy(values.astype(np.int64))[None] for values in (strip.attention_mask, mask))
    return model.predict_patches(pixels, attention, hidden)[0].numpy()


def write_grid_checkpoint(folder):
    """A tiny random model of 25 patches that reads text in the grid style, as the demos do."""
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        shutil.copyfile(GOLDEN / "pixel" / name, folder / name)
    shutil.copyfile(SHIPPED / GRID_FONT, folder / GRID_FONT)
    declared = {"style": "grid", "font_file": GRID_FONT, "max_seq_length": 25}
    (folder / "text_renderer_config.json").write_text(json.dumps(declared), encoding="utf-8")
    return folder
