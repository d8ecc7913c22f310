"""What one reconstruction costs beside a pass over the whole row, at the size of pixel-base with random weights.

``python -m playground.benchmarks.reconstruction`` prints two lines for each length of text: a mask over the text, and
one over the row as published. Both passes are timed in turn, so that whatever else the machine does slows both; the
medians are compared, and the predictions.
"""

import statistics
import time
from dataclasses import dataclass
from typing import Annotated, Any

import torch
import typer

from playground.benchmarks.random_checkpoint import PIXEL_BASE
from playground.checkpoints.families.pixel_mae import FAMILY
from playground.checkpoints.model import PatchModel
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig, sincos_positions
from playground.pixels.masking import OVER, MaskOptions
from playground.pixels.reconstruction import reconstruct
from playground.text.rendering import PixelConfig, PixelRenderer, Strip
from playground.text.rendering.fonts import SHIPPED

TEXT = "Cats conserve energy by sleeping more than most animals, especially as they grow older."
FONT = "NotoSans-Regular.ttf"


@dataclass(frozen=True)
class Comparison:
    """Medians in seconds of a ``short`` pass and one over the ``whole`` row, and the largest ``difference``."""

    patches: int
    short: float
    whole: float
    difference: float

    @property
    def speedup(self) -> float:
        return self.whole / self.short


def random_model(sizes: Any = PIXEL_BASE, seed: int = 0) -> PatchModel:
    """A model of these sizes with random weights, drawing text in the published style."""
    known = {name: value for name, value in sizes.items() if name in PixelMAEConfig.__dataclass_fields__}
    torch.manual_seed(seed)
    network = PixelMAE(PixelMAEConfig(**known | {"image_size": tuple(sizes["image_size"])}))
    for table in (network.encoder.position_embeddings, network.decoder.decoder_pos_embed):
        table.data = sincos_positions(table.shape[1] - 1, table.shape[2])[None]
    network.eval().requires_grad_(False)
    length = network.config.num_patches
    renderer = PixelRenderer(PixelConfig(font_file=FONT, max_seq_length=length), SHIPPED)
    return PatchModel(FAMILY, network, renderer)


def compare(model: PatchModel, strip: Strip, rounds: int, options: MaskOptions = MaskOptions()) -> Comparison:
    """Time ``rounds`` reconstructions and as many passes over the whole row."""
    pixels = torch.from_numpy(strip.pixels.copy()).float().expand(1, model.network.config.num_channels, -1, -1) / 255
    attention = torch.from_numpy(strip.attention_mask.astype("int64"))[None]
    result = reconstruct(model, strip, options)
    hidden = torch.from_numpy(result.mask.astype("int64"))[None]
    short, whole = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        result = reconstruct(model, strip, options)
        middle = time.perf_counter()
        full = model.predict_patches(pixels, attention, hidden)
        whole.append(time.perf_counter() - middle)
        short.append(middle - began)
    attended = strip.attention_mask == 1
    difference = abs(full[0].numpy()[attended] - result.prediction[attended]).max()
    return Comparison(strip.num_text_patches, statistics.median(short), statistics.median(whole), float(difference))


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Passes of each kind.")] = 5,
    threads: Annotated[int, typer.Option(min=1, help="Threads for computing.")] = 1,
) -> None:
    """Compare short passes with whole ones for texts of several lengths."""
    torch.set_num_threads(threads)
    model = random_model()
    for times in (1, 3, 8):
        strip = model.render(" ".join([TEXT] * times))
        for over in OVER:
            found = compare(model, strip, rounds, MaskOptions(over=over))
            print(
                f"{found.patches:>4} patches of text, mask over the {over}: {found.short:6.3f} s, whole row of "
                f"{strip.num_patches} {found.whole:6.3f} s, {found.speedup:5.1f} times faster, largest difference "
                f"{found.difference:.1e}"
            )


if __name__ == "__main__":
    typer.run(main)
