"""Lists of word pairs with human scores, in the forms they are published in.

Three forms are read: ``word word score``, parted by blanks or tabs (MEN, and the collections that repeat the others);
SimVerb-3500's ``word word part-of-speech score relation``; and a table with a first line of column names, among them
``SimLex999`` (SimLex-999). MEN's lemma form writes the part of speech behind every word (``sun-n``); it is dropped.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from playground.errors import DamagedFile, MissingFile

SCORE_COLUMNS = ("SimLex999", "score")
PLACES = {3: 2, 5: 3}  # columns of a line without a header -> which of them is the score
LEMMA = re.compile(r"(.+)-[nvja]")
FILE_BYTES = 2**24  # the largest published list has 100 kB


@dataclass(frozen=True)
class WordPair:
    """Two words, and how alike people find them; only the order of the scores matters."""

    first: str
    second: str
    score: float


def read_word_pairs(file: Path) -> list[WordPair]:
    """The pairs of ``file`` in order.

    Raises:
        MissingFile: there is no such file. DamagedFile: it is not one of the forms above.
    """
    if not file.is_file():
        raise MissingFile(f"There is no file {file}. Check the path.")
    if file.stat().st_size > FILE_BYTES:
        raise DamagedFile(f"{file} is too large for a list of word pairs. Give the list itself, unpacked.")
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedFile(f"{file} is not readable text ({error}). Fetch it again.") from None
    rows = [(number, _columns(line)) for number, line in enumerate(lines, 1) if line.strip()]
    place = None
    if rows and (named := [rows[0][1].index(name) for name in SCORE_COLUMNS if name in rows[0][1]]):
        place, rows = named[0], rows[1:]
    if not rows:
        raise DamagedFile(f"{file} holds no word pairs. Give lines such as 'old new 1.58'.")
    pairs = [_pair(file, number, columns, place) for number, columns in rows]
    lemmas = [(LEMMA.fullmatch(pair.first), LEMMA.fullmatch(pair.second)) for pair in pairs]
    if all(first and second for first, second in lemmas):
        pairs = [WordPair(a[1], b[1], pair.score) for (a, b), pair in zip(lemmas, pairs, strict=True)]
    return pairs


def _columns(line: str) -> list[str]:
    return [column.strip() for column in line.split("\t")] if "\t" in line else line.split()


def _pair(file: Path, number: int, columns: list[str], place: int | None) -> WordPair:
    place = PLACES.get(len(columns)) if place is None else place
    try:
        score = float(columns[place])
        if math.isfinite(score) and all(columns[:2]):
            return WordPair(columns[0], columns[1], score)
    except (TypeError, ValueError, IndexError):
        pass
    shown = " ".join(columns)
    raise DamagedFile(
        f"Line {number:,} of {file} is {shown!r:.60}, which is no pair of words with a score. Give lines such as "
        "'old new 1.58'."
    )
