"""Style ``shaped``: any script as its readers know it, with joined letters, stacked marks and both directions.

Stands for the published PangoCairo renderer: the same rules for texts, words and separators, one base line for all
letters, and line ends drawn as blanks; marks that would be cut at the top move the line down. Every stretch of one
script takes the first font that covers it.
"""

import unicodedata
from bisect import bisect_right
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import features

from playground.text.rendering.bidi import visual_order
from playground.text.rendering.fonts import NEVER, Face, Faces, inked, instead, script_of
from playground.text.rendering.layout import MARGIN, Drawing, Text, check_text, lay_out
from playground.text.rendering.pixel import PixelConfig, fonts_for
from playground.text.rendering.runs import Run, clusters, drawn, runs
from playground.text.rendering.strip import Strip, lacking, left_out, word_ranges

BASE = 11 / 16  # of a patch: where letters stand
NARROWEST = 2  # pixels that a character takes at least, on average
UNSHAPED = "This machine's Pillow has no FriBiDi, so letters are not joined. Install libfribidi to have them joined."


class ShapedRenderer:
    """Draws texts, pairs of texts and lists of words in the ``shaped`` style.

    Args:
        folder: where the checkpoint lies; its font is asked first, if it is there, and then those of
            :func:`fonts.instead`.

    Raises:
        InvalidConfig, DamagedFile: if the font is there but cannot be used.
    """

    style = "shaped"

    def __init__(self, config: PixelConfig, folder: Path):
        self.config = config
        paths, note = fonts_for(config, folder)
        self._replaced = note is not None
        self._faces = Faces(paths if self._replaced else dict.fromkeys((*paths, *instead())), config.pixels)
        self._faces.first.glyph(" ")  # a damaged font is told at once
        self._joins = features.check("raqm")
        self.notes = tuple(filter(None, (note, None if self._joins else UNSHAPED)))

    @property
    def font(self) -> str:
        """The file name of the font that is asked first."""
        return self._faces.first.name

    def render(self, text: Text) -> Strip:
        """Draw a text, a tuple of two texts with a separator each, or a list of words that each begin a patch.

        Line ends and tabs become blanks, control characters go. What does not fit is left out from the end on, and
        what no font has is drawn as a box; both are noted.

        Raises:
            InvalidRequest: something else, or far longer than any strip.
        """
        check_text(text)
        if isinstance(text, str):
            line = clean(text)
            kept = self._fitting(line)
            notes, asked = left_out(len(kept), len(line)), kept
        else:
            notes, asked = [], type(text)(map(clean, text))
        strip = lay_out(asked, self.config, self._draw, self._top, self._top)
        return replace(strip, notes=(*notes, *strip.notes, *self._font_notes(strip.text)))

    def _top(self, drawing: Drawing) -> int:
        """On the base line, but up or down where ink would be cut that fits."""
        spare = self.config.pixels_per_patch - len(drawing.ink)
        if spare < 0:
            return spare // 2
        return min(max(round(BASE * self.config.pixels_per_patch) - drawing.rise, 0), spare)

    def _font_notes(self, text: str) -> list[str]:
        found = runs(text, self._faces)
        missing = {text[run.start : run.end] for run in found if run.face is None}
        names = dict.fromkeys(run.face.name for run in found if run.face and not text[run.start : run.end].isspace())
        notes = []
        if names and self._replaced:
            notes.append(f"{self.config.font_file} is not here; drawn with {', '.join(names)} instead.")
        alone = sorted({c for piece in missing for start, end in clusters(piece) for c in drawn(piece[start:end])})
        return notes + lacking(None, alone) + [note for note in self.notes if note == UNSHAPED]

    def _fitting(self, line: str) -> str:
        """As much of ``line`` from its beginning as fits before the last patch: longer pieces are tried in turn."""
        patch, most = self.config.pixels_per_patch, self.config.max_seq_length
        longest = patch * most // NARROWEST
        length = 2 * most
        while length < min(len(line), longest):
            kept = self._cut(line[:length], patch * (most - 1) - 2 * MARGIN)
            if kept is not None:
                return kept
            length *= 2
        kept = self._cut(line[:longest], patch * (most - 1) - 2 * MARGIN)
        return line[:longest] if kept is None else kept

    def _cut(self, line: str, left: int) -> str | None:
        """The beginning of ``line`` that takes at most ``left`` pixels; None if all of it does."""
        for run in runs(line, self._faces):
            width = self._width(line, run)
            if width > left:
                pieces = [run.start + end for _, end in clusters(line[run.start : run.end])]
                ends = [run.start, *pieces]
                fit = bisect_right(ends, left, key=lambda end: self._width(line, replace(run, end=end)))
                return line[: ends[max(fit - 1, 0)]].rstrip()
            left -= width
        return None

    def _face(self, run: Run) -> Face:
        return run.face or self._faces.first

    def _layout(self, line: str, run: Run) -> tuple[str, str | None]:
        """The characters to draw, and the direction to shape them in; None where each is drawn by itself."""
        text, leftwards = line[run.start : run.end], run.level % 2
        if run.face is None:
            return NEVER * sum(1 for _ in clusters(text)), None
        if not self._joins:
            return text[::-1] if leftwards else text, None
        if not leftwards and is_simple(text):  # whole pixels from letter to letter, as the published renderer has it
            return text, None
        return text, "rtl" if leftwards else "ltr"

    def _width(self, line: str, run: Run) -> int:
        text, direction = self._layout(line, run)
        face = self._face(run)
        return round(face.pens(text)[-1] if direction is None else face.shaped.getlength(text, direction=direction))

    def _ink(self, line: str, run: Run) -> tuple[np.ndarray, int, int]:
        text, direction = self._layout(line, run)
        face = self._face(run)
        return face.line(text) if direction is None else inked(face.shaped, text, direction=direction)

    def _draw(self, text: str) -> Drawing:
        found = runs(text, self._faces)
        widths = [self._width(text, run) for run in found]
        inks = [self._ink(text, run) for run in found]
        places, x = [0] * len(found), 0
        for i in visual_order([run.level for run in found]):
            places[i] = x
            x += widths[i]
        shown_inks = [(ink, x + left, top) for (ink, left, top), x in zip(inks, places, strict=True) if ink.size]
        start = min([0, *(left for _, left, _ in shown_inks)])
        top = min((top for _, _, top in shown_inks), default=0)
        bottom = max((top + len(ink) for ink, _, top in shown_inks), default=0)
        right = max([x, *(left + ink.shape[1] for ink, left, _ in shown_inks)])
        canvas = np.zeros((bottom - top, right - start), dtype=np.uint8)
        for ink, left, up in shown_inks:
            spot = canvas[up - top : up - top + len(ink), left - start : left - start + ink.shape[1]]
            np.maximum(spot, ink, out=spot)
        ends = [place + width for run, place, width in zip(found, places, widths, strict=True)
                for _ in range(run.start, run.end)]  # fmt: skip
        words = []
        for a, b in word_ranges(text):
            inside = [i for i, run in enumerate(found) if run.start < b and a < run.end]
            words.append((min(places[i] for i in inside), max(places[i] + widths[i] for i in inside)))
        return Drawing(canvas, -top, x, ends, words)


def is_simple(text: str) -> bool:
    """Whether each letter may be drawn by itself: those of Latin, Greek and Cyrillic, without marks."""
    kinds = {unicodedata.category(character)[0] for character in text}
    return not kinds & {"M", "C"} and {script_of(c) for c in text} <= {None, "LATIN", "GREEK", "CYRILLIC"}


def clean(text: str) -> str:
    """Composed characters (NFC), every blank or line end a plain space, without control characters."""
    composed = unicodedata.normalize("NFC", text)
    spaced = "".join(" " if character.isspace() else character for character in composed)
    return "".join(character for character in spaced if unicodedata.category(character) not in ("Cc", "Cs"))
