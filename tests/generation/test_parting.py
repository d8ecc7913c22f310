"""Where two texts part, against counting by hand and by brute force."""

import itertools

import pytest

from playground.generation.parting import parting_byte, place_of_byte


@pytest.mark.parametrize(
    ("one", "other", "byte"),
    [
        ("", "", 0),
        ("", "abc", 0),
        ("abc", "abc", 3),
        ("abc", "abd", 2),
        ("abc", "ab", 2),
        ("xbc", "abc", 0),
        ("né", "nè", 2),  # C3 A9 and C3 A8 share their first byte
        ("né", "ne", 1),
        ("日本", "日木", 5),  # E6 9C AC and E6 9C A8 share two bytes
        ("a🙂", "a🙃", 4),
    ],
)
def test_the_first_byte_that_differs(one, other, byte):
    assert parting_byte(one, other) == parting_byte(other, one) == byte


def test_it_is_the_longest_common_start():
    texts = ["".join(letters) for n in range(5) for letters in itertools.product("aé", repeat=n)]
    for one, other in itertools.product(texts, repeat=2):
        first, second = one.encode(), other.encode()
        byte = parting_byte(one, other)
        assert first[:byte] == second[:byte]
        assert byte == min(len(first), len(second)) or first[byte] != second[byte]


def test_the_place_of_a_byte_among_pieces():
    pieces = ["ab", "", "é", "c日"]
    places = [place_of_byte(pieces, byte) for byte in range(9)]
    assert places == [(0, 0), (0, 1), (2, 0), (2, 0), (3, 0), (3, 1), (3, 1), (3, 1), (4, 0)]
    assert place_of_byte([], 0) == (0, 0)
