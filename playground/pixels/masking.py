"""Which patches of a strip are hidden, drawn from a seed."""

import math
import numbers
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from playground import limits
from playground.errors import InvalidRequest
from playground.pixels.spans import LONGEST, span_mask
from playground.text.rendering import Strip

KINDS = ("span", "random", "words", "every", "manual")
OVER = ("text", "row")


def _option(default: Any, description: str, minimum: float | None = None, maximum: float | None = None) -> Any:
    return field(default=default, metadata={"description": description, "minimum": minimum, "maximum": maximum})


@dataclass(frozen=True)
class MaskOptions:
    """How to choose the patches to hide. Each field's metadata holds ``description``, ``minimum`` and ``maximum``.

    Raises:
        InvalidRequest: a value of the wrong type or out of range.
    """

    ratio: float = _option(0.25, "The share of patches to hide.", 0.0, 1.0)
    kind: str = _option(
        "span", "span: stretches of patches, as in training; random: single patches; words: whole words; every: "
        "every n-th patch; manual: the patches that are listed.",
    )  # fmt: skip
    seed: int = _option(42, "The same seed hides the same patches.", *limits.SEED)
    over: str = _option("text", "Whether the ratio counts the patches of the text, or of the whole row, as published.")
    spacing: int | str = _option("span", "Free patches around a span: a number, or 'span' for as many as it is long.")
    every: int = _option(4, "For the kind every: the distance between two hidden patches.", 1, limits.DIMENSION)
    patches: tuple[int, ...] = _option((), "For the kind manual: the patches to hide, counted from 0.")
    longest: int = _option(LONGEST, "Patches of the longest span; 6 as in training.", 1, limits.SPAN)

    def __post_init__(self):
        for name, allowed in (("kind", KINDS), ("over", OVER)):
            if getattr(self, name) not in allowed:
                raise InvalidRequest(f"{name} is {getattr(self, name)!r:.40}; it must be one of {', '.join(allowed)}.")
        ratio = _number("ratio", self.ratio, numbers.Real, 0, 1)
        spacing = self.spacing
        if spacing != "span":
            spacing = _number("spacing", spacing, numbers.Integral, 0, limits.DIMENSION, " or 'span'")
        if isinstance(self.patches, str | bytes) or not isinstance(self.patches, Iterable):
            raise InvalidRequest(f"patches must be a list of whole numbers, not {self.patches!r:.40}.")
        if hasattr(self.patches, "__len__") and len(self.patches) > limits.STRIP_PATCHES:
            raise InvalidRequest(
                f"{len(self.patches):,} patches are listed, but no strip has more than {limits.STRIP_PATCHES:,}."
            )
        patches = (_number("A patch", value, numbers.Integral, 0, limits.DIMENSION) for value in self.patches)
        if self.kind == "words" and self.over == "row":
            raise InvalidRequest("Words lie in the text only, so the kind 'words' needs over='text'.")
        values = {
            "ratio": float(ratio), "spacing": spacing, "patches": tuple(sorted(set(patches))),
            "seed": _number("seed", self.seed, numbers.Integral, *limits.SEED),
            "every": _number("every", self.every, numbers.Integral, 1, limits.DIMENSION),
            "longest": _number("longest", self.longest, numbers.Integral, 1, limits.SPAN),
        }  # fmt: skip
        for name, value in values.items():
            object.__setattr__(self, name, value)


def _number(name: str, value: Any, kind: type, least: float, most: float, otherwise: str = "") -> Any:
    if isinstance(value, bool) or not isinstance(value, kind) or not least <= value <= most:
        whole = "a whole number" if kind is numbers.Integral else "a number"
        raise InvalidRequest(f"{name} is {value!r:.40}, but must be {whole} from {least:,} to {most:,}{otherwise}.")
    return int(value) if kind is numbers.Integral else float(value)


def mask_from(values: Any, whose: str) -> MaskOptions:
    """The options in a mapping that came from a file or a browser; messages call it ``whose``.

    Raises:
        InvalidRequest: no mapping, an unknown option, or a value that is not allowed.
    """
    if not isinstance(values, Mapping):
        raise InvalidRequest(f"{whose} has no options of a mask, but {values!r:.40}.")
    known = [option.name for option in fields(MaskOptions)]
    unknown = sorted(str(name) for name in values if name not in known)
    if unknown:
        raise InvalidRequest(f"{whose} has the unknown option {unknown[0]!r:.40}; known are {', '.join(known)}.")
    return MaskOptions(**values)


def recommended_spacing(ratio: float) -> int | str:
    """The spacing with which spans find room: as published up to a ratio of 0.4, then 1, above 0.7 none."""
    return "span" if ratio <= 0.4 else 1 if ratio <= 0.7 else 0


def draw_mask(strip: Strip, options: MaskOptions = MaskOptions()) -> np.ndarray:
    """The patches of ``strip`` to hide.

    Spans over the row are those of the published code for the same seed, call for call: they fall on padding as well,
    and if no more room is found there are fewer than the ratio asks for. Over the text, separators are never hidden.

    Returns:
        Uint8 ``(L,)``, 1 = hidden.

    Raises:
        InvalidRequest: listed patches beyond the strip, or whole words of a strip that knows none.
    """
    length = strip.num_patches
    among = strip.text_patches if options.over == "text" else np.arange(length)
    target = math.ceil(options.ratio * len(among))
    dice = random.Random(options.seed)
    if options.kind == "manual":
        chosen = _listed(options.patches, length)
    elif options.kind == "every":
        chosen = among[options.seed % options.every :: options.every]
    elif options.kind == "words":
        chosen = _whole_words(strip, dice, target)
    elif options.kind == "random":
        chosen = among[dice.sample(range(len(among)), target)]
    else:
        spacing = None if options.spacing == "span" else options.spacing
        first = len(among) if options.over == "text" else strip.num_text_patches + 1
        chosen = among[span_mask(dice, len(among), first, target, spacing, options.longest)]
    mask = np.zeros(length, dtype=np.uint8)
    mask[chosen] = 1
    return mask


def _listed(patches: tuple[int, ...], length: int) -> list[int]:
    beyond = next((patch for patch in patches if patch >= length), None)
    if beyond is not None:
        raise InvalidRequest(f"Patch {beyond:,} is to be hidden, but the strip has patches 0 to {length - 1:,}.")
    return list(patches)


def _whole_words(strip: Strip, dice: random.Random, target: int) -> list[int]:
    """The patches of so many words that ``target`` patches are hidden, or a few more."""
    if not strip.words and strip.text.strip():
        raise InvalidRequest("This strip does not say where its words are. Draw it with the model's own renderer.")
    hidden: set[int] = set()
    for word in dice.sample(range(len(strip.words)), len(strip.words)):
        if len(hidden) >= target:
            break
        hidden.update(range(*strip.words[word]))
    return sorted(hidden - set(strip.separators))
