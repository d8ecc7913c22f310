"""Which token a typed word means."""

import pytest

from playground.errors import InvalidRequest
from playground.senses.words import Piece, check_has_senses, look_up, next_word, piece


class Letters:
    """A tokenizer with one token for each of a few strings, and one for any other letter."""

    special_ids, begin_id, end_id, adds_begin, size = {}, None, None, False, 60
    known = (" sea", "sea", " he", "go", " ,", ",", "s")

    def encode(self, text):
        ids = []
        while text:
            found = max((one for one in self.known if text.startswith(one)), key=len, default=text[0])
            ids.append(self.known.index(found) if found in self.known else 20 + ord(text[0]) % 37)
            text = text[len(found) :]
        return ids

    def token_text(self, id_):
        return self.known[id_] if id_ < len(self.known) else f"<{id_}>"


@pytest.fixture
def typed(plain, monkeypatch):
    monkeypatch.setattr(plain, "tokenizer", Letters())
    return plain


@pytest.mark.parametrize(
    ("word", "read_as"),
    [("sea", " sea"), (" sea", " sea"), ("go", "go"), (",", ","), (" ,", " ,"), ("he", " he"), ("gosea", "gosea")],
)
def test_a_blank_goes_in_front_where_that_makes_it_one_token(typed, word, read_as):
    found = look_up(typed, word)
    assert (found.word, found.read_as, found.blank_added) == (word, read_as, read_as != word)
    assert found.text == found.pieces[0].text
    assert look_up(typed, word, as_typed=True).read_as == word


def test_of_several_pieces_the_one_asked_for_is_looked_at(typed):
    found = look_up(typed, "gosea")
    assert found.pieces == (Piece(3, "go"), Piece(1, "sea"))
    assert found.token_id == 3
    assert look_up(typed, "gosea", number=1).text == "sea"
    for number in (2, -1):
        with pytest.raises(InvalidRequest, match="pieces 0 to 1"):
            look_up(typed, "gosea", number=number)


def test_a_number_is_a_token_whatever_its_text(typed):
    found = look_up(typed, 59)
    assert (found.token_id, found.text, found.word, found.blank_added) == (59, "<59>", "<59>", False)
    with pytest.raises(InvalidRequest, match="outside the vocabulary"):
        look_up(typed, 83)


def test_next_words_are_one_token(typed):
    assert [next_word(typed, word) for word in ("sea", " sea", "go", ",", "s")] == [0, 0, 3, 5, 6]
    with pytest.raises(InvalidRequest, match=r"'gosea' is 2 tokens.* a next word must be one"):
        next_word(typed, "gosea")


def test_without_a_tokenizer_a_word_is_an_id(plain, monkeypatch):
    monkeypatch.setattr(plain, "tokenizer", None)
    assert look_up(plain, "17").pieces == (Piece(17, "17"),)
    assert next_word(plain, "17") == 17
    assert piece(plain, 5).text == "5"
    for ask in (look_up, next_word):
        with pytest.raises(InvalidRequest, match="ships no tokenizer"):
            ask(plain, "sea")
    with pytest.raises(InvalidRequest, match="outside the vocabulary"):
        look_up(plain, "83")


def test_a_model_without_senses_is_refused():
    other = type("Model", (), {"abilities": frozenset({"generate"}), "card": type("Card", (), {"name": "shard"})})
    with pytest.raises(InvalidRequest, match="shard has no sense vectors"):
        check_has_senses(other)
