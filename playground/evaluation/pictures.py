"""``python -m playground.evaluation.pictures CHECKPOINT --data FILE --out PICTURE`` shows what a PIXEL model sees.

For the first sentences of FILE, of each source in turn, one under the other: the sentence, the sentence with a quarter
of its patches hidden (sentence i with seed i), and the sentence with the hidden patches as the model paints them.
"""

import sys
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from PIL import Image

from playground.checkpoints.loader import LoadOptions, load_model
from playground.errors import InvalidRequest, PlaygroundError
from playground.evaluation.texts import read_texts
from playground.networks.pixel_mae import from_patches
from playground.text.rendering import Strip

HIDDEN = 176  # grey of a hidden patch
GAP = 6  # white rows between two lines, three times as many between two sentences
SPAN = 2  # most patches hidden in a row


def hide(strip: Strip, ratio: float, seed: int) -> np.ndarray:
    """Uint8 ``(L,)``, 1 for hidden: about ``ratio`` of the text's patches, in spans of 1 or 2 that do not touch."""
    dice = np.random.default_rng(seed)
    count = strip.num_text_patches
    mask = np.zeros(strip.num_patches, dtype=np.uint8)
    for at in dice.permutation(count):
        span = min(int(dice.integers(1, SPAN + 1)), count - at)
        if mask.sum() + span > max(1, ratio * count):
            break
        if not mask[max(0, at - 1) : at + span + 1].any():
            mask[at : at + span] = 1
    return mask


@torch.inference_mode()
def paint(model: Any, strip: Strip, mask: np.ndarray) -> np.ndarray:
    """Uint8 ``(P, P * L)``: the strip with its hidden patches as the model predicts them.

    Raises:
        InvalidRequest: if the model predicts standardised pixels, whose contrast only the hidden text would tell.
    """
    if model.network.config.norm_pix_loss:
        raise InvalidRequest("This model predicts standardised pixels, so its picture has no contrast of its own.")
    channels = model.network.config.num_channels
    pixel_values = torch.from_numpy(strip.pixels.copy()).float().expand(1, channels, -1, -1) / 255
    hidden = torch.from_numpy(mask).long()[None]
    predicted = model.predict_patches(pixel_values, torch.from_numpy(strip.attention_mask).long()[None], hidden)
    picture = from_patches(predicted, strip.patch_size)[0].mean(0)  # (P, P * L)
    painted = (picture.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return np.where(columns(mask, strip.patch_size), painted, strip.pixels)


def columns(mask: np.ndarray, patch_size: int) -> np.ndarray:
    """Boolean ``(1, P * L)``: the pixel columns of the hidden patches."""
    return np.repeat(mask.astype(bool), patch_size)[None]


def sheet(model: Any, texts: Sequence[str], ratio: float = 0.25) -> Image.Image:
    """The picture of all ``texts``, cut to the longest."""
    strips = [model.render(text) for text in texts]
    width = max(strip.num_text_patches + 1 for strip in strips) * strips[0].patch_size
    rows = []
    for seed, strip in enumerate(strips):
        mask = hide(strip, ratio, seed)
        masked = np.where(columns(mask, strip.patch_size), np.uint8(HIDDEN), strip.pixels)
        for line in (strip.pixels, masked, paint(model, strip, mask)):
            rows += [line[:, :width], np.full((GAP, width), 255, dtype=np.uint8)]
        rows.append(np.full((2 * GAP, width), 255, dtype=np.uint8))
    return Image.fromarray(np.pad(np.concatenate(rows), 2 * GAP, constant_values=255))


def main(
    checkpoint: Annotated[Path, typer.Argument(help="A pixel-mae checkpoint whose text lies on a grid.")],
    data: Annotated[Path, typer.Option(help="Sentences: one a line, or .jsonl with a text field.")],
    out: Annotated[Path, typer.Option(help="The PNG file to write.")],
    most: Annotated[int, typer.Option(min=1, max=50, help="How many sentences.")] = 10,
) -> None:
    """Draw the first sentences of DATA, hidden in part and painted back."""
    try:
        model = load_model(checkpoint, LoadOptions("float32"))
        if "reconstruct" not in model.abilities:
            raise InvalidRequest(f"{checkpoint} reconstructs no pictures. Give a pixel-mae checkpoint.")
        sources = read_texts(data, "sentence", most).values()
        texts = [text for some in zip_longest(*sources) for text in some if text]  # of each source in turn
        sheet(model, texts[:most]).save(out, optimize=True)
    except PlaygroundError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)
