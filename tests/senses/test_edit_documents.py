"""Edit documents against the edit objects they stand for, and what is refused, in the words a person reads."""

import math
import re
import sys

import pytest
from tiny_networks import BACKPACK, language
from word_level import write_word_tokenizer

from playground import limits
from playground.errors import InvalidRequest
from playground.senses.edit_documents import WORDS, check_edits, edited_words, one_token, read_edit, read_edits
from playground.senses.edits import STRENGTHS, AddSense, ScaleSense, SwapDirection, TopicBoost
from playground.text.tokenizers import open_tokenizer

SCALE = {"kind": "scale_sense", "word": " sea", "sense": 3, "factor": 4}
ADD = {"kind": "add_sense", "word": " sea", "sense": 3, "weight": 0.5}
SWAP = {"kind": "swap_direction", "word": " ship", "out": " sea", "in": " hill"}
BOOST = {"kind": "topic_boost", "words": [" sea", " ship"], "strength": 3}
END = BACKPACK["vocab_size"] - 1


def refused(*parts):
    return pytest.raises(InvalidRequest, match=".*".join(map(re.escape, parts)))


@pytest.fixture(scope="module")
def network():
    return language("backpack")  # 4 senses


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    path = tmp_path_factory.mktemp("words") / "tokenizer.json"
    return open_tokenizer(write_word_tokenizer(path, ["sea", "ship", "hill"], BACKPACK["vocab_size"]))


@pytest.mark.parametrize(
    ("document", "edit"),
    [
        (SCALE, ScaleSense(1, 3, 4.0)),
        (SCALE | {"position": 0, "factor": -0.5}, ScaleSense(1, 3, -0.5, 0)),
        (ADD, AddSense(1, 3, 0.5)),
        (SWAP, SwapDirection(2, 1, 3)),
        (BOOST, TopicBoost((1, 2), STRENGTHS[3], skip=END)),
        (BOOST | {"anneal": False, "recency": False}, TopicBoost((1, 2), STRENGTHS[3], False, False, END)),
        (
            {"kind": "topic_boost", "words": [" hill"], "multipliers": [4, 2.5, 1, 0]},
            TopicBoost((3,), (4.0, 2.5, 1.0, 0.0), skip=END),
        ),
    ],
)
def test_a_document_becomes_its_edit(document, edit, network, tokenizer):
    assert read_edit(document, network, tokenizer) == edit
    assert edit.scales(network, [1, 2, 3]).shape == (3, 4)  # the network takes it


def test_a_list_keeps_its_order_and_names_its_words(network, tokenizer):
    edits = read_edits([SWAP, SCALE, BOOST], network, tokenizer)
    assert [type(edit) for edit in edits] == [SwapDirection, ScaleSense, TopicBoost]
    assert edited_words([BOOST, SWAP, SCALE]) == (" sea", " ship", " hill")
    assert read_edits([], network, tokenizer) == ()


WRONG = {
    "no list": ("sea", "list of objects"),
    "too many": ([SCALE] * (limits.EDITS + 1), f"{limits.EDITS + 1} edits"),
    "no object": (["sea"], "object with a 'kind'"),
    "no kind": ([{"word": " sea"}], "kind is None"),
    "an unknown kind": ([SCALE | {"kind": "shout"}], "'shout', but must be one of scale_sense, swap_direction"),
    "a kind that is no text": ([SCALE | {"kind": ["scale_sense"]}], "kind is ['scale_sense']"),
    "an entry missing": ([{"kind": "scale_sense", "word": " sea", "sense": 1}], "lacks 'factor'"),
    "an entry too many": ([SCALE | {"strength": 2}], "has 'strength'"),
    "a word that is a number": ([SCALE | {"word": 7}], "word must be text"),
    "an empty word": ([SWAP | {"out": ""}], "out must be text"),
    "a sense below 0": ([SCALE | {"sense": -1}], "sense must be a whole number"),
    "a sense that is none": ([SCALE | {"sense": True}], "sense must be a whole number"),
    "a weight that is none": ([ADD | {"weight": math.nan}], "weight must be a number"),
    "an added sense below 0": ([ADD | {"sense": -1}], "sense must be a whole number"),
    "half a position": ([SCALE | {"position": 0.5}], "position must be a whole number"),
    "a factor that is no number": ([SCALE | {"factor": "4"}], "factor must be a number"),
    "an infinite factor": ([SCALE | {"factor": math.inf}], "factor must be a number"),
    "an integer beyond all floats": ([SCALE | {"factor": 10**400}], "factor must be a number"),
    "a huge factor": ([SCALE | {"factor": -101}], "from -100 to 100"),
    "no words": ([BOOST | {"words": []}], "list of 1 to"),
    "too many words": ([BOOST | {"words": [" sea"] * (WORDS + 1)}], "list of 1 to"),
    "a word instead of a list": ([BOOST | {"words": " sea"}], "list of 1 to"),
    "no strength": ([{"kind": "topic_boost", "words": [" sea"]}], "either a strength or four multipliers"),
    "two strengths": ([BOOST | {"multipliers": [1, 1, 1, 1]}], "either a strength or four multipliers"),
    "a strength too far": ([BOOST | {"strength": 4}], "strengths go from 0 to 3"),
    "three multipliers": ([{"kind": "topic_boost", "words": [" sea"], "multipliers": [1, 2, 3]}], "list of 4 numbers"),
    "an empty list of multipliers": ([{"kind": "topic_boost", "words": [" sea"], "multipliers": []}], "4 numbers"),
    "a multiplier that is none": (
        [{"kind": "topic_boost", "words": [" sea"], "multipliers": [1, 2, 3, None]}],
        "multiplier",
    ),
    "anneal as a number": ([BOOST | {"anneal": 1}], "anneal must be true or false"),
}


@pytest.mark.parametrize(("documents", "message"), WRONG.values(), ids=WRONG)
def test_what_no_model_could_take_is_refused(documents, message, network, tokenizer):
    with refused(message):
        check_edits(documents)
    with refused(message):
        read_edits(documents, network, tokenizer)


def test_what_this_model_cannot_take_is_refused(network, tokenizer):
    check_edits([SCALE | {"sense": 4}])
    with refused("sense 4", "go from 0 to 3"):
        read_edit(SCALE | {"sense": 4}, network, tokenizer)
    with refused("' sea ship' is 2 tokens", "' sea', ' ship'"):
        one_token(" sea ship", tokenizer)
    with refused("does not know ' moon'", "Choose another word"):
        one_token(" moon", tokenizer)
    with refused("does not know 'sea'", "' sea', it is one"):
        one_token("sea", tokenizer)
    with refused("sense " + "9" * 40):
        read_edit(SCALE | {"sense": int("9" * 40)}, network, tokenizer)


def test_a_number_that_python_will_not_write_out_is_refused_all_the_same():
    with refused("strength"):
        check_edits([BOOST | {"strength": 10 ** (sys.get_int_max_str_digits() + 1)}])
