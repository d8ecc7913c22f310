"""pixel-mae: `Team-PIXEL/pixel-base` and its relatives."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from playground.checkpoints.families.base import Blueprint, Bundle, Family, Published, positive, rename
from playground.errors import InvalidConfig
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig

INNER = (
    (r"attention\.attention\.(query|key|value)\.(weight|bias)", r"attention.\3.\4"),
    (r"attention\.output\.dense\.(weight|bias)", r"attention.output.\3"),
    (r"intermediate\.dense\.(weight|bias)", r"intermediate.\3"),
    (r"output\.dense\.(weight|bias)", r"output.\3"),
    (r"layernorm_(before|after)\.(weight|bias)", r"layernorm_\3.\4"),
)
RULES = (
    (r"vit\.embeddings\.(cls_token|position_embeddings)", r"encoder.\1"),
    (r"vit\.embeddings\.patch_embeddings\.projection\.(weight|bias)", r"encoder.projection.\1"),
    (r"vit\.layernorm\.(weight|bias)", r"encoder.layernorm.\1"),
    (r"decoder\.(mask_token|decoder_pos_embed)", r"decoder.\1"),
    (r"decoder\.(decoder_embed|decoder_norm|decoder_pred)\.(weight|bias)", r"decoder.\1.\2"),
    *((rf"vit\.(encoder)\.layer\.(\d+)\.{old}", rf"encoder.layers.\2.{new}") for old, new in INNER),
    *((rf"decoder\.(decoder_layers)\.(\d+)\.{old}", rf"decoder.decoder_layers.\2.{new}") for old, new in INNER),
)


def matches(bundle: Bundle) -> bool:
    return any(name.startswith("vit.embeddings.") for name in bundle.tensors)


def read(bundle: Bundle, choices: Mapping[str, Any]) -> Blueprint:
    notes: list[str] = []
    stated = bundle.config
    if not stated:
        raise InvalidConfig("config.json was not found beside the weights; it holds the picture and patch sizes.")
    names = {field.name for field in fields(PixelMAEConfig)}
    known = {name: value for name, value in stated.items() if name in names and value is not None}
    size = known.get("image_size", PixelMAEConfig.image_size)
    known["image_size"] = tuple(size) if isinstance(size, list | tuple) else (size, size)
    if len(known["image_size"]) != 2:
        raise InvalidConfig(f"config.json says image_size = {size!r}; it must be [height, width].")
    known["layer_norm_eps"] = positive(known, "layer_norm_eps", PixelMAEConfig.layer_norm_eps)
    biased = any(name.endswith("attention.query.bias") for name in bundle.tensors)
    if biased != known.get("qkv_bias", True):
        notes.append(f"The config says qkv_bias = {not biased}, the weights say {biased}; the weights win.")
    config = PixelMAEConfig(**known | {"qkv_bias": biased})
    tensors, unclaimed = rename(bundle.tensors, RULES)
    if not any(name.startswith("decoder.") for name in tensors):
        notes.append("This is a fine-tuned descendant without the reconstructing decoder.")
    return Blueprint(config, tensors, unclaimed, notes)


FAMILY = Family(
    name="pixel-mae",
    title="pixel-mae: text rendered as an image, masked patches reconstructed",
    signs="tensors vit.embeddings",
    network=PixelMAE,
    wanted=("config.json", ("model.safetensors", "pytorch_model.bin"), "text_renderer_config.json", "*.ttf"),
    published={
        "Team-PIXEL/pixel-base": Published("PIXEL, trained on English Wikipedia and books as pixels", 112_334_080)
    },
    abilities=frozenset({"reconstruct"}),
    matches=matches,
    read=read,
)
