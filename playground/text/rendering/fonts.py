"""Fonts: opening them, what they cover, which ones ship with the playground and which the machine has.

Pillow shows no character table, so a font covers a character if it draws it differently from a code point that is
never assigned.
"""

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ImageFont

from playground import limits
from playground.errors import DamagedFile, InvalidConfig
from playground.settings import PROJECT

SHIPPED = PROJECT / "assets" / "fonts"
LATIN, WIDE = "NotoSans-Regular.ttf", "DejaVuSans.ttf"  # the first and the last to be asked
SCRIPTS = ("NotoSansDevanagari-Regular.ttf", "NotoSansThai-Regular.ttf")
SIGNS = ("SYMBOLS", "EMOJI", "MATH", "MUSIC", "CJK")  # in the names of fonts for what belongs to no script
KINDS = {"ARABIC": ("NASKH", "KUFI")}  # of script, in the names of its fonts
NEVER = "\U0010ffff"  # no font has a glyph for it
KEPT = 20_000  # measures remembered of each kind; then all are forgotten
LINUX = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
FOLDERS = {
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": ("C:/Windows/Fonts", "~/AppData/Local/Microsoft/Windows/Fonts"),
}


def open_font(path: Path, pixels: float, shaped: bool = False) -> ImageFont.FreeTypeFont:
    """The font in a file, its em ``pixels`` high.

    Args:
        shaped: whether letters join, stack and change places as their script asks; otherwise one glyph a code point.

    Raises:
        InvalidConfig, DamagedFile: the file is enormous, or no font.
    """
    engine = ImageFont.Layout.RAQM if shaped else ImageFont.Layout.BASIC
    try:
        size = path.stat().st_size
        if size > limits.FONT_BYTES:
            raise InvalidConfig(
                f"The font {path.name} has {size:,} bytes; at most {limits.FONT_BYTES:,} are read. Put another font "
                "in its place."
            )
        return ImageFont.truetype(str(path), pixels, layout_engine=engine)
    except OSError as error:
        raise DamagedFile(f"{path} is not a font that can be read ({error}). Fetch it again.") from error


@dataclass(frozen=True, eq=False)
class Glyph:
    """What a character looks like: ``ink`` uint8 ``(h, w)``, 0 to 255 (black), cut to what is inked.

    Attributes:
        left, top: where the ink begins, in pixels from the pen on the base line; ``top`` is negative above it.
        advance: whole pixels that the pen moves on.
    """

    ink: np.ndarray
    left: int
    top: int
    advance: int


class Face:
    """One font at one size. Files are opened on first use.

    Attributes:
        name: the file's name.
    """

    def __init__(self, path: Path, pixels: float):
        self.path, self.pixels, self.name = path, pixels, path.name
        self._glyphs: dict[str, Glyph] = {}
        self._steps: dict[str, float] = {}

    @cached_property
    def plain(self) -> ImageFont.FreeTypeFont:
        return open_font(self.path, self.pixels)

    @cached_property
    def shaped(self) -> ImageFont.FreeTypeFont:
        return open_font(self.path, self.pixels, shaped=True)

    def glyph(self, character: str) -> Glyph:
        """One character alone, neither kerned nor joined."""
        glyph = self._glyphs.get(character)  # another thread may forget them all at any time
        if glyph is None:
            ink, left, top = inked(self.plain, character)
            glyph = Glyph(ink, left, top, round(self.plain.getlength(character)))
            _keep(self._glyphs, character, glyph)
        return glyph

    def pens(self, text: str) -> list[float]:
        """Pixels from the beginning to each character of ``text``, and to the end: kerned, one glyph a code point.

        As the plain font lays it out, but every pair of letters is measured only once.
        """
        places, pen = [0.0], 0.0
        for i in range(len(text)):
            pen += self._step(text[i : i + 2])
            places.append(pen)
        return places

    def _step(self, pair: str) -> float:
        """From the first of two characters to the second, or from the last one to the end."""
        step = self._steps.get(pair)
        if step is None:
            step = self.plain.getlength(pair) - (self.plain.getlength(pair[1]) if len(pair) > 1 else 0.0)
            _keep(self._steps, pair, step)
        return step

    def line(self, text: str) -> tuple[np.ndarray, int, int]:
        """(ink, left, top) of ``text``, the same pixels that :func:`inked` draws with the plain font."""
        glyphs = [(self.glyph(character), round(pen)) for character, pen in zip(text, self.pens(text), strict=False)]
        placed = [(glyph, pen + glyph.left) for glyph, pen in glyphs if glyph.ink.size]
        if not placed:
            return np.zeros((0, 0), dtype=np.uint8), 0, 0
        left, top = min(x for _, x in placed), min(glyph.top for glyph, _ in placed)
        right = max(x + glyph.ink.shape[1] for glyph, x in placed)
        canvas = np.zeros((max(glyph.top + len(glyph.ink) for glyph, _ in placed) - top, right - left), dtype=np.int32)
        for glyph, x in placed:
            height, width = glyph.ink.shape
            spot = canvas[glyph.top - top : glyph.top - top + height, x - left : x - left + width]
            spot += glyph.ink - (spot * glyph.ink + 127) // 255
        return canvas.astype(np.uint8), left, top

    def covers(self, character: str) -> bool:
        """Whether the font has a glyph of its own for ``character``."""
        if character == " ":
            return True
        mine, nothing = self.glyph(character), self.glyph(NEVER)
        same = (mine.left, mine.top, mine.advance) == (nothing.left, nothing.top, nothing.advance)
        return not (same and np.array_equal(mine.ink, nothing.ink))


def _keep(kept: dict, key: str, value: Any) -> None:
    """Within a bound: texts from anywhere must not fill the memory."""
    if len(kept) >= KEPT:
        kept.clear()
    kept[key] = value


def inked(font: ImageFont.FreeTypeFont, text: str, **layout: str) -> tuple[np.ndarray, int, int]:
    """(ink, left, top) of ``text`` as in :class:`Glyph`."""
    mask, (left, top) = font.getmask2(text, mode="L", anchor="ls", **layout)
    ink = np.array(mask, dtype=np.uint8).reshape(mask.size[::-1])
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return np.zeros((0, 0), dtype=np.uint8), 0, 0
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return ink, int(left + columns[0]), int(top + rows[0])


def never_drawn(character: str) -> bool:
    """Joiners, direction marks and variation selectors: they shape their neighbours and have no picture."""
    code = ord(character)
    if 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return True
    return unicodedata.category(character) == "Cf" and character not in "\u00ad\u0600\u0601\u0602\u0603\u06dd"


class Faces:
    """Fonts in the order in which they are asked for a character."""

    def __init__(self, paths: Iterable[Path], pixels: float):
        self._faces = [Face(path, pixels) for path in paths]
        self._found: dict[str, Face | None] = {}
        self._broken: set[Path] = set()

    @property
    def first(self) -> Face:
        return self._faces[0]

    def covering(self, characters: str) -> Face | None:
        """The first font with a glyph for each of ``characters``, whose first letter tells which fonts to ask."""
        try:
            return self._found[characters]
        except KeyError:
            wanted = _named_for(characters)
        ranks = [(rank, face) for face in self._faces if (rank := self._rank(face, wanted)) is not None]
        asked = [face for _, face in sorted(ranks, key=lambda ranked: ranked[0])]
        found = next((face for face in asked if self._all(face, characters)), None)
        _keep(self._found, characters, found)
        return found

    def _rank(self, face: Face, wanted: Sequence[str]) -> int | None:
        """0 to ask a font early, 1 late, None not at all: most Noto fonts are for one script, which their names say."""
        if face is self.first:
            return 0
        named = face.name.upper().partition("-")[0].partition(".")[0]
        if not named.startswith("NOTO") or named in ("NOTOSANS", "NOTOSERIF"):
            return 1
        return 0 if any(part in named for part in wanted) else None

    def _all(self, face: Face, characters: str) -> bool:
        if face.path in self._broken:
            return False
        try:
            return all(map(face.covers, characters))
        except (DamagedFile, InvalidConfig):
            if face is self.first:
                raise
            self._broken.add(face.path)  # a font of the machine that Pillow cannot scale, such as colour emoji
            return False


def _named_for(characters: str) -> tuple[str, ...]:
    """What is in the names of Noto fonts for these characters: their script, or what signs are drawn with. A sign of
    one script says so in its own name, as the DEVANAGARI DANDA does."""
    script = script_of(characters)
    if script is not None:
        return script, *KINDS.get(script, ())
    first = unicodedata.name(characters[0], "").split(" ")[0] if characters else ""
    return (*SIGNS, first) if len(first) > 3 else SIGNS


def script_of(characters: str) -> str | None:
    """The script of the first letter or mark, in capitals, as Unicode's names begin: LATIN, ARABIC, THAI, CJK."""
    for character in characters:
        if unicodedata.category(character)[0] in "LM":
            first = unicodedata.name(character, "").split(" ")[0].split("-")[0]
            if first in ("HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"):
                return "CJK"
            if first not in ("", "COMBINING", "MODIFIER", "FEMININE", "MASCULINE", "MICRO", "FULLWIDTH"):
                return first
    return None


def installed_noto() -> tuple[Path, ...]:
    """The regular Noto fonts of this machine, merged ones (Go Noto) and Noto Sans first."""
    return _noto_in(FOLDERS.get(sys.platform, LINUX))


@lru_cache(maxsize=4)
def _noto_in(folders: Sequence[str]) -> tuple[Path, ...]:
    found: dict[str, Path] = {}
    for folder in folders:
        try:
            for path in Path(folder).expanduser().rglob("*[Nn]oto*"):
                if path.suffix.lower() in (".ttf", ".otf", ".ttc") and _is_regular(path.stem):
                    found.setdefault(path.name, path)
        except (OSError, RuntimeError):  # a folder that this user may not read, or no home
            continue
    return tuple(sorted(found.values(), key=lambda path: (_rank(path.name), path.name)))


def _is_regular(stem: str) -> bool:
    family, _, style = stem.partition("-")
    wanted = ("NotoSans", "NotoSerif", "NotoNaskh", "NotoKufi", "NotoMusic", "NotoEmoji", "GoNoto")
    return family.startswith(wanted) and not family.endswith("UI") and style in ("", "Regular")


def _rank(name: str) -> int:
    order = ("GoNotoCurrent", "GoNoto", "NotoSans-", "NotoSans", "NotoNaskh", "Noto")
    return next(i for i, start in enumerate(order) if name.startswith(start))


def instead() -> tuple[Path, ...]:
    """The fonts to draw with when a checkpoint's own is missing: what the machine has merged, else Noto by script."""
    noto = installed_noto()
    merged = [path for path in noto if path.name.startswith("GoNoto")]
    rest = [path for path in noto if path not in merged]
    scripts = [SHIPPED / name for name in SCRIPTS]
    return (*merged, SHIPPED / LATIN, *scripts, *rest, SHIPPED / WIDE)
