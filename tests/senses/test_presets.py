"""Presets files: read, written back, and refused by name."""

import json
import re

import pytest
from tiny_networks import BACKPACK, language
from word_level import write_word_tokenizer

from playground.errors import InvalidRequest
from playground.senses.edits import ScaleSense
from playground.senses.presets import PRESETS, TOPIC_WORDS, read_presets
from playground.text.tokenizers import open_tokenizer

PRESET = {
    "id": "sea-scale",
    "title": "By the sea",
    "watch": "Boats come into the story.",
    "prompt": " a ship",
    "edits": [{"kind": "scale_sense", "word": " ship", "sense": 1, "factor": 4.0}],
    "topic": ["sea", "swim swam"],
    "sampling": {"max_new_tokens": 20, "temperature": 0.8},
    "measured": {"ratio": 5.5},
}


def refused(*parts):
    return pytest.raises(InvalidRequest, match=".*".join(map(re.escape, parts)))


def test_a_file_is_read_and_written_back(tmp_path):
    other = {key: value for key, value in PRESET.items() if key != "measured"} | {"id": "other"}
    first, second = read_presets({"presets": [PRESET, other], "note": "more may stand beside the list"})
    assert (first.id, first.topic, first.measured) == ("sea-scale", ("sea", "swim swam"), {"ratio": 5.5})
    assert second.measured is None
    assert json.loads(json.dumps([first.as_json(), second.as_json()])) == [
        PRESET | {"seed": None},
        other | {"measured": None, "seed": None},
    ]
    assert read_presets({"presets": []}) == ()


def test_its_edits_suit_a_model_or_the_preset_is_named(tmp_path):
    network = language("backpack")
    path = write_word_tokenizer(tmp_path / "tokenizer.json", ["sea", "ship"], BACKPACK["vocab_size"])
    tokenizer = open_tokenizer(path)
    (preset,) = read_presets({"presets": [PRESET]})
    assert preset.edits_for(network, tokenizer) == (ScaleSense(2, 1, 4.0),)
    edits = [PRESET["edits"][0] | {"sense": 9}]
    (preset,) = read_presets({"presets": [PRESET | {"edits": edits}]})
    with refused("Preset 'sea-scale'", "sense 9", "from 0 to 3"):
        preset.edits_for(network, tokenizer)


WRONG = {
    "no object": ([PRESET], "'presets' is a list"),
    "no list": ({"presets": PRESET}, "'presets' is a list"),
    "too many": ({"presets": [PRESET] * (PRESETS + 1)}, f"at most {PRESETS}"),
    "no preset": ({"presets": [PRESET, "sea"]}, "Preset 2 must be an object"),
    "an id twice": ({"presets": [PRESET, PRESET]}, "'sea-scale' occurs 2 times"),
}
ENTRIES = {
    "an id that is no text": ({"id": 3}, "Preset 1: id must be text"),
    "an empty title": ({"title": " "}, "title must be text"),
    "a long sentence": ({"watch": "x" * 301}, "watch must be text of 1 to 300"),
    "a prompt of ids": ({"prompt": [1, 2]}, "prompt must be text"),
    "an unknown entry": ({"strength": 2}, "Preset 'sea-scale' has an unknown entry 'strength'"),
    "a wrong edit": ({"edits": [{"kind": "shout"}]}, "Preset 'sea-scale': An edit's kind is 'shout'"),
    "no topic": ({"topic": []}, "topic must be a list of 1 to"),
    "a topic too large": ({"topic": ["sea"] * (TOPIC_WORDS + 1)}, "topic must be a list of 1 to"),
    "a topic of numbers": ({"topic": [1]}, "a topic's word must be text"),
    "sampling that is no object": ({"sampling": None}, "sampling must be an object, not a NoneType"),
    "a seed in words": ({"seed": "one"}, "seed must be a whole number from 0"),
    "a seed below zero": ({"seed": -1}, "seed must be a whole number from 0"),
    "measured that is no object": ({"measured": 4.2}, "measured must be an object, not a float"),
}


@pytest.mark.parametrize(("document", "message"), WRONG.values(), ids=WRONG)
def test_a_file_that_is_none_is_refused(document, message):
    with refused(message):
        read_presets(document)


@pytest.mark.parametrize(("change", "message"), ENTRIES.values(), ids=ENTRIES)
def test_a_preset_that_is_none_is_refused(change, message):
    with refused(message):
        read_presets({"presets": [PRESET | change]})


@pytest.mark.parametrize("key", [key for key in PRESET if key not in ("measured", "id")])
def test_what_is_missing_is_named(key):
    with refused("Preset 'sea-scale' lacks", repr(key)):
        read_presets({"presets": [{name: value for name, value in PRESET.items() if name != key}]})
