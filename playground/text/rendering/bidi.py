"""Which way each character of a line runs, and in which order runs stand: Unicode's bidirectional algorithm (UAX 9).

Needed because a line may take letters from several fonts and Pillow lays out one font at a time. Explicit embeddings,
overrides and isolates are read as neutral: they are rare, and they leave the strip unharmed.
"""

import unicodedata
from collections.abc import Iterator, Sequence

STRONG = {"L": "L", "R": "R", "AL": "R"}
NEUTRAL = {"B", "S", "WS", "ON", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN"}


def base_level(text: str) -> int:
    """1 if the first strong character runs from right to left, else 0 (rules P2, P3)."""
    for character in text:
        strong = STRONG.get(unicodedata.bidirectional(character))
        if strong:
            return int(strong == "R")
    return 0


def levels(text: str) -> list[int]:
    """The embedding level of each character: odd runs from right to left (rules W1 to L1)."""
    base = base_level(text)
    outer = "LR"[base]
    kinds = [unicodedata.bidirectional(character) or "L" for character in text]
    _weak(kinds, outer)
    _neutral(kinds, outer)
    found = [_level(kind, base) for kind in kinds]
    for i in reversed(range(len(text))):  # L1: blanks at the end follow the line
        if not text[i].isspace():
            break
        found[i] = base
    return found


def _level(kind: str, base: int) -> int:
    if base % 2:
        return base + (kind in ("L", "EN", "AN"))
    return base + {"R": 1, "EN": 2, "AN": 2}.get(kind, 0)


def _weak(kinds: list[str], outer: str) -> None:
    """W1 to W7: marks join what they stand on, numbers take their surroundings' side."""
    last = outer
    for i, kind in enumerate(kinds):  # W1
        if kind == "NSM":
            kinds[i] = kinds[i - 1] if i else outer
    for i, kind in enumerate(kinds):  # W2, W3
        if kind in STRONG:
            last = kind
        elif kind == "EN" and last == "AL":
            kinds[i] = "AN"
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]
    for i in range(1, len(kinds) - 1):  # W4
        before, kind, after = kinds[i - 1 : i + 2]
        if before == after and ((kind == "CS" and before in ("EN", "AN")) or (kind == "ES" and before == "EN")):
            kinds[i] = before
    for start, end in _stretches(kinds, {"ET", "BN"}):  # W5
        around = (kinds[start - 1] if start else "", kinds[end] if end < len(kinds) else "")
        if "EN" in around:
            kinds[start:end] = ["EN"] * (end - start)
    kinds[:] = ["ON" if kind in ("ES", "ET", "CS") else kind for kind in kinds]  # W6
    last = outer
    for i, kind in enumerate(kinds):  # W7
        if kind in ("L", "R"):
            last = kind
        elif kind == "EN" and last == "L":
            kinds[i] = "L"


def _neutral(kinds: list[str], outer: str) -> None:
    """N1, N2: neutrals between two of one side join it, others follow the line; numbers count as right to left."""
    side = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
    for start, end in list(_stretches(kinds, NEUTRAL)):
        before = side[kinds[start - 1]] if start else outer
        after = side[kinds[end]] if end < len(kinds) else outer
        kinds[start:end] = [before if before == after else outer] * (end - start)


def _stretches(kinds: Sequence[str], wanted: set[str]) -> Iterator[tuple[int, int]]:
    start = None
    for i, kind in enumerate([*kinds, ""]):
        if kind in wanted and start is None:
            start = i
        elif kind not in wanted and start is not None:
            yield start, i
            start = None


def visual_order(run_levels: Sequence[int]) -> list[int]:
    """The order from left to right of runs with these levels (rule L2)."""
    order = list(range(len(run_levels)))
    for level in range(max(run_levels, default=0), 0, -1):
        at = 0
        while at < len(order):
            end = at
            while end < len(order) and run_levels[order[end]] >= level:
                end += 1
            order[at:end] = reversed(order[at:end])
            at = max(end, at + 1)
    return order
