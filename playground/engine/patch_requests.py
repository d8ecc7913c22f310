"""What can be asked about patches of rendered text, and what is answered: frozen, validated, plain data.

Answers carry pictures as PNG bytes, 8 bits of grey, one row of patches of ``patch_size`` pixels: the first ``shown``
patches of the strip, which are all that a model computes; the padding after them is left out. Numbers per patch are
tuples of ``shown`` entries, None where there is none. Patches are counted from 0.

Every request that names a model is answered by :class:`playground.engine.requests.Loading` first while it loads.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playground import limits
from playground.engine.requests import Request
from playground.errors import InvalidRequest
from playground.pixels.certainty import COMPANIONS, check_companions
from playground.pixels.filling import Working
from playground.pixels.masking import MaskOptions
from playground.text.typos import KINDS as TYPO_KINDS

__all__ = [
    "FillRequest", "Filled", "Identity", "ReadPatch", "ReconstructRequest", "Reconstructed", "RenderRequest",
    "Rendered", "SureRequest", "Sureness", "TypoPoint", "TypoRequest", "Word", "Working", "WriteOnRequest",
]  # fmt: skip


def _text(text: Any) -> str:
    """The text, with a replacement character for what is only half of a surrogate pair: no file could hold it."""
    if not isinstance(text, str):
        raise InvalidRequest(f"The text must be text, not {type(text).__name__}.")
    if len(text) > limits.STRIP_CHARACTERS:
        raise InvalidRequest(
            f"The text has {len(text):,} characters, but at most {limits.STRIP_CHARACTERS:,} are read. Shorten it."
        )
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _check_mask(mask: Any) -> None:
    if not isinstance(mask, MaskOptions):
        raise InvalidRequest(f"mask must be options of a mask, not {type(mask).__name__}.")


def _check_whole(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidRequest(f"{name} is {value!r:.40}, but must be a whole number from {least:,} to {most:,}.")


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


@dataclass(frozen=True)
class RenderRequest(Request):
    """Draw ``text`` as the model reads it, and choose the patches that ``mask`` hides (None: nothing is hidden).

    A redraw: strips are remembered, and no network runs. Any text of an allowed length is drawn: what is cut, what no
    font has and what is drawn otherwise stands in the notes. Answered by :class:`Rendered`.

    Raises:
        InvalidRequest: a text of more than ``limits.STRIP_CHARACTERS``, or wrong types. While answering: a model that
            reads no pictures, or listed patches beyond the row.
    """

    text: str = ""
    mask: MaskOptions | None = None

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "text", _text(self.text))
        if self.mask is not None:
            _check_mask(self.mask)


@dataclass(frozen=True)
class ReconstructRequest(Request):
    """Hide patches of ``text`` and let the model predict them, in one pass. Answered by :class:`Reconstructed`.

    A mask that hides nothing is allowed: then there is no loss, and the notes say so.
    """

    text: str = ""
    mask: MaskOptions = MaskOptions()

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "text", _text(self.text))
        _check_mask(self.mask)


@dataclass(frozen=True)
class SureRequest(ReconstructRequest):
    """How far the predictions move when the model sees a little less: under ``companions`` masks that also hide a
    random fifth of what can be seen, drawn from ``seed``.

    Answered by :class:`Working` after each pass of the model, and :class:`Sureness`.
    """

    companions: int = COMPANIONS
    seed: int = 0

    def __post_init__(self):
        super().__post_init__()
        check_companions(self.companions)
        _check_whole("seed", self.seed, *limits.SEED)


@dataclass(frozen=True)
class FillRequest(SureRequest):
    """Fill the hidden patches ``at_a_time``, those first on which companion masks disagree least; what is filled is
    seen in the next step.

    Answered by :class:`Working` or :class:`Filled` after each pass of the model.
    """

    at_a_time: int = 1

    def __post_init__(self):
        super().__post_init__()
        _check_whole("at_a_time", self.at_a_time, 1, limits.STRIP_PATCHES)


@dataclass(frozen=True)
class WriteOnRequest(Request):
    """Hide the text from patch ``start`` on and let the model continue it from left to right, ``at_a_time`` patches a
    pass. Answered by a :class:`Filled` after each pass."""

    text: str = ""
    start: int = 0
    at_a_time: int = 1

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "text", _text(self.text))
        _check_whole("start", self.start, 0, limits.STRIP_PATCHES)
        _check_whole("at_a_time", self.at_a_time, 1, limits.STRIP_PATCHES)


@dataclass(frozen=True)
class TypoRequest(Request):
    """Disturb ``text`` more and more, and measure how well ``model`` reconstructs it and ``peer``, a language model,
    predicts it.

    For each of ``shares`` (0 to 1, of the letters that can change) the text is changed by ``kind``: "typos",
    "homoglyphs" or "case". With the same seed a larger share holds all the changes of a smaller one.

    Every patch of the text is hidden exactly once, so that no draw of a mask favours one text over another: of n
    patches, every m-th in one pass, in m passes, where m is 1 / ``ratio`` rounded, at least 2. The peer reads exactly
    the text that the strip holds.

    Answered by :class:`Working` after each pass, and a :class:`TypoPoint` for each share in the order given.
    """

    peer: str = ""
    text: str = ""
    kind: str = "typos"
    shares: tuple[float, ...] = (0.0, 0.05, 0.1, 0.2, 0.4)
    seed: int = 0
    ratio: float = 0.25

    def __post_init__(self):
        super().__post_init__()
        if not isinstance(self.peer, str) or not self.peer:
            raise InvalidRequest("No language model was chosen to compare with. Choose one.")
        Request(self.peer)
        object.__setattr__(self, "text", _text(self.text))
        if self.kind not in TYPO_KINDS:
            raise InvalidRequest(f"kind is {self.kind!r:.40}; it must be one of {', '.join(TYPO_KINDS)}.")
        shares = self.shares
        if isinstance(shares, str | bytes) or not isinstance(shares, Sequence):
            raise InvalidRequest(f"shares must be a list of numbers from 0 to 1, not {type(shares).__name__}.")
        if not 1 <= len(shares) <= limits.TYPO_SHARES:
            raise InvalidRequest(f"{len(shares)} shares were asked for, but it must be 1 to {limits.TYPO_SHARES}.")
        wrong = next((share for share in shares if not _is_share(share)), None)
        if wrong is not None:
            raise InvalidRequest(f"A share is {wrong!r:.40}, but must be a number from 0 to 1.")
        object.__setattr__(self, "shares", tuple(float(share) for share in shares))
        _check_whole("seed", self.seed, *limits.SEED)
        if not _is_share(self.ratio) or not self.ratio >= 1 / limits.TYPO_PASSES:
            least = 1 / limits.TYPO_PASSES
            raise InvalidRequest(f"ratio is {self.ratio!r:.40}, but must be a number from {least:g} to 1.")

    @property
    def passes(self) -> int:
        """Passes of the model for each share."""
        return max(2, math.floor(1 / self.ratio + 0.5))


@dataclass(frozen=True)
class Identity:
    """Which weights answered: the name asked for, the family, the fingerprint of the files, and the precision."""

    model: str
    family: str
    fingerprint: str
    dtype: str


@dataclass(frozen=True)
class Word:
    """A word and the patches that it reaches into, ``first`` to one before ``stop``; neighbours may share one."""

    text: str
    first: int
    stop: int


@dataclass(frozen=True)
class Rendered:
    """Text as a strip of patches.

    Attributes:
        text: as drawn, without what did not fit.
        patch_size: pixels of a patch's side, P.
        text_patches: patches of text; of a pair, the first separator is counted.
        shown: patches of ``picture``: those of the text and the separator after it.
        row: patches of the whole row that the network reads, padding included.
        separators: the black patches. hideable: the patches that hold text, which masks over the text choose from.
        words: in the order of the text.
        characters: for each shown patch what is drawn in it, where the style tells: two characters in the grid style
            (one blank for a cell after the end), "" for separators; empty for other styles.
        style: grid, pixel or shaped. font: the file that the style asks for; notes say what stands in for it.
        notes: plain sentences on what was cut, replaced or not found, and on what the mask hides.
        hidden: the patches that the mask hides, padding left out. hidden_padding: how many it hides of the padding.
        summary: a sentence on how much is hidden of what; "" without a mask.
        picture: PNG of the strip, nothing hidden.
        remembered: whether the strip had been drawn before.
    """

    identity: Identity
    text: str
    patch_size: int
    text_patches: int
    shown: int
    row: int
    separators: tuple[int, ...]
    hideable: tuple[int, ...]
    words: tuple[Word, ...]
    characters: tuple[str, ...]
    style: str
    font: str
    notes: tuple[str, ...]
    hidden: tuple[int, ...]
    hidden_padding: int
    summary: str
    picture: bytes
    remembered: bool


@dataclass(frozen=True)
class ReadPatch:
    """A hidden patch of the grid style read back as the nearest pair of printable characters."""

    patch: int
    truth: str
    read: str
    right: bool


@dataclass(frozen=True)
class Reconstructed:
    """What the model made of the hidden patches.

    Attributes:
        text: as drawn. hidden: the patches that were hidden, padding left out.
        pictures: PNG by name, in the order original, masked, as_published, on_the_page.
        rules: for each of them a sentence on how it was made.
        standardised: whether the model predicts standardised pixels, and errors are of those.
        errors: mean squared error of each hidden patch.
        loss: as published: their mean; None if nothing is hidden.
        seconds: the model's work. remembered: whether it was done before, so that no network ran now.
        reading: hidden patches read back, in the grid style; else empty.
        summary: a sentence on how much is hidden of what.
    """

    identity: Identity
    text: str
    patch_size: int
    shown: int
    hidden: tuple[int, ...]
    pictures: dict[str, bytes]
    rules: dict[str, str]
    standardised: bool
    errors: tuple[float | None, ...]
    loss: float | None
    seconds: float
    remembered: bool
    reading: tuple[ReadPatch, ...]
    summary: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Sureness:
    """How sure the model is of each hidden patch, and how wrong it was.

    Attributes:
        spread: the root of the mean variance of a patch's predicted numbers over the companion masks.
        errors: as in :class:`Reconstructed`.
        correlation: Spearman's rank correlation of the two over the hidden patches; None with fewer than three, or
            where either is the same everywhere.
        companions: how many masks.
    """

    identity: Identity
    shown: int
    hidden: tuple[int, ...]
    spread: tuple[float | None, ...]
    errors: tuple[float | None, ...]
    correlation: float | None
    companions: int


@dataclass(frozen=True)
class Filled:
    """One step of filling: a frame of the filmstrip.

    Attributes:
        number: this step, from 1. of: all steps.
        filled: the patches of this step, the surest first. left: those that are still hidden. hidden: those of the
            beginning.
        frame: PNG of the page with what is filled so far; what is still hidden is grey.
        spread: what the choice was made by; all None in the last step, and in writing on.
        errors: of every patch of ``hidden``, filled or as now predicted, against the truth. loss: their mean.
        reading: every filled patch so far, read back; empty unless in the grid style.
        text: as drawn. notes: on the drawing.
    """

    identity: Identity
    text: str
    patch_size: int
    shown: int
    number: int
    of: int
    hidden: tuple[int, ...]
    filled: tuple[int, ...]
    left: tuple[int, ...]
    frame: bytes
    spread: tuple[float | None, ...]
    errors: tuple[float | None, ...]
    loss: float
    reading: tuple[ReadPatch, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class TypoPoint:
    """What one share of changes does to both models.

    Attributes:
        share: as asked for. number, of: which share this is, from 1.
        text: with the changes, as the strip holds it and both models read it.
        changed: for each change the characters of ``text`` that it wrote, (start, one past the end); empty where it
            dropped one. possible: letters that could have been changed.
        error: the patch model's mean error over all patches of the text. patches: how many there are.
        tokens: of the peer, its begin token included. bits_per_byte, total_bits: of the peer, as its score has them;
            None where nothing is left to score or its context is too short, and a note says so.
        notes: on the drawing and the peer.
    """

    share: float
    number: int
    of: int
    text: str
    changed: tuple[tuple[int, int], ...]
    possible: int
    error: float
    patches: int
    tokens: int
    bits_per_byte: float | None
    total_bits: float | None
    notes: tuple[str, ...]
