"""Held-out text must be nowhere in the training text, whichever corpus it came from."""

import hashlib
import lzma
import re

import pytest

from playground.errors import DamagedFile, InvalidRequest, MissingFile
from playground.training.corpus import Source, grouped, in_share, normalised, split_corpora, tidy, units

SHARE = 0.2


def write(folder, name, text):
    (folder / name).mkdir(parents=True)
    (folder / name / "text.txt").write_text(text, encoding="utf-8")


def words(text):
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def drawn(text):
    return int(hashlib.sha256(words(text).encode()).hexdigest()[:16], 16) / 2**64 < SHARE


SENTENCES = [f"The cat has {n} very small kittens." for n in range(200)]
STORIES = [f"There was story number {n}.\nIn it the dog had {n} large bones. All was well." for n in range(200)]


@pytest.fixture
def splits(tmp_path):
    mixed = [f"A tale with a quote. {SENTENCES[n].upper()} The end of tale {n}." for n in range(200)]
    again = [story.lower().replace("\n", " ") for story in STORIES]  # the same stories without capitals
    lines = [*SENTENCES, *(f"In it the dog had {n} large bones." for n in range(200)), "He ran.", "She sat."]
    write(tmp_path, "stories", "\n<|endoftext|>\n".join(STORIES))
    write(tmp_path, "recased", "\n<|endoftext|>\n".join(again))
    write(tmp_path, "mixed", "\n\n".join(mixed))
    write(tmp_path, "lines", "\n".join(lines))
    sources = (
        Source("stories", ("stories", "recased"), 1),
        Source("mixed", ("mixed",), 1, "blank"),
        Source("lines", ("lines",), 1, "line", 6),
    )
    return split_corpora(tmp_path, sources, SHARE)


def test_hash_decides_which_story_is_held_out(splits):
    assert set(splits["stories"].held_out) == {story for story in STORIES if drawn(story)}
    assert 15 < len(splits["stories"].held_out) < 70


def test_the_same_story_in_other_letters_is_held_out_too(splits):
    trained = {words(document) for document in splits["stories"].train}
    assert trained.isdisjoint({words(story) for story in STORIES if drawn(story)})
    assert len(trained) == len(splits["stories"].train)  # and no story comes twice


def test_documents_with_a_held_out_sentence_are_dropped(splits):
    banned = [words(sentence) for sentence in SENTENCES if drawn(sentence)]
    assert banned
    assert set(map(words, splits["lines"].held_out)) >= set(banned)
    for document in splits["mixed"].train:
        assert not any(sentence in words(document) for sentence in banned)
    assert len(splits["mixed"].train) > 80


def test_lines_of_held_out_stories_are_dropped(splits):
    lines = {line for document in splits["lines"].train for line in document.split("\n")}
    for n, story in enumerate(STORIES):
        if drawn(story):
            assert f"In it the dog had {n} large bones." not in lines
    assert lines.isdisjoint(splits["lines"].held_out)


def test_very_short_sentences_are_never_held_out(splits):
    lines = {line for document in splits["lines"].train for line in document.split("\n")}
    assert {"He ran.", "She sat."} <= lines


def test_grouping_keeps_every_line_and_the_seed_decides_the_order():
    lines = [f"line {n}" for n in range(500)]
    documents = grouped(lines, 12, seed=1)
    assert sorted("\n".join(documents).split("\n")) == sorted(lines)
    assert 8 < len(lines) / len(documents) < 18
    assert documents == grouped(lines, 12, seed=1)
    assert documents != grouped(lines, 12, seed=2)


def test_text_is_tidied():
    assert (
        tidy("\u201cHi,\u201d  she\u00a0said\u2026\r\n\r\n  It\u2019s cafe\u0301. \n")
        == '"Hi," she said...\nIt\'s caf\u00e9.'
    )
    assert list(units("one\ntwo\n<|endoftext|>\n\nthree\n<|endoftext|>\n", "marker")) == ["one\ntwo", "three"]
    assert list(units("one\ntwo\n\n \nthree", "blank")) == ["one\ntwo", "three"]
    assert normalised("It's  a \u201cDog\u201d \u2014 No. 7!") == "it s a dog no 7"
    assert not any(in_share(str(n), 0.0) for n in range(99))
    assert all(in_share(str(n), 1.0) for n in range(99))


def test_missing_and_damaged_corpora_are_named(tmp_path):
    source = Source("a", ("there", "gone"), 1)
    (tmp_path / "there").mkdir()
    with pytest.raises(MissingFile, match="gone"):
        split_corpora(tmp_path, (source,))
    (tmp_path / "gone").mkdir()
    with pytest.raises(MissingFile, match=r"no \.txt"):
        split_corpora(tmp_path, (source,))
    (tmp_path / "there" / "a.txt").write_text(" \n", encoding="utf-8")
    (tmp_path / "gone" / "a.txt.xz").write_bytes(lzma.compress(b" " * 4000)[:-20])
    with pytest.raises(DamagedFile, match=r"a\.txt\.xz"):
        split_corpora(tmp_path, (source,))
    (tmp_path / "gone" / "a.txt.xz").write_bytes(lzma.compress(b" "))
    with pytest.raises(InvalidRequest, match="no text"):
        split_corpora(tmp_path, (source,))
