"""Hide patches of a strip and let a model reconstruct them.

Padding is attended to by nobody, so only the patches of the text and its separators are computed: a short sentence
costs what its own patches cost, and the result is the same (to rounding) as with the whole row.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from playground.errors import InvalidRequest, PlaygroundError
from playground.pixels import pictures
from playground.pixels.masking import MaskOptions, draw_mask
from playground.text.rendering import Strip

RULES = {
    "original": "The text as it was drawn.",
    "masked": "What the model saw: hidden patches are grey.",
    "as_published": "Raw predictions, as in the published demo: each patch has its own scale, so the page turns grey.",
    "on_the_page": "Predictions on the page's contrast: in each, the lightest tenth is taken for paper, and ink is "
    "scaled by the usual contrast of the text that can be seen. Nothing of the hidden patches is used.",
    "plain": "Predictions as they are: this model predicts the page's own black and white.",
}


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What a model makes of the hidden patches of a strip.

    Attributes:
        strip: what was drawn. mask: uint8 ``(L,)``, 1 = hidden; on padding it has no effect.
        prediction: float32 ``(L, P * P * C)``, in a patch row by row, the channel fastest; 0 for padding, which is not
            computed. Standardised pixels if ``standardised``, else 0 (black) to 1 (white).
        error: float32 ``(L,)``, mean squared error of each patch, on standardised pixels if ``standardised``; NaN for
            padding.
        notes: plain sentences on the strip and the mask.
        seconds: wall time of the model's work.
    """

    strip: Strip
    mask: np.ndarray
    prediction: np.ndarray
    error: np.ndarray
    standardised: bool
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def hidden(self) -> np.ndarray:
        """Int64 indices of the hidden patches that are no padding."""
        return hidden_patches(self.strip, self.mask)

    @property
    def loss(self) -> float | None:
        """As published: the mean error of the hidden patches, padding left out; None if nothing is hidden."""
        return float(self.error[self.hidden].mean()) if len(self.hidden) else None

    @property
    def original(self) -> np.ndarray:
        """Uint8 ``(P, P * L)``, as all pictures here."""
        return self.strip.pixels

    @cached_property
    def masked(self) -> np.ndarray:
        """What the model saw, hidden patches in grey."""
        return pictures.masked(self.strip, self.hidden)

    @cached_property
    def as_published(self) -> np.ndarray:
        """Raw predictions in the hidden places, the whole picture stretched from black to white."""
        return pictures.as_published(self.strip, self.hidden, self.prediction)

    @cached_property
    def on_the_page(self) -> np.ndarray:
        """Predictions in the hidden places on the page's own contrast, by a rule that looks at no hidden patch."""
        return pictures.on_the_page(self.strip, self.hidden, self.prediction, self.standardised)

    @property
    def pictures(self) -> dict[str, np.ndarray]:
        """All pictures by name; :attr:`rules` says how each was made."""
        return {name: getattr(self, name) for name in ("original", "masked", "as_published", "on_the_page")}

    @property
    def rules(self) -> dict[str, str]:
        """For each picture a sentence on how it was made."""
        page = "on_the_page" if self.standardised else "plain"
        return {name: RULES[page if name == "on_the_page" else name] for name in self.pictures}

    def as_json(self) -> dict[str, Any]:
        """Plain data: the text, the mask and the numbers; ``error`` holds those of the hidden patches, in order."""
        hidden = self.hidden
        return {
            "text": self.strip.text, "patches": self.strip.num_text_patches,
            "separators": [int(patch) for patch in self.strip.separators], "mask": np.flatnonzero(self.mask).tolist(),
            "hidden": hidden.tolist(), "loss": self.loss, "error": [round(float(e), 6) for e in self.error[hidden]],
            "standardised": self.standardised, "notes": list(self.notes), "seconds": round(self.seconds, 4),
        }  # fmt: skip


def reconstruct(model: Any, strip: Strip, options: MaskOptions | np.ndarray = MaskOptions()) -> Reconstruction:
    """Hide patches of ``strip`` and predict them from the others, in one pass.

    Args:
        model: a loaded model that reconstructs.
        options: which patches to hide, or the mask itself: ``(L,)`` of zeros and ones.

    Raises:
        InvalidRequest: another kind of model, a strip that was not drawn for it, or a mask that does not fit the strip.
    """
    mask = mask_of(strip, options)
    began = time.perf_counter()
    prediction = predict(model, strip, mask)
    seconds = time.perf_counter() - began
    return complete(model, strip, mask, prediction, mask_notes(strip, mask, options), seconds)


def complete(
    model: Any, strip: Strip, mask: np.ndarray, prediction: np.ndarray, notes: Sequence[str] = (), seconds: float = 0.0
) -> Reconstruction:
    """The result: ``prediction`` compared with the strip, and rows of padding added to those that were computed."""
    error = _errors(model, strip, prediction)
    padding = strip.num_patches - len(prediction)
    return Reconstruction(
        strip, mask, np.pad(prediction, ((0, padding), (0, 0))), np.pad(error, (0, padding), constant_values=np.nan),
        model.network.config.norm_pix_loss, (*strip.notes, *notes), seconds,
    )  # fmt: skip


def mask_of(strip: Strip, options: MaskOptions | np.ndarray) -> np.ndarray:
    """The mask, uint8 ``(L,)``, drawn or as given.

    Raises:
        InvalidRequest: not a strip, or a mask that does not fit it.
    """
    if not isinstance(strip, Strip):
        raise InvalidRequest(f"A strip is needed, not {type(strip).__name__}. Draw one with render(model, text).")
    if isinstance(options, MaskOptions):
        return draw_mask(strip, options)
    try:
        mask = np.asarray(options)
    except ValueError:  # rows of different lengths
        mask = np.empty(0)
    if mask.shape != (strip.num_patches,) or not np.isin(mask, (0, 1)).all():
        raise InvalidRequest(
            f"A mask must be MaskOptions or {strip.num_patches:,} zeros and ones, one for each patch of the strip, but "
            f"this has shape {mask.shape}."
        )
    return mask.astype(np.uint8)


def hidden_patches(strip: Strip, mask: np.ndarray) -> np.ndarray:
    """Int64 indices of the hidden patches that are no padding."""
    return np.flatnonzero((mask == 1) & (strip.attention_mask == 1))


def computed_patches(strip: Strip) -> int:
    """How many patches, from the first on, can matter: up to the last one that is no padding.

    Raises:
        InvalidRequest: if all are padding.
    """
    attended = np.flatnonzero(strip.attention_mask)
    if not len(attended):
        raise InvalidRequest("The strip's attention mask is 0 everywhere, so there is nothing to read.")
    return int(attended[-1]) + 1


@torch.inference_mode()
def predict(model: Any, strip: Strip, mask: np.ndarray) -> np.ndarray:
    """One pass over the patches that can matter: float32 ``(N, P * P * C)``.

    Raises:
        InvalidRequest: see :func:`reconstruct`.
        PlaygroundError: predictions that are not finite.
    """
    check_model(model, strip)
    count = computed_patches(strip)
    attention_mask, hidden = (torch.from_numpy(m[:count].astype(np.int64))[None] for m in (strip.attention_mask, mask))
    found = model.predict_patches(_pixel_values(model, strip, count), attention_mask, hidden)[0].numpy()
    if not np.isfinite(found).all():
        raise PlaygroundError(
            "The model's predictions are not finite numbers. The checkpoint or its precision is at fault: check its "
            "weights, or load it in float32."
        )
    return found


def _pixel_values(model: Any, strip: Strip, count: int) -> torch.Tensor:
    """The first ``count`` patches as float32 ``(1, C, P, P * count)``, 0 black to 1 white."""
    pixels = torch.from_numpy(strip.pixels[:, : strip.patch_size * count].copy()).float() / 255
    return pixels.expand(1, model.network.config.num_channels, -1, -1)


@torch.inference_mode()
def _errors(model: Any, strip: Strip, prediction: np.ndarray) -> np.ndarray:
    """Float32 ``(N,)``: the loss that the network is trained on, of each patch that was computed."""
    pixel_values = _pixel_values(model, strip, len(prediction))
    return model.network.patch_loss(pixel_values, torch.from_numpy(prediction)[None])[0].numpy()


def check_model(model: Any, strip: Strip) -> None:
    """Raise :class:`InvalidRequest` unless ``model`` reconstructs strips like this one."""
    if "reconstruct" not in getattr(model, "abilities", ()):
        name = getattr(getattr(model, "card", None), "name", "This model")
        raise InvalidRequest(f"{name} reads tokens, not pictures. Load a pixel-mae checkpoint to reconstruct patches.")
    config = model.network.config
    if strip.patch_size != config.patch_size or computed_patches(strip) > config.num_patches:
        raise InvalidRequest(
            f"The strip has {computed_patches(strip):,} patches of {strip.patch_size} pixels, but this model reads at "
            f"most {config.num_patches:,} of {config.patch_size}. Draw the text with this model's renderer."
        )


def mask_notes(strip: Strip, mask: np.ndarray, options: MaskOptions | np.ndarray) -> list[str]:
    """Plain sentences on a mask that hides nothing, or less than was asked for."""
    count = len(hidden_patches(strip, mask))
    if not count:
        return ["Nothing of the text is hidden, so there is no loss."]
    if isinstance(options, MaskOptions) and options.kind == "span":
        among = len(strip.text_patches) if options.over == "text" else strip.num_patches
        reached, asked = int(mask.sum()), int(np.ceil(options.ratio * among))
        if reached < asked:
            return [
                f"Spans with room between them hide {reached:,} of the {asked:,} patches asked for; a smaller spacing "
                "lets more in."
            ]
    return []


def how_much(strip: Strip, mask: np.ndarray, options: MaskOptions) -> str:
    """A sentence on how much is hidden of what: the text, or the whole row as published."""
    text, separators = len(strip.text_patches), int(mask[list(strip.separators)].sum())
    hidden, everything = int(mask[strip.text_patches].sum()), int(mask.sum())
    of_text = f"{hidden:,} of the text's {_count(text, 'patch', 'patches')}"
    others = [_count(separators, "separator", "separators")] if separators else []
    if options.over == "text" or options.kind == "manual":
        parts = " and ".join([of_text, *others])
        return (
            f"{parts} {'is' if hidden + separators == 1 else 'are'} hidden ({hidden / max(text, 1):.0%} of the text)."
        )
    padding = everything - hidden - separators
    return (
        f"{everything:,} of the whole row of {strip.num_patches:,} patches are hidden, counted as published: "
        f"{', '.join([of_text, *others])} and {padding:,} of the padding, which nobody reads."
    )


def _count(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
