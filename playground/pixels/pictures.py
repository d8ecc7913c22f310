"""Pictures of a reconstruction, uint8, 0 black to 255 white."""

import numpy as np

from playground.text.rendering import WHITE, Strip

HIDDEN = 176  # grey of a hidden patch
PAPER = 90  # percentile of a predicted patch that is taken for paper
USUAL_CONTRAST = 0.35  # standard deviation of a patch of text, where the strip shows none
GAP = 4  # rows between lines


def to_patches(picture: np.ndarray) -> np.ndarray:
    """A strip ``(P, P * L)`` as its patches ``(L, P, P)``."""
    patch = picture.shape[0]
    return picture.reshape(patch, -1, patch).swapaxes(0, 1)


def to_strip(patches: np.ndarray) -> np.ndarray:
    """The inverse of :func:`to_patches`."""
    return patches.swapaxes(0, 1).reshape(patches.shape[1], -1)


def greys(prediction: np.ndarray, patch: int) -> np.ndarray:
    """Predicted patches ``(N, P * P * C)`` as ``(N, P, P)``: the mean over the channels."""
    channels = prediction.shape[1] // patch**2
    return prediction.reshape(len(prediction), patch, patch, channels).mean(-1)


def masked(strip: Strip, hidden: np.ndarray) -> np.ndarray:
    """The strip with the patches of the indices ``hidden`` in plain grey."""
    patches = to_patches(strip.pixels).copy()
    patches[hidden] = HIDDEN
    return to_strip(patches)


def as_published(strip: Strip, hidden: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """The published demo's picture: raw predictions among the strip's pixels (0 to 1), the whole then stretched to
    the range from black to white.

    Standardised predictions reach below 0 and beyond 1, which is why the page turns grey around them.
    """
    values = to_patches(strip.pixels).astype(np.float32) / WHITE
    raw = prediction[hidden]
    kept = np.concatenate((np.delete(values, hidden, axis=0).ravel(), raw.ravel()))
    lowest, highest = float(kept.min()), float(kept.max())
    values[hidden] = greys(raw, strip.patch_size)
    stretched = (values - lowest) / max(highest - lowest, 1e-5)
    return to_strip(np.floor(stretched * WHITE + 0.5).clip(0, WHITE).astype(np.uint8))


def on_the_page(strip: Strip, hidden: np.ndarray, prediction: np.ndarray, standardised: bool) -> np.ndarray:
    """The strip with its hidden patches as predicted, on the page's own contrast.

    A standardised prediction says nothing about brightness and contrast, and the hidden patch's own would give the
    answer away. So its lightest tenth is taken for white paper, and its ink is scaled by the usual contrast of the
    text that can be seen. A patch without any structure comes out as paper.
    """
    patches = to_patches(strip.pixels).copy()
    values = greys(prediction[hidden], strip.patch_size)
    if standardised and len(hidden):
        paper = np.percentile(values, PAPER, axis=(1, 2), keepdims=True)
        values = 1 + contrast(strip, hidden) * (values - paper)
    patches[hidden] = np.floor(values * WHITE + 0.5).clip(0, WHITE).astype(np.uint8)
    return to_strip(patches)


def contrast(strip: Strip, hidden: np.ndarray) -> float:
    """The mean standard deviation of the patches of text that are seen and hold ink, in parts of black to white."""
    seen = np.setdiff1d(strip.text_patches, hidden)
    spreads = (to_patches(strip.pixels)[seen].astype(np.float64) / WHITE).std(axis=(1, 2), ddof=1)
    inked = spreads[spreads > 0]
    return float(inked.mean()) if len(inked) else USUAL_CONTRAST


def sheet(lines: list[np.ndarray], attended: int, wide: int = 40, scale: int = 2) -> np.ndarray:
    """Strips one under the other, cut after ``attended`` patches and wrapped every ``wide`` patches.

    Args:
        scale: picture pixels to a strip's pixel.
    """
    patch = lines[0].shape[0]
    wide = min(wide, attended)
    rows = -(-attended // wide)
    parts = []
    for row in range(rows):
        for line in lines:
            part = line[:, row * wide * patch : min((row + 1) * wide, attended) * patch]
            part = np.pad(part, ((0, GAP), (0, wide * patch - part.shape[1])), constant_values=WHITE)
            parts.append(part)
        parts.append(np.full((2 * GAP, wide * patch), WHITE, dtype=np.uint8))
    page = np.pad(np.concatenate(parts)[: -3 * GAP], 2 * GAP, constant_values=WHITE)
    return page.repeat(scale, axis=0).repeat(scale, axis=1)
