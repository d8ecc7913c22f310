"""The small parts that cards are made of: quoting, word runs, facts, curves, corpora, the split's folder."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playground.errors import DamagedFile, InvalidRequest, MissingFile
from playground.evaluation.card.copied import copied_share, word_runs
from playground.evaluation.card.corpora import corpora_in, known_corpora, title_of
from playground.evaluation.card.facts import Facts, Run, fill, read_facts, read_run
from playground.evaluation.card.markdown import as_shown, quote, table, unquote
from playground.evaluation.card.split import read_split
from playground.training.recipes import RECIPES

FACTS = {"intro": "A model.", "shape": "round", "hardware": "one core", "cannot": "Sing."}


def test_a_quote_shows_text_as_it_is():
    assert quote('She said, "No!"\n\nThe  end\'s near.') == '> She said, "No!"\n>\n> The end\'s near.'
    assert quote("<b>*bold*</b> [a](b)") == r"> \<b\>\*bold\*\</b\> \[a\](b)"
    assert quote("- one\n1. two\n12) three\n= four\n3.5 is less") == (
        "> \\- one\n>\n> 1\\. two\n>\n> 12\\) three\n>\n> \\= four\n>\n> 3\\.5 is less"
    )
    assert not re.search(r"(?<!\\)[*_<`\[\]#|]", quote("# a *b* _c_ <d> `e` [f] | g ~~h~~"))


@given(st.text(alphabet="ab\\*_<>1.-+=#&$|~`[]()\n >\t'\"!é", max_size=60))
@example("\\\n>\n> \\>")
def test_a_quote_can_be_read_back(text):
    assert unquote(quote(text)) == as_shown(text)


def test_a_table_has_a_line_per_row():
    assert table(["", "a"], [["b", "c"]]) == "| | a |\n| --- | --- |\n| b | c |"


def test_word_runs_are_twelve_words_long():
    words = [f"w{i}" for i in range(14)]
    assert word_runs("W0, w1... " + " ".join(words[2:])) == [" ".join(words[i : i + 12]) for i in range(3)]
    assert word_runs(" ".join(words[:11])) == []


def test_the_copied_share_counts_runs_of_one_document():
    words = [f"w{i}" for i in range(40)]
    text = " ".join(words)  # 29 runs
    training = [" ".join(words[5:19]).upper(), " ".join(words[19:30]), " ".join(words[30:])]
    assert copied_share([text], training) == pytest.approx(3 / 29)  # those that begin at 5, 6 and 7
    assert copied_share([text, text], iter(training)) == pytest.approx(3 / 29)
    assert copied_share([text, "some other words"], [text]) == 1
    assert copied_share(["short"], ["short"]) == 0


def write(path, value):
    path.write_text(json.dumps(value) if not isinstance(value, str) else value, encoding="utf-8")
    return path


def test_facts_are_read_and_have_defaults(tmp_path):
    facts = read_facts(write(tmp_path / "facts.json", FACTS | {"options": {"temperature": 1, "max_new_tokens": 5}}))
    assert (facts.intro, facts.prompt, facts.details) == ("A model.", "Once upon a time", {})
    options = facts.sampling(7)
    assert (options.seed, options.temperature, options.max_new_tokens, options.top_p) == (7, 1.0, 5, 1.0)
    assert Facts(**FACTS).sampling(3).max_new_tokens == 400


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"intro": None}, "intro = None"),
        ({"shape": 3}, "shape = 3.*a text"),
        ({"details": ["x"]}, "details.*an object"),
        ({"sections": {"title": 3}}, "sections.*an object"),
        ({"colour": "red"}, "'colour'.*intro, shape"),
        ({"options": {"colour": 3}}, "options colour"),
        ({"options": {"seed": 3}}, "options seed"),
        ({"options": {"temperature": -1}}, "temperature"),
    ],
)
def test_facts_of_the_wrong_kind_are_refused(tmp_path, change, part):
    with pytest.raises(InvalidRequest, match=part):
        read_facts(write(tmp_path / "facts.json", FACTS | change))


def test_facts_that_are_missing_are_named(tmp_path):
    with pytest.raises(InvalidRequest, match="lacks shape, cannot"):
        read_facts(write(tmp_path / "facts.json", {"intro": "x", "hardware": "y"}))
    with pytest.raises(MissingFile):
        read_facts(tmp_path / "gone.json")


def test_numbers_are_filled_in():
    numbers = {"steps": "4,652", "seen": "9"}
    assert fill("In {steps} steps, {steps}.", numbers) == ("In 4,652 steps, 4,652.", {"steps": "4,652"})
    assert fill("a {b c} {} 5", {}) == ("a {b c} {} 5", {})
    with pytest.raises(InvalidRequest, match=r"\{stepps\}.*steps, seen"):
        fill("In {stepps}.", numbers)


def test_a_run_is_what_its_curve_ends_with(tmp_path):
    lines = [{"step": 1, "tokens": 4}, {"step": 3, "loss": 2.0, "tokens": 12, "seconds": 90, "bits_per_byte/a": 0.7}]
    write(tmp_path / "curve.jsonl", "\n".join(map(json.dumps, lines)) + "\n")
    assert read_run(tmp_path) == Run("tokens", 12, 3, 1.5)
    write(tmp_path / "curve.jsonl", '{"step": 3, "images": 12, "seconds": 60}')
    assert read_run(tmp_path) == Run("images", 12, 3, 1.0)
    for broken in ("", "{}", '{"step": 3, "tokens": 1}', "[1]", "x"):
        write(tmp_path / "curve.jsonl", broken)
        with pytest.raises(DamagedFile, match="does not end like"):
            read_run(tmp_path)
    (tmp_path / "curve.jsonl").unlink()
    with pytest.raises(MissingFile, match="no curve"):
        read_run(tmp_path)


def test_every_corpus_says_what_it_is():
    folders = [folder for corpus in known_corpora() for folder in corpus.folders]
    assert len(folders) == len(set(folders)) > 15
    for corpus in known_corpora():
        assert corpus.title and corpus.text and corpus.licence
        assert "NC" not in corpus.licence
        assert bool(corpus.attribution) or not re.match(r"\[?CC-BY", corpus.licence), f"{corpus.title} must thank"


def test_every_recipe_uses_corpora_that_are_known():
    for recipe in RECIPES.values():
        if recipe.name != "smoke":
            for source in recipe.sources:
                assert title_of(source.folders)


def test_a_source_may_hold_several_corpora():
    assert title_of(["chilit", "tinystories-more", "tinystories-subset"]) == "ChiLit and TinyStories"
    assert len(corpora_in(["tinystories-more", "tinystories-subset"])) == 1
    with pytest.raises(InvalidRequest, match="corpus diaries is not known"):
        corpora_in(["chilit", "diaries"])


@pytest.mark.parametrize("record", [{}, {"sources": 3}, {"sources": {"a": {"folders": [], "weight": 1}}}])
def test_a_folder_that_is_no_split_is_refused(tmp_path, record):
    write(tmp_path / "split.json", {"recipe": "a", "held_out_share": 0.02} | record)
    with pytest.raises(DamagedFile, match=r"training\.split"):
        read_split(tmp_path)
