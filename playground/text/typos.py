"""Small damage to a text, drawn from a seed: slips of a hand, look-alike letters, and capitals for small letters."""

import random
import unicodedata
from dataclasses import dataclass

from playground.errors import InvalidRequest
from playground.text.rendering.runs import clusters

KINDS = ("typos", "homoglyphs", "case")
SLIPS = ("neighbour", "drop", "double", "swap")
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
SHIFT = (0.0, 0.25, 0.75)  # of a keyboard's rows, in keys
NEAR = 1.3  # keys apart at most: the one beside, above or below
LOOK_ALIKE = str.maketrans(
    "aceijopsxyhdqwABCEHIJKMOPSTXYZN",
    "\u0430\u0441\u0435\u0456\u0458\u043e\u0440\u0455\u0445\u0443\u04bb\u0501\u051b\u051d"  # Cyrillic
    "\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420\u0405\u0422\u0425\u03a5\u0396\u039d",
)  # the last three are Greek


@dataclass(frozen=True)
class Damaged:
    """A text with changes.

    Attributes:
        changed: for each change the characters of ``text`` that it wrote, (start, one past the end), in order; empty
            (start == end) where a letter was dropped.
        letters: how many letters of the original the changes took. possible: how many could be taken.
    """

    text: str
    changed: tuple[tuple[int, int], ...]
    letters: int
    possible: int


def damage(text: str, kind: str, share: float, seed: int = 0) -> Damaged:
    """``text`` with a ``share`` of its letters changed.

    With the same seed, the changes of a smaller share are among those of a larger one.

    Args:
        kind: "typos" hits a neighbouring key (on a QWERTY keyboard), drops, doubles or swaps letters; "homoglyphs"
            puts Cyrillic or Greek letters for Latin ones that look alike; "case" turns capitals to small letters and
            back. A letter with its marks is changed as a whole.
        share: 0 to 1, of the letters that this kind can change; the nearest whole number of them is taken, or one
            less where only a swap, which takes two, is next.

    Raises:
        InvalidRequest: an unknown kind, or a share outside 0 to 1.
    """
    if kind not in KINDS:
        raise InvalidRequest(f"The kind of change is {kind!r:.40}; it must be one of {', '.join(KINDS)}.")
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise InvalidRequest(f"The share of letters to change is {share!r:.40}, but must be a number from 0 to 1.")
    pieces = [text[start:end] for start, end in clusters(text)]
    dice = random.Random(f"{kind} {seed}")
    changes = _slips(pieces, dice) if kind == "typos" else _replacements(pieces, kind, dice)
    possible = sum(change.taken for change in changes)
    budget, letters, chosen = int(share * possible + 0.5), 0, {}
    for change in changes:
        if letters + change.taken > budget:
            break
        letters += change.taken
        chosen[change.at] = change
    return _write(pieces, chosen, letters, possible)


@dataclass(frozen=True)
class _Change:
    at: int  # piece
    taken: int  # pieces from there on
    written: str


def _slips(pieces: list[str], dice: random.Random) -> list[_Change]:
    """A slip for every letter, in the order in which they happen; none touches what another one took."""
    order = [i for i, piece in enumerate(pieces) if piece[0].isalpha()]
    dice.shuffle(order)
    free, changes = set(order), []
    for at in order:
        slips = dice.sample(SLIPS, len(SLIPS))  # drawn even where none is used, so that nothing else shifts
        key = dice.random()
        if at not in free:
            continue
        change = next(filter(None, (_slip(slip, pieces, at, free, key) for slip in slips)))
        free -= set(range(at, at + change.taken))
        changes.append(change)
    return changes


def _slip(slip: str, pieces: list[str], at: int, free: set[int], key: float) -> _Change | None:
    """None where this slip cannot happen; a double always can."""
    piece = pieces[at]
    if slip == "neighbour":
        near = _neighbours(piece.lower())
        letter = near[int(key * len(near))] if near else ""
        return _Change(at, 1, letter.upper() if piece.isupper() else letter) if near else None
    if slip == "swap":
        if at + 1 not in free or pieces[at + 1] == piece:
            return None
        return _Change(at, 2, pieces[at + 1] + piece)
    if slip == "drop":
        alone = not any(0 <= i < len(pieces) and pieces[i][0].isalpha() for i in (at - 1, at + 1))
        return None if alone else _Change(at, 1, "")
    return _Change(at, 1, piece * 2)


def _neighbours(letter: str) -> str:
    """The keys around a letter's; none for letters of other keyboards."""
    places = {key: (row, SHIFT[row] + i) for row, keys in enumerate(ROWS) for i, key in enumerate(keys)}
    if letter not in places:
        return ""
    row, column = places[letter]
    return "".join(
        key
        for key, (r, c) in places.items()
        if key != letter and abs(r - row) <= 1 and abs(c - column) < NEAR - abs(r - row) / 2
    )


def _replacements(pieces: list[str], kind: str, dice: random.Random) -> list[_Change]:
    changes = []
    for at, piece in enumerate(pieces):
        other = piece.translate(LOOK_ALIKE) if kind == "homoglyphs" else piece.swapcase()
        if other != piece:
            changes.append(_Change(at, 1, unicodedata.normalize("NFC", other)))
    dice.shuffle(changes)
    return changes


def _write(pieces: list[str], chosen: dict[int, _Change], letters: int, possible: int) -> Damaged:
    text, changed, at = "", [], 0
    while at < len(pieces):
        change = chosen.get(at)
        written = pieces[at] if change is None else change.written
        if change is not None:
            changed.append((len(text), len(text) + len(written)))
        text += written
        at += 1 if change is None else change.taken
    return Damaged(text, tuple(changed), letters, possible)
