"""Style ``pixel``: what the published PIXEL models were trained on (Rust et al. 2023, its PyGame renderer).

Code point by code point from left to right, without kerning, joining or changes of direction; a character that the font
lacks, control characters included, is drawn as the font's box. A text is centred by the height of its own ink, so its
base line depends on its letters; lists of words share one base line.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from playground.text.rendering.declared import check_declared
from playground.text.rendering.fonts import SHIPPED, Face, Faces, instead
from playground.text.rendering.layout import Drawing, Text, check_text, lay_out
from playground.text.rendering.strip import Strip, lacking, word_ranges


@dataclass(frozen=True)
class PixelConfig:
    """Settings of the ``pixel`` and ``shaped`` styles; names and defaults are the published ones.

    Attributes:
        font_size: in points at ``dpi``. pixels_per_patch: P, even. max_seq_length: patches of a strip, L.
        pad_size: rows above the letters of a list of words, from the middle of which its base line follows.
    """

    font_file: str = "GoNotoCurrent.ttf"
    font_size: float = 8
    dpi: int = 120
    pixels_per_patch: int = 16
    max_seq_length: int = 529
    pad_size: int = 3

    def __post_init__(self):
        check_declared(self, pad_size=(0, 256))

    @property
    def pixels(self) -> float:
        """The font's em in pixels."""
        return self.font_size * self.dpi / 72


def fonts_for(config: PixelConfig, folder: Path) -> tuple[tuple[Path, ...], str | None]:
    """The fonts to draw with, the checkpoint's own alone if it is there, and a note if it is not."""
    own = folder / config.font_file
    if own.is_file():
        return (own,), None
    paths = instead()
    first, others = paths[0], len([path for path in paths[1:] if path.parent != SHIPPED])
    more = f" and {others} more Noto fonts of this machine" if others else ""
    return paths, (
        f"The font {config.font_file} was not found beside the checkpoint, so text is drawn with {first.name}{more}; "
        "letters may differ from those that the model was trained on."
    )


class PixelRenderer:
    """Draws texts, pairs of texts and lists of words in the ``pixel`` style.

    Attributes:
        notes: plain sentences on fonts that had to be replaced.

    Args:
        folder: where the checkpoint lies; if its font is not there, the fonts of :func:`fonts.instead` are asked in
            their order, each character alone.

    Raises:
        InvalidConfig, DamagedFile: if the font is there but cannot be used.
    """

    style = "pixel"

    def __init__(self, config: PixelConfig, folder: Path):
        self.config = config
        paths, note = fonts_for(config, folder)
        self.notes = () if note is None else (note,)
        self._replaced = note is not None
        self._faces = Faces(paths, config.pixels)
        self._faces.first.glyph(" ")  # a damaged font is told at once

    @property
    def font(self) -> str:
        """The file name of the font that is asked first."""
        return self._faces.first.name

    def render(self, text: Text) -> Strip:
        """Draw a text, a tuple of two texts with a separator each, or a list of words that each begin a patch.

        What does not fit is left out, and what no font has is drawn as a box; both are noted.

        Raises:
            InvalidRequest: something else, or far longer than any strip.
        """
        check_text(text)
        middle = self.config.pixels_per_patch // 2
        text = _encodable(text)
        strip = lay_out(
            text, self.config, self._draw, lambda drawing: middle - len(drawing.ink) // 2,
            lambda drawing: self.config.pad_size + middle - drawing.rise,
        )  # fmt: skip
        return replace(strip, notes=(*strip.notes, *self._font_notes(strip.text)))

    def _face(self, character: str) -> Face:
        return self._faces.covering(character) or self._faces.first

    def _font_notes(self, text: str) -> list[str]:
        missing, used = set(), {}
        for character in dict.fromkeys(text):
            face = self._faces.covering(character)
            if face is None:
                missing.add(character)
            elif not character.isspace():
                used[face.name] = None
        names = list(used) or [self._faces.first.name]
        notes = []
        if self._replaced:
            notes.append(f"{self.config.font_file} is not here; drawn with {', '.join(names)} instead.")
        return notes + lacking(None if self._replaced else self.config.font_file, sorted(missing))

    def _draw(self, text: str) -> Drawing:
        """Ink that overlaps is laid over one another; the first ink lands at x = 0, whatever its bearing.

        A blank counts by its advance, a letter by its ink. What begins after twice a strip is not looked at.
        """
        glyphs, lefts, rights, pen = [], [], [], 0
        farthest = 2 * self.config.pixels_per_patch * self.config.max_seq_length
        for character in text:
            if pen > farthest:
                break
            glyph = self._face(character).glyph(character)
            glyphs.append(glyph)
            lefts.append(pen + glyph.left)  # a blank has no bearing
            rights.append(lefts[-1] + (glyph.ink.shape[1] if glyph.ink.size else glyph.advance))
            pen += glyph.advance
        inked = [(glyph, left) for glyph, left in zip(glyphs, lefts, strict=True) if glyph.ink.size]
        start, width = min(lefts, default=0), max(rights, default=0) - min(lefts, default=0)
        top = min((glyph.top for glyph, _ in inked), default=0)
        bottom = max((glyph.top + len(glyph.ink) for glyph, _ in inked), default=0)
        ink = np.zeros((bottom - top, width), dtype=np.uint16)
        for glyph, left in inked:
            rows = slice(glyph.top - top, glyph.top - top + len(glyph.ink))
            spot = ink[rows, left - start : left - start + glyph.ink.shape[1]]
            spot += glyph.ink - (spot * glyph.ink // 255)
        words = [(min(lefts[a:b]) - start, max(rights[a:b]) - start) for a, b in word_ranges(text[: len(glyphs)])]
        return Drawing(ink.astype(np.uint8), -top, width, [right - start for right in rights], words)


def _encodable(text: Text) -> Text:
    """Half of a surrogate pair is no character that a font could have; it becomes the replacement character."""
    if isinstance(text, str):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return type(text)(map(_encodable, text))
