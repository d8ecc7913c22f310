"""A strip of square patches: what every style of rendering makes of a text, and what the patch models read."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from playground import limits
from playground.errors import InvalidRequest

WHITE, BLACK = 255, 0


@dataclass(frozen=True)
class Strip:
    """Rendered text.

    Attributes:
        pixels: uint8 ``(P, P * L)``, 0 (black) to 255 (white).
        num_text_patches: patches of text; the last separator comes after them. Of a pair, the first text's separator
            is counted too.
        attention_mask: uint8 ``(L,)``, 1 for text patches and separators, 0 for padding.
        text: the text as drawn, without what did not fit.
        notes: plain sentences on what could not be drawn as asked.
        separators: indices of the black patches, the last one after the text.
        words: for each word the patches that it reaches into, as (first, one past the last); neighbours may share one.
    """

    pixels: np.ndarray
    num_text_patches: int
    attention_mask: np.ndarray
    text: str
    notes: tuple[str, ...] = ()
    separators: tuple[int, ...] = ()
    words: tuple[tuple[int, int], ...] = ()

    @property
    def patch_size(self) -> int:
        return self.pixels.shape[0]

    @property
    def num_patches(self) -> int:
        return len(self.attention_mask)

    @property
    def text_patches(self) -> np.ndarray:
        """Int64 indices of the patches that hold text: neither separators nor padding."""
        return np.setdiff1d(np.arange(self.num_text_patches), self.separators)


def attend(num_text_patches: int, num_patches: int) -> np.ndarray:
    """The attention mask, uint8 ``(L,)``: the text and the separator after it."""
    return (np.arange(num_patches) <= num_text_patches).astype(np.uint8)


def check_length(texts: Sequence[str]) -> None:
    """Raise :class:`InvalidRequest` if ``texts`` are far longer than any strip."""
    length = sum(map(len, texts))
    if length > limits.PROMPT_CHARACTERS:
        raise InvalidRequest(
            f"The text has {length:,} characters; at most {limits.PROMPT_CHARACTERS:,} are read. Shorten it."
        )


def word_ranges(text: str) -> Iterator[tuple[int, int]]:
    """The words of ``text`` as (start, end): what blanks part, and every letter of the wide scripts of East Asia.

    Chinese and Japanese set no blanks, so that a whole sentence would be one word otherwise.
    """
    start = None
    for i, character in enumerate(text):
        wide = unicodedata.east_asian_width(character) == "W" and character.isalpha()
        if start is not None and (wide or character.isspace()):
            yield start, i
            start = None
        if wide:
            yield i, i + 1
        elif start is None and not character.isspace():
            start = i
    if start is not None:
        yield start, len(text)


def reached(left: int, right: int, patch: int, most: int) -> tuple[int, int] | None:
    """The patches that pixels ``left`` to ``right`` reach into, at least the one where they begin; cut at ``most``, and
    None if they begin behind it."""
    first = max(0, left // patch)
    stop = min(most, max(first + 1, -(-right // patch)))
    return (first, stop) if first < stop else None


def left_out(held: int, total: int) -> list[str]:
    """The note on a text of ``total`` characters of which ``held`` fit; none if all do."""
    if held >= total:
        return []
    return [f"The strip holds {held:,} characters; the last {total - held:,} are left out."]


def lacking(font: str | None, missing: Sequence[str]) -> list[str]:
    """The note on characters that ``font``, or no font at all, has a glyph for; none if there are none."""
    if not missing:
        return []
    names = " ".join(map(shown, missing[:20])) + f" and {len(missing) - 20:,} more" * (len(missing) > 20)
    return [f"{font} has no glyph for {names}." if font else f"No font here has a glyph for {names}."]


def shown(character: str) -> str:
    """The character itself, or its number where it would not be seen or would join its neighbour."""
    visible = character.isprintable() and unicodedata.category(character)[0] not in "MZC"
    return character if visible else f"U+{ord(character):04X}"
