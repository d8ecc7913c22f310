"""Style ``grid``: a monospace font, one character per cell of half a patch, so that a patch holds two characters.

Ink starts at x = 0 and stands on a fixed base line; a black patch follows the text; the rest stays white.
"""

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from playground.errors import InvalidRequest, MissingFile
from playground.text.rendering.declared import check_declared
from playground.text.rendering.fonts import open_font
from playground.text.rendering.strip import (
    BLACK,
    WHITE,
    Strip,
    attend,
    check_length,
    lacking,
    left_out,
    reached,
    word_ranges,
)


@dataclass(frozen=True)
class GridConfig:
    """Settings of the ``grid`` style; the names are those of ``text_renderer_config.json``.

    Attributes:
        font_size: in points at ``dpi``. pixels_per_patch: P, even. max_seq_length: patches of a strip, L.
        base_line: rows from the top of a patch to the line that letters stand on.
    """

    font_file: str
    font_size: float = 13.0
    dpi: int = 72
    pixels_per_patch: int = 16
    max_seq_length: int = 64
    base_line: int = 12

    def __post_init__(self):
        check_declared(self, base_line=(1, 256))

    @property
    def pixels(self) -> float:
        """The font's em in pixels."""
        return self.font_size * self.dpi / 72


class GridRenderer:
    """Draws text in the ``grid`` style with one font file.

    Raises:
        MissingFile, DamagedFile: if the font is not there or no font.
    """

    style = "grid"
    notes: tuple[str, ...] = ()

    def __init__(self, config: GridConfig, font: Path):
        self.config = config
        if not font.is_file():
            raise MissingFile(f"The font {config.font_file} was not found beside the checkpoint. Fetch it again.")
        self._font = open_font(font, config.pixels)
        self._cells: dict[str, np.ndarray] = {}

    @property
    def font(self) -> str:
        """The font's file name."""
        return self.config.font_file

    @property
    def cell_width(self) -> int:
        """Pixels from one character to the next: half a patch."""
        return self.config.pixels_per_patch // 2

    def cell(self, character: str) -> np.ndarray:
        """One character's picture, uint8 ``(P, P / 2)``; ink beyond the cell is cut."""
        if character not in self._cells:
            picture = Image.new("L", (self.cell_width, self.config.pixels_per_patch), WHITE)
            at = (0, self.config.base_line)
            ImageDraw.Draw(picture).text(at, character, fill=BLACK, font=self._font, anchor="ls")
            self._cells[character] = np.asarray(picture)
        return self._cells[character]

    @cached_property
    def _nothing(self) -> np.ndarray:
        return self.cell("\U0010ffff")  # never assigned, so every font draws its sign for a missing glyph

    def lacks(self, character: str) -> bool:
        """Whether the font has no glyph for ``character``."""
        return not character.isspace() and np.array_equal(self.cell(character), self._nothing)

    def render(self, text: str) -> Strip:
        """Draw ``text`` on one line: line ends and tabs become blanks, control characters go, letters are composed.

        What does not fit is left out, and what the font lacks is drawn as its sign for that; both are noted.

        Raises:
            InvalidRequest: if the text is far longer than any strip, or not one text.
        """
        if not isinstance(text, str):
            raise InvalidRequest("This model reads one text; pairs and lists of words are for the published models.")
        check_length([text])
        patch, most = self.config.pixels_per_patch, self.config.max_seq_length
        whole = one_line(text)
        drawn = whole[: 2 * (most - 1)]
        missing = sorted({character for character in drawn if self.lacks(character)})
        notes = left_out(len(drawn), len(whole)) + lacking(self.config.font_file, missing)
        pixels = np.full((patch, patch * most), WHITE, dtype=np.uint8)
        for i, character in enumerate(drawn):
            pixels[:, i * self.cell_width : (i + 1) * self.cell_width] = self.cell(character)
        count = max(1, -(-len(drawn) // 2))
        pixels[:, count * patch : (count + 1) * patch] = BLACK
        words = [reached(start, end, 2, count) for start, end in word_ranges(drawn)]
        return Strip(pixels, count, attend(count, most), drawn, tuple(notes), (count,), tuple(filter(None, words)))


def one_line(text: str) -> str:
    """Composed characters (NFC), every blank or line end a plain space, control and format characters gone."""
    composed = unicodedata.normalize("NFC", text)
    spaced = "".join(" " if character.isspace() else character for character in composed)
    return "".join(character for character in spaced if unicodedata.category(character) not in ("Cc", "Cf", "Cs"))
