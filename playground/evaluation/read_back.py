"""Legibility of a PIXEL model on monospace text: hide patches, reconstruct them, and read them back as characters.

In every text each span is hidden alone, everything else is seen. A patch is read back exactly when the pair of
printable characters whose picture is nearest to its reconstruction is the pair that was there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from playground.errors import InvalidRequest
from playground.pixels.reading import ALPHABET, GlyphReader
from playground.text.rendering import Strip

BATCH = 64
SPANS = (1, 2, 3)


@dataclass(frozen=True)
class ReadBack:
    """What was measured.

    Attributes:
        texts: how many were used. left_out: how many hold characters that cannot be read back, or do not fit.
        loss: mean error of hidden patches as the network is trained on it, by length of the span.
        exact: share of hidden patches read back exactly, by length of the span. hidden: how many there were.
    """

    texts: int
    left_out: int
    loss: dict[int, float] = field(default_factory=dict)
    exact: dict[int, float] = field(default_factory=dict)
    hidden: dict[int, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain data: ``texts``, ``left_out`` and for each span ``loss``, ``exact`` and ``hidden``."""
        spans = {
            str(span): {"hidden": self.hidden[span], "loss": self.loss[span], "exact": self.exact[span]}
            for span in self.exact
        }
        return {"texts": self.texts, "left_out": self.left_out, "spans": spans}


@torch.inference_mode()
def read_back(
    model: Any,
    texts: Sequence[str],
    spans: Sequence[int] = SPANS,
    per_text: int = 3,
    seed: int = 0,
    report: Callable[[float], None] = lambda done: None,
) -> ReadBack:
    """Hide up to ``per_text`` random spans of each length in each text, one at a time.

    Args:
        model: has ``renderer`` (style ``grid``), ``network`` and ``predict_patches``.
        seed: decides which spans.
        report: told the fraction that is done.

    Raises:
        InvalidRequest: if the model's rendering is not on a grid, or no text can be used.
    """
    renderer = model.renderer
    if getattr(renderer, "style", None) != "grid":
        raise InvalidRequest(
            "Reading back needs two characters to a patch, but this checkpoint's text_renderer_config.json does not "
            "declare the style 'grid'. Measure a checkpoint that does."
        )
    reader = GlyphReader(renderer.cell)
    strips = [strip for strip in map(renderer.render, texts) if readable(strip, max(spans))]
    if not strips:
        raise InvalidRequest(
            "No text can be read back: each must be printable ASCII, fit the strip and be longer than the longest span."
        )
    strips.sort(key=lambda strip: strip.num_text_patches)
    loss, exact, hidden = {}, {}, {}
    for number, span in enumerate(spans):
        dice = np.random.default_rng((seed, span))
        places = [
            (strip, int(at))
            for strip in strips
            for at in dice.permutation(strip.num_text_patches - span + 1)[:per_text]
        ]
        errors, right = [], 0
        for first in range(0, len(places), BATCH):
            some = places[first : first + BATCH]
            found, error = _reconstruct(model, reader, some, span)
            right += sum(
                read == text
                for (strip, at), row in zip(some, found, strict=True)
                for read, text in zip(row, _pairs(strip, at, span), strict=True)
            )
            errors.append(error)
            report((number + (first + len(some)) / len(places)) / len(spans))
        hidden[span] = span * len(places)
        loss[span] = torch.cat(errors).mean().item()
        exact[span] = right / hidden[span]
    return ReadBack(len(strips), len(texts) - len(strips), loss, exact, hidden)


def readable(strip: Strip, span: int) -> bool:
    """Whether every patch of the strip is a pair of printable characters, and a span of ``span`` leaves some to see."""
    return not strip.notes and strip.num_text_patches > span and set(strip.text) <= set(ALPHABET)


def _pairs(strip: Strip, at: int, span: int) -> list[str]:
    text = strip.text.ljust(2 * strip.num_text_patches)  # the empty half of a last patch looks like a blank
    return [text[2 * i : 2 * i + 2] for i in range(at, at + span)]


def _reconstruct(
    model: Any, reader: GlyphReader, some: Sequence[tuple[Strip, int]], span: int
) -> tuple[list[list[str]], Tensor]:
    """What each hidden patch reads as, by row, and its error ``(B, span)``. Rows are cut to the longest text."""
    patch = some[0][0].patch_size
    length = max(strip.num_text_patches for strip, _ in some) + 1
    pixels = torch.from_numpy(np.stack([strip.pixels[:, : patch * length] for strip, _ in some])).float() / 255
    pixel_values = pixels.unsqueeze(1).expand(-1, model.network.config.num_channels, -1, -1)
    attention_mask = torch.from_numpy(np.stack([strip.attention_mask[:length] for strip, _ in some])).long()
    index = torch.tensor([at for _, at in some])[:, None] + torch.arange(span)  # (B, span)
    mask = torch.zeros_like(attention_mask).scatter(1, index, 1)
    predicted = model.predict_patches(pixel_values, attention_mask, mask)  # (B, L, P * P * C)
    error = model.network.patch_loss(pixel_values, predicted).gather(1, index)
    grey = predicted.unflatten(2, (patch, patch, -1)).mean(-1)  # (B, L, P, P)
    hidden = grey.gather(1, index[:, :, None, None].expand(-1, -1, patch, patch)).flatten(0, 1)
    read = (reader.read_standardised if model.network.config.norm_pix_loss else reader.read)(hidden)
    return [read[i : i + span] for i in range(0, len(read), span)], error
