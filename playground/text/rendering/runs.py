"""A line cut into runs that one font draws in one direction."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from playground.text.rendering.bidi import levels
from playground.text.rendering.fonts import Face, Faces, never_drawn, script_of
from playground.text.rendering.strip import word_ranges

JOINER = "\u200d"


@dataclass(frozen=True)
class Run:
    """Characters ``start`` to ``end`` of a line, all in one ``face`` (None: no font has them), at one ``level``."""

    start: int
    end: int
    face: Face | None
    level: int


def clusters(text: str) -> Iterator[tuple[int, int]]:
    """What must not be parted, as (start, end): a character with its marks, joined emoji, pairs of regional letters."""
    start = 0
    for i in range(1, len(text) + 1):
        if i < len(text) and _belongs(text, start, i):
            continue
        yield start, i
        start = i


def _belongs(text: str, start: int, i: int) -> bool:
    before, character = text[i - 1], text[i]
    if before.isspace() or character.isspace():
        return False
    if unicodedata.category(character)[0] == "M" or character == JOINER or before == JOINER or never_drawn(character):
        return True
    if 0x1F3FB <= ord(character) <= 0x1F3FF:  # a skin tone
        return True
    regional = [0x1F1E6 <= ord(c) <= 0x1F1FF for c in (before, character)]
    return all(regional) and (i - start) % 2 == 1


def runs(text: str, faces: Faces) -> list[Run]:
    """The runs of one line, in the order of the text. Every word is a run of its own, so that its place is known."""
    if not text:
        return []
    found = levels(text)
    chosen = _faces_by_script(text, faces)
    edges = {edge for word in word_ranges(text) for edge in word}
    cut: list[Run] = []
    for start, end in clusters(text):
        run = cut[-1] if cut else None
        if run and start not in edges and run.face is chosen[start] and run.level == found[start]:
            cut[-1] = Run(run.start, end, run.face, run.level)
        else:
            cut.append(Run(start, end, chosen[start], found[start]))
    return cut


def _faces_by_script(text: str, faces: Faces) -> dict[int, Face | None]:
    """For the start of each cluster its font: one for a whole stretch of one script if there is such a font."""
    chosen: dict[int, Face | None] = {}
    for stretch in _stretches(text):
        letters = [drawn(text[start:end]) for start, end in stretch if script_of(text[start:end])]
        usual = faces.covering("".join(sorted(set("".join(letters)))))
        usual = usual or next(filter(None, map(faces.covering, letters)), None)
        for start, end in stretch:
            needed = drawn(text[start:end])
            fits = usual is not None and all(map(usual.covers, needed))
            chosen[start] = usual if fits else faces.covering(needed)
    return chosen


def drawn(cluster: str) -> str:
    """The characters of a cluster that a font must have: composed, without joiners and direction marks."""
    return "".join(c for c in unicodedata.normalize("NFC", cluster) if not never_drawn(c))


def _stretches(text: str) -> Iterator[list[tuple[int, int]]]:
    """Clusters of one script on end; blanks, digits and signs go with the script before them, or else after them."""
    stretch: list[tuple[int, int]] = []
    script = None
    for start, end in clusters(text):
        mine = script_of(text[start:end])
        if mine is not None and script is not None and mine != script:
            yield stretch
            stretch, script = [], mine
        script = mine or script
        stretch.append((start, end))
    if stretch:
        yield stretch
