"""Word pairs are read in the forms they are published in; the words and scores here are made up."""

import pytest

from playground.errors import DamagedFile, MissingFile
from playground.evaluation.word_pairs import WordPair, read_word_pairs

PAIRS = [WordPair("sun", "moon", 4.5), WordPair("t-shirt", "hat", 3.0), WordPair("run", "walk", 0.25)]
FORMS = {
    "plain, tabs": "sun\tmoon\t4.5\nt-shirt\that\t3\nrun\twalk\t.25\n",
    "plain, blanks": "sun moon 4.50\n\nt-shirt  hat 3.0\r\nrun walk 0.25",
    "SimLex": "word1\tword2\tPOS\tSimLex999\tconc(w1)\tSD\nsun\tmoon\tN\t4.5\t9\t1\nt-shirt\that\tN\t3\t9\t1\n"
    "run\twalk\tV\t0.25\t9\t1\n",
    "SimVerb": "sun\tmoon\tV\t4.5\tNONE\r\nt-shirt\that\tV\t3.0\tCOHYPONYMS\r\nrun\twalk\tV\t0.25\tNONE\r\n",
    "MEN, lemmas": "sun-n moon-n 4.5\nt-shirt-n hat-j 3\nrun-v walk-v 0.250000\n",
    "another header": "word1 word2 score\nsun moon 4.5\nt-shirt hat 3\nrun walk 0.25\n",
    "byte order mark": "\ufeffsun moon 4.5\nt-shirt hat 3\nrun walk 0.25\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_published_forms(tmp_path, form):
    (tmp_path / "pairs.txt").write_bytes(FORMS[form].encode())
    assert read_word_pairs(tmp_path / "pairs.txt") == PAIRS


def test_letters_behind_some_words_belong_to_them(tmp_path):
    (tmp_path / "pairs.txt").write_text("vitamin-a carrot 3\nplan-b plan 4\nplan-a vitamin-a 2\n")
    assert [pair.first for pair in read_word_pairs(tmp_path / "pairs.txt")] == ["vitamin-a", "plan-b", "plan-a"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no word pairs"),
        ("word1 word2 score\n", "no word pairs"),
        ("old new 1.5\nold new\n", "Line 2.*'old new'"),
        ("old new x\n", "Line 1"),
        ("old new nan\n", "Line 1"),
        ("old new A 1.5\n", "Line 1"),  # which column is the score?
        ("word1\tword2\tPOS\tSimLex999\nold\tnew\tA\n", "Line 2"),
        ("\tnew\t3\n", "Line 1"),
    ],
)
def test_other_forms_are_refused(tmp_path, text, part):
    (tmp_path / "pairs.txt").write_text(text)
    with pytest.raises(DamagedFile, match=part):
        read_word_pairs(tmp_path / "pairs.txt")


def test_files_that_cannot_be_lists_are_refused(tmp_path):
    with pytest.raises(MissingFile, match="no file"):
        read_word_pairs(tmp_path / "pairs.txt")
    (tmp_path / "pairs.txt").write_bytes(b"caf\xe9 the 3")
    with pytest.raises(DamagedFile, match="not readable"):
        read_word_pairs(tmp_path / "pairs.txt")
    with open(tmp_path / "pairs.txt", "wb") as file:
        file.truncate(2**24 + 1)
    with pytest.raises(DamagedFile, match="too large"):
        read_word_pairs(tmp_path / "pairs.txt")
