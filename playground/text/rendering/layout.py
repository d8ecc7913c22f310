"""Where texts, pairs of texts and lists of words lie on a strip, and where the separators between them.

The rules are those of the published PIXEL renderer (Rust et al. 2023): a text begins 2 pixels into its patch, and a
black patch follows at the next patch border that leaves at least 2 pixels free.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from playground.errors import InvalidRequest
from playground.text.rendering.strip import BLACK, WHITE, Strip, attend, check_length, left_out, reached

MARGIN = 2  # pixels before a text and, at least, after it

Text = str | tuple[str, str] | list[str]
Span = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Drawing:
    """A text drawn by itself.

    Attributes:
        ink: uint8 ``(h, w)``, 0 to 255 (black), cut to the rows that are inked.
        rise: rows of ink above the base line.
        width: pixels that the text takes; ``ink`` may be narrower.
        ends: for each character that was drawn, the pixels after which it is complete.
        words: the pixels (from, to) of each word.
    """

    ink: np.ndarray
    rise: int
    width: int
    ends: Sequence[int]
    words: Sequence[Span]


@dataclass(eq=False)
class Canvas:
    """A white strip that is being drawn on."""

    patch: int
    most: int
    pixels: np.ndarray = field(init=False)
    separators: list[int] = field(default_factory=list)
    words: list[Span] = field(default_factory=list)

    def __post_init__(self):
        self.pixels = np.full((self.patch, self.patch * self.most), WHITE, dtype=np.uint8)

    @property
    def last(self) -> int:
        """Where the last patch begins: no separator can come later."""
        return self.patch * (self.most - 1)

    def border(self, x: int) -> int:
        """The first patch border at or after ``x``."""
        return min(-(-x // self.patch) * self.patch, self.last)

    def place(self, drawing: Drawing, x: int, top: int) -> int:
        """Draw with the ink's first row at ``top``; what lies outside is cut. How many characters are whole."""
        height, width = drawing.ink.shape
        first, stop, right = max(0, top), min(self.patch, top + height), min(self.pixels.shape[1], x + width)
        if x < right and first < stop:
            spot = self.pixels[first:stop, x:right]
            np.minimum(spot, WHITE - drawing.ink[first - top : stop - top, : right - x], out=spot)
        spans = (reached(x + left, x + right, self.patch, self.most - 1) for left, right in drawing.words)
        self.words += filter(None, spans)
        return sum(x + end <= self.last for end in drawing.ends)

    def separate(self, x: int) -> None:
        """Paint the patch at ``x`` black."""
        self.pixels[:, x : x + self.patch] = BLACK
        self.separators.append(x // self.patch)


def lay_out(
    text: Text, config: Any, draw: Callable[[str], Drawing], top: Callable[[Drawing], int], word_top: Callable
) -> Strip:
    """Draw a text, a pair of texts (a tuple) or a list of words, without notes on fonts.

    Args:
        config: has ``pixels_per_patch`` and ``max_seq_length``.
        draw: draws one text by itself. top, word_top: the row of its first ink in a text or pair, in a list of words.

    Raises:
        InvalidRequest: something else, or far longer than any strip.
    """
    check_text(text)
    canvas = Canvas(config.pixels_per_patch, config.max_seq_length)
    place = _place_words if isinstance(text, list) else _place_texts
    parts = [text] if isinstance(text, str) else list(text)
    held = place(canvas, parts, draw, word_top if isinstance(text, list) else top)
    count = canvas.separators[-1]
    return Strip(
        canvas.pixels, count, attend(count, canvas.most),
        " ".join(part[:most] for part, most in zip(parts, held, strict=False)),
        tuple(left_out(sum(held), sum(map(len, parts)))),
        tuple(dict.fromkeys(canvas.separators)), tuple(canvas.words),
    )  # fmt: skip


def _place_texts(canvas: Canvas, parts: list[str], draw: Callable[[str], Drawing], top: Callable) -> list[int]:
    """Each text after its margin, each followed by a separator. How many characters of each fit."""
    x, held = MARGIN, []
    for part in parts:
        drawing = draw(part)
        held.append(canvas.place(drawing, x, top(drawing)))
        end = canvas.border(x + drawing.width + MARGIN)
        canvas.separate(end)
        x = end + canvas.patch + MARGIN
    return held


def _place_words(canvas: Canvas, parts: list[str], draw: Callable[[str], Drawing], top: Callable) -> list[int]:
    """Each word begins a patch, the first after the margin; the blank after a word belongs to its width."""
    x, held = MARGIN, []
    for i, word in enumerate(parts):
        final = i == len(parts) - 1
        drawing = draw(word if final else word + " ")
        held.append(min(canvas.place(drawing, x, top(drawing)), len(word)))
        x = canvas.border(x + drawing.width + (MARGIN if final else 0))
        if x >= canvas.last:
            break
    canvas.separate(x)
    return held


def check_text(text: Text) -> None:
    """Raise :class:`InvalidRequest` unless this is a text, a pair of texts, or a list of words, of a fair length."""
    parts = [text] if isinstance(text, str) else text
    pair, words = isinstance(text, tuple) and len(text) == 2, isinstance(text, list) and len(text) > 0
    if not (isinstance(text, str) or pair or words) or not all(isinstance(part, str) for part in parts):
        raise InvalidRequest(
            f"A text, a tuple of two texts or a list of words can be drawn, but this is {type(text).__name__} "
            f"{text!r:.40}."
        )
    check_length(parts)
