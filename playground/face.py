"""The library's front door: a model by catalogue name, folder, file or Hub id, and text as it reads it."""

from functools import partial
from pathlib import Path
from typing import Any

import torch

from playground.checkpoints.catalog import build_catalog
from playground.checkpoints.devices import device_of, room_on
from playground.checkpoints.loader import LoadOptions, load_model
from playground.checkpoints.model import Model, PatchModel
from playground.decode.paths import prefer
from playground.errors import InvalidRequest
from playground.senses.edit_documents import read_edit
from playground.settings import load_settings
from playground.text.rendering import Strip, Text


def load(
    ref: str | Path,
    dtype: torch.dtype | str | None = None,
    tokenizer: str | Path | None = None,
    **choices: Any,
) -> Model:
    """Load a model.

    Args:
        ref: a catalogue name such as "demo-shard", a folder, a file, or a Hub id such as "sage002/pixel".
        dtype: "float32" (the default; 16 bit if that does not fit in memory, and then the card says so),
            "bfloat16", "float16", or the torch dtype.
        tokenizer: a file, folder or Hub id, where the checkpoint ships none.
        choices: what the family leaves open, e.g. ``rope_pairing="half"``, ``rope_base=10000.0`` for shard.

    Returns:
        A model with ``card``, ``tokenizer`` and, by what it can do, ``logits(ids)``, ``sense_vectors(ids)``,
        ``sense_weights(ids)`` or ``predict_patches(pixel_values, attention_mask, mask)``.

    Raises:
        PlaygroundError: one line on what is wrong and what to do.
    """
    settings = load_settings()
    prefer(settings.decode)
    entry = build_catalog(settings.checkpoints, settings.models).find(ref)
    device = device_of(settings.device)
    options = LoadOptions(dtype, tokenizer, choices=choices, room=room_on(device), device=device)
    model = load_model(entry.ref, options, name=str(ref))
    if "senses" in model.abilities:  # wherever edits are taken, edit documents are then as good
        model.network.read_edit = partial(read_edit, network=model.network, tokenizer=model.tokenizer)
    return model


def render(model: Model, text: Text) -> Strip:
    """``text`` drawn as the strip of patches that ``model`` reads.

    Args:
        text: a text; for models in the published styles also a tuple of two texts, or a list of words.

    Returns:
        A strip with ``pixels`` uint8 ``(P, P * L)``, ``num_text_patches`` (the separator not counted),
        ``attention_mask`` uint8 ``(L,)``, ``separators``, ``words`` and ``notes`` on what could not be drawn.

    Raises:
        InvalidRequest: if the model reads no pictures, or its style of rendering is not known.
    """
    if not isinstance(model, PatchModel):
        raise InvalidRequest(
            f"{model.card.name} reads tokens, not pictures. Load a pixel-mae checkpoint to render text."
        )
    return model.render(text)
