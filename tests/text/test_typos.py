"""Damage to texts: seeded, nested, of the share asked for, and told exactly."""

import unicodedata
from collections import Counter
from difflib import SequenceMatcher
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.errors import InvalidRequest
from playground.text.typos import KINDS, damage

TEXT = "The quick brown fox jumps over the lazy dog, and then Sam and Kim went home."
LETTERS = sum(character.isalpha() for character in TEXT)
BESIDE = {"a": "qwsz", "g": "rftyhvb", "p": "ol", "m": "njk"}  # read off a keyboard; more than these may count as near


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_text(kind):
    assert damage(TEXT, kind, 0.5, 3) == damage(TEXT, kind, 0.5, 3)
    assert len({damage(TEXT, kind, 0.3, seed).text for seed in range(20)}) > 15
    assert damage(TEXT, kind, 0, 3).text == TEXT


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_larger_shares_keep_the_changes_of_smaller_ones(kind, seed):
    """A text with more changes is never closer to the original, and each step changes only a few places."""
    texts = [damage(TEXT, kind, step / 50, seed) for step in range(51)]
    letters = [found.letters for found in texts]
    assert letters == sorted(letters)
    assert letters[-1] == texts[0].possible
    for earlier, later in pairwise(texts):
        added = later.letters - earlier.letters
        blocks = SequenceMatcher(None, earlier.text, later.text, autojunk=False).get_matching_blocks()
        kept = sum(block.size for block in blocks)
        assert kept >= len(earlier.text) - 2 * added


@pytest.mark.parametrize("kind", KINDS)
def test_the_share_is_of_the_letters_that_can_change(kind):
    for share in (0.1, 0.25, 0.5, 1.0):
        found = damage(TEXT, kind, share, 1)
        assert 0 <= share * found.possible - found.letters + 0.5 <= 2
    assert damage(TEXT, "case", 1.0).possible == LETTERS
    assert damage(TEXT, "typos", 1.0).possible == LETTERS


def test_homoglyphs_look_alike_and_are_other_letters():
    found = damage(TEXT, "homoglyphs", 1.0)
    assert len(found.text) == len(TEXT)
    changed = [(old, new) for old, new in zip(TEXT, found.text, strict=True) if old != new]
    assert len(changed) == found.letters == found.possible > 25
    for old, new in changed:
        assert unicodedata.name(new).split()[0] in ("CYRILLIC", "GREEK")
        assert old.isupper() == new.isupper()
    assert dict(changed)["o"] == "\u043e"
    assert dict(changed)["a"] == "\u0430"


def test_case_changes_the_case_alone():
    found = damage(TEXT, "case", 0.4, 2)
    assert found.text.lower() == TEXT.lower()
    assert sum(a != b for a, b in zip(TEXT, found.text, strict=True)) == found.letters == round(0.4 * LETTERS)


def test_all_four_slips_happen():
    words = {"double": 0, "drop": 0, "swap": 0, "neighbour": 0}
    for seed in range(200):
        found = damage("pamg", "typos", 0.25, seed)
        text, changed = found.text, found.changed
        if not changed:  # a swap is next, and takes two letters
            continue
        ((start, end),) = changed
        if len(text) == 5:
            assert text[start] == text[end - 1] == "pamg"[start]
            words["double"] += 1
        elif len(text) == 3:
            assert start == end
            words["drop"] += 1
        else:
            assert text[start] in BESIDE["pamg"[start]]
            words["neighbour"] += 1
    for seed in range(200):
        text = damage("pamg", "typos", 0.5, seed).text
        words["swap"] += len(text) == 4 and Counter(text) == Counter("pamg")
    assert min(words.values()) > 10, words


@pytest.mark.parametrize("kind", KINDS)
def test_changes_are_told_by_their_characters(kind):
    """Outside the told places, what is left of the text is a part of the original, in order."""
    found = damage(TEXT, kind, 0.4, 8)
    kept, at = [], 0
    for start, end in found.changed:
        assert at <= start <= end <= len(found.text)
        kept.append(found.text[at:start])
        at = end
    kept.append(found.text[at:])
    place = 0
    for piece in kept:
        place = TEXT.index(piece, place) + len(piece)


@given(st.text(max_size=40), st.sampled_from(KINDS), st.floats(0, 1), st.integers(0, 99))
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_damaged(text, kind, share, seed):
    found = damage(text, kind, share, seed)
    assert all(0 <= start <= end <= len(found.text) for start, end in found.changed)
    assert found.letters <= found.possible <= len(text)


def test_marks_stay_with_their_letter():
    found = damage("e\u0301" * 8, "typos", 0.5, 1)
    assert found.text.count("e") == found.text.count("\u0301")


@pytest.mark.parametrize(
    ("kind", "share", "message"),
    [("typo", 0.1, "'typo'"), ("case", 1.1, "1.1"), ("case", -1, "-1"), ("case", True, "True"), ("case", "x", "'x'"),
     ("case", float("nan"), "nan")],
)  # fmt: skip
def test_mistakes_are_refused(kind, share, message):
    with pytest.raises(InvalidRequest) as caught:
        damage(TEXT, kind, share)
    assert message in str(caught.value)
