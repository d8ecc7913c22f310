"""Where two texts part, counted in bytes of UTF-8, so that texts of different tokenizers can be laid side by side."""

from collections.abc import Sequence


def parting_byte(one: str, other: str) -> int:
    """How many bytes of UTF-8 the two texts share from their start; the byte of that number, from 0, is the first that
    differs, or the end of the shorter text."""
    if one.startswith(other) or other.startswith(one):  # fast, and the common case while two texts grow alike
        return min(len(one.encode()), len(other.encode()))
    first, second = one.encode(), other.encode()
    return next(place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)


def place_of_byte(pieces: Sequence[str], byte: int) -> tuple[int, int]:
    """Which of ``pieces`` holds byte ``byte`` of their joined UTF-8, and how many characters of that piece lie before
    the character that the byte belongs to. Beyond the last byte: ``(len(pieces), 0)``."""
    for number, piece in enumerate(pieces):
        data = piece.encode()
        if byte < len(data):
            return number, len(data[:byte].decode(errors="ignore"))
        byte -= len(data)
    return len(pieces), 0
