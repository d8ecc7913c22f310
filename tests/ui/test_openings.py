"""Samples that begin alike: the tree against one found by trying all sets of texts, and cases worked out by hand."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.ui.openings import MARKS, Leaf, Opening, group_openings

TEXTS = st.lists(
    st.lists(st.sampled_from([" a", " b", ".", ", ", "\n\nc", "a", " "]), max_size=9).map("".join), max_size=7
)


def pieces(text):
    """Words and marks with the space before them, character by character."""
    found, space, word = [], "", ""
    for char in text:
        if word and (char.isspace() or char in MARKS):
            found, word = [*found, word], ""
        if char.isspace():
            space += char
        elif char in MARKS:
            found, space = [*found, space + char], ""
        else:
            word, space = word + space + char, ""
    return [*found, word] if word else found


def shared(texts, start):
    """The pieces that all ``texts`` have in common from piece number ``start`` on."""
    count = start
    while all(len(text) > count for text in texts) and len({text[count] for text in texts}) == 1:
        count += 1
    return texts[0][start:count]


def by_trying_all_sets(rows_of, least, start=0):
    """``rows_of``: the rows of each different text. A group is a set of texts that shares enough and cannot grow."""
    cut = {text: pieces(text) for text in rows_of}

    def enough(texts):
        return sum(piece[-1] not in MARKS for piece in shared([cut[text] for text in texts], start)) >= least

    sets = [set(some) for size in range(2, len(cut) + 1) for some in combinations(cut, size) if enough(some)]
    groups = [one for one in sets if not any(one < other for other in sets)]
    alone = [text for text in cut if not any(text in group for group in groups)]
    assert sum(map(len, groups)) + len(alone) == len(cut)  # no text is in two groups
    parts = [Leaf(tuple(rows_of[text])) for text in alone]
    for group in groups:
        opening = shared([cut[text] for text in group], start)
        rows = tuple(sorted(row for text in group for row in rows_of[text]))
        inner = by_trying_all_sets({text: rows_of[text] for text in group}, least, start + len(opening))
        parts.append(Opening("".join(opening), rows, inner))
    return tuple(sorted(parts, key=lambda part: part.rows[0]))


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.integers(1, 3))
def test_the_tree_is_the_one_found_by_trying_all_sets(texts, least):
    numbered = dict(enumerate(texts))
    rows_of = {text: [row for row in numbered if numbered[row] == text] for text in texts}
    assert group_openings(numbered, least) == by_trying_all_sets(rows_of, least)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_openings_and_rests_make_up_the_texts(texts):
    def walk(parts, before):
        for part in parts:
            if isinstance(part, Leaf):
                assert len({texts[row] for row in part.rows}) == 1
                assert texts[part.rows[0]].startswith(before)
                yield from part.rows
            else:
                inner = list(walk(part.parts, before + part.text))
                assert sorted(inner) == list(part.rows)
                yield from inner

    assert sorted(walk(group_openings(dict(enumerate(texts))), "")) == list(range(len(texts)))


@pytest.mark.parametrize(
    ("texts", "tree"),
    [
        ([], ()),
        ([" He ran."], (Leaf((0,)),)),
        ([" He ran.", " He ran."], (Leaf((0, 1)),)),
        ([" He ran off.", " He ran up."], (Leaf((0,)), Leaf((1,)))),  # two words are too few
        (
            [" who lived in a box.", " and ran", " who lived in a den", " who lived in a box."],
            (Opening(" who lived in a", (0, 2, 3), (Leaf((0, 3)), Leaf((2,)))), Leaf((1,))),
        ),
        (
            [" a b c", " a b c."],  # one goes on where the other ends; a mark ends a word
            (Opening(" a b c", (0, 1), (Leaf((0,)), Leaf((1,)))),),
        ),
        ([" a, b", " a, b."], (Leaf((0,)), Leaf((1,)))),  # marks are no words
        (
            [" a b c d e f 1", " a b c x", " a b c d e f 2", " a b c d e"],
            (
                Opening(
                    " a b c",
                    (0, 1, 2, 3),
                    (Opening(" d e f", (0, 2), (Leaf((0,)), Leaf((2,)))), Leaf((1,)), Leaf((3,))),
                ),
            ),
        ),
        ([" one two three", " one two threefold"], (Leaf((0,)), Leaf((1,)))),  # whole words only
    ],
)
def test_cases_worked_out_by_hand(texts, tree):
    assert group_openings(dict(enumerate(texts))) == tree


def test_numbers_are_the_callers_own():
    assert group_openings({5: "x", 3: "x"}) == (Leaf((3, 5)),)
