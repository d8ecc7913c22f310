"""Text to a strip of square patches, as a checkpoint's ``text_renderer_config.json`` says.

Style ``grid``: a monospace font, one character per cell of half a patch, so that every patch holds exactly two
characters. Ink starts at x = 0 and stands on a fixed base line; a black patch follows the text; the rest stays white.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from playground import limits
from playground.errors import DamagedFile, InvalidConfig, InvalidRequest, MissingFile

WHITE, BLACK = 255, 0


@dataclass(frozen=True)
class Strip:
    """Rendered text.

    Attributes:
        pixels: uint8 ``(P, P * L)``, 0 (black) to 255 (white).
        num_text_patches: patches of text; the separator comes after them.
        attention_mask: uint8 ``(L,)``, 1 for text patches and the separator, 0 for padding.
        text: the text as drawn, one character per cell in the ``grid`` style.
        notes: plain sentences on what could not be drawn as asked.
    """

    pixels: np.ndarray
    num_text_patches: int
    attention_mask: np.ndarray
    text: str
    notes: tuple[str, ...] = ()

    @property
    def patch_size(self) -> int:
        return self.pixels.shape[0]

    @property
    def num_patches(self) -> int:
        return len(self.attention_mask)


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
        whole = {"pixels_per_patch": (2, 256), "max_seq_length": (2, limits.DIMENSION), "base_line": (1, 256)}
        whole |= {"dpi": (1, 2400)}
        for name, (least, most) in whole.items():
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise InvalidConfig(
                    f"text_renderer_config.json says {name} = {value!r:.60}, but it must be a whole number from "
                    f"{least} to {most:,}. Check that file."
                )
        if self.pixels_per_patch % 2 or self.pixels_per_patch * self.max_seq_length > limits.STRIP_WIDTH:
            raise InvalidConfig(
                f"text_renderer_config.json asks for {self.max_seq_length:,} patches of {self.pixels_per_patch} "
                f"pixels, but a patch must be even and a strip at most {limits.STRIP_WIDTH:,} pixels. Check that file."
            )
        if not isinstance(self.font_file, str) or Path(self.font_file).name != self.font_file or not self.font_file:
            raise InvalidConfig(
                f"text_renderer_config.json says font_file = {self.font_file!r:.60}, but it must be the name of a "
                "file beside it."
            )
        if type(self.font_size) not in (int, float) or not 1 <= self.pixels <= 256:
            raise InvalidConfig(
                f"text_renderer_config.json says font_size = {self.font_size!r:.60} at {self.dpi} dpi, but letters "
                "must be 1 to 256 pixels high. Check that file."
            )

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

    def __init__(self, config: GridConfig, font: Path):
        self.config = config
        if not font.is_file():
            raise MissingFile(f"The font {config.font_file} was not found beside the checkpoint. Fetch it again.")
        if font.stat().st_size > limits.FONT_BYTES:
            raise InvalidConfig(
                f"The font {font.name} has {font.stat().st_size:,} bytes; at most {limits.FONT_BYTES:,} are read. "
                "Put another font in its place."
            )
        try:
            self._font = ImageFont.truetype(str(font), config.pixels, layout_engine=ImageFont.Layout.BASIC)
        except OSError as error:
            raise DamagedFile(f"{font} is not a font that can be read ({error}). Fetch it again.") from error
        self._cells: dict[str, np.ndarray] = {}

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
            InvalidRequest: if the text is far longer than any strip.
        """
        if len(text) > limits.PROMPT_CHARACTERS:
            raise InvalidRequest(
                f"The text has {len(text):,} characters; at most {limits.PROMPT_CHARACTERS:,} are read. Shorten it."
            )
        patch, most = self.config.pixels_per_patch, self.config.max_seq_length
        whole = one_line(text)
        drawn = whole[: 2 * (most - 1)]
        notes = []
        if len(whole) > len(drawn):
            notes.append(f"The strip holds {len(drawn)} characters; the last {len(whole) - len(drawn):,} are left out.")
        missing = sorted({character for character in drawn if self.lacks(character)})
        if missing:
            notes.append(f"{self.config.font_file} has no glyph for {' '.join(missing[:20])}.")
        pixels = np.full((patch, patch * most), WHITE, dtype=np.uint8)
        for i, character in enumerate(drawn):
            pixels[:, i * self.cell_width : (i + 1) * self.cell_width] = self.cell(character)
        count = max(1, -(-len(drawn) // 2))
        pixels[:, count * patch : (count + 1) * patch] = BLACK
        mask = (np.arange(most) <= count).astype(np.uint8)
        return Strip(pixels, count, mask, drawn, tuple(notes))


def one_line(text: str) -> str:
    """Composed characters (NFC), every blank or line end a plain space, control and format characters gone."""
    composed = unicodedata.normalize("NFC", text)
    spaced = "".join(" " if character.isspace() else character for character in composed)
    return "".join(character for character in spaced if unicodedata.category(character) not in ("Cc", "Cf", "Cs"))


def open_renderer(stated: Mapping[str, Any], folder: Path) -> GridRenderer | None:
    """The renderer that a ``text_renderer_config.json`` in ``folder`` declares; None for a style that is not known.

    Raises:
        InvalidConfig, MissingFile, DamagedFile: if it declares the ``grid`` style but not a usable one.
    """
    if stated.get("style") != GridRenderer.style:
        return None
    names = GridConfig.__dataclass_fields__
    known = {name: value for name, value in stated.items() if name in names}
    config = GridConfig(**{"font_file": ""} | known)
    return GridRenderer(config, folder / config.font_file)
