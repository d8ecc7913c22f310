"""Samples that begin alike, as a tree: an opening is written once, and under it what each sample goes on with.

A text is a row of words and marks, each with the white space before it: a *mark* is one of the characters in ``MARKS``,
a *word* a run of others that are not white space. Texts are grouped so:

1. Samples with the same whole text are one :class:`Leaf`.
2. Different texts that agree up to and with their third word (``least``) are a group, an :class:`Opening`. As "agree up
   to there" parts all texts, none can belong to two groups, and their order does not matter. A text of fewer words is
   in no group.
3. A group's opening is the longest run of words and marks that all its texts begin with.
4. What remains behind the opening is grouped by the same rule. So an opening within an opening adds at least ``least``
   words to it, and a text that ends with the opening itself stands in the group with nothing behind it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEAST_WORDS = 3
MARKS = '.,;:!?…"“”„«»()[]{}。，、；：！？「」『』（）'
PIECE = re.compile(rf"\s*(?:[{re.escape(MARKS)}]|[^\s{re.escape(MARKS)}]+)")


@dataclass(frozen=True)
class Leaf:
    """Samples that are the same text, by number."""

    rows: tuple[int, ...]


@dataclass(frozen=True)
class Opening:
    """Samples that go on alike.

    Attributes:
        text: what they share, behind the openings around this one.
        rows: the numbers of all samples in it, ascending.
        parts: groups and leaves within, by their lowest number.
    """

    text: str
    rows: tuple[int, ...]
    parts: tuple["Opening | Leaf", ...]


def group_openings(texts: Mapping[int, str], least: int = LEAST_WORDS) -> tuple[Opening | Leaf, ...]:
    """The ``texts`` of samples, by number, grouped as the module's first lines say; parts by their lowest number."""
    leaves: dict[str, list[int]] = {}
    for row in sorted(texts):
        leaves.setdefault(texts[row], []).append(row)
    return _group([(PIECE.findall(text), Leaf(tuple(rows))) for text, rows in leaves.items()], least)


def _group(texts: Sequence[tuple[list[str], Leaf]], least: int) -> tuple[Opening | Leaf, ...]:
    """``texts``: the words and marks that remain of each different text."""
    alike: dict[tuple[str, ...], list[tuple[list[str], Leaf]]] = {}
    parts: list[Opening | Leaf] = []
    for pieces, leaf in texts:
        start = _start(pieces, least)
        if start is None:
            parts.append(leaf)
        else:
            alike.setdefault(start, []).append((pieces, leaf))
    for members in alike.values():
        if len(members) == 1:
            parts.append(members[0][1])
            continue
        shared = _common([pieces for pieces, _ in members])
        rest = [(pieces[shared:], leaf) for pieces, leaf in members]
        rows = tuple(sorted(row for _, leaf in members for row in leaf.rows))
        parts.append(Opening("".join(members[0][0][:shared]), rows, _group(rest, least)))
    return tuple(sorted(parts, key=lambda part: part.rows[0]))


def _start(pieces: Sequence[str], least: int) -> tuple[str, ...] | None:
    """``pieces`` up to and with word number ``least``; None if there are fewer."""
    words = 0
    for number, piece in enumerate(pieces, 1):
        words += piece[-1] not in MARKS
        if words == least:
            return tuple(pieces[:number])
    return None


def _common(texts: Sequence[list[str]]) -> int:
    """How many words and marks all ``texts`` begin with."""
    count = 0
    for pieces in zip(*texts, strict=False):
        if len(set(pieces)) > 1:
            break
        count += 1
    return count
