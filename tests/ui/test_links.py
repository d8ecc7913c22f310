"""Share links come from anybody: what they hold is checked, and nothing of a bad one is taken."""

import json

import pytest

from playground import limits
from playground.errors import InvalidRequest
from playground.ui.links import link_words, read_link

GOOD = {"model": "demo", "prompt": "Once ${7*7}", "options": {"temperature": 0.5, "seed": 3, "stop": ["a", "b"]}}


def test_a_link_fills_in_what_it_holds():
    link = read_link(json.dumps(GOOD), ["demo"])
    assert (link.model, link.prompt) == ("demo", "Once ${7*7}")
    assert (link.options.temperature, link.options.seed, link.options.stop) == (0.5, 3, ("a", "b"))
    assert link.options.max_new_tokens == 64  # what it does not hold is the default
    assert link_words(link).startswith("A link filled in")


def test_an_unknown_model_is_said_and_the_rest_is_taken():
    link = read_link(json.dumps(GOOD | {"model": "x" * 5_000}), ["demo"])
    assert link.model is None
    assert len(link_words(link)) < 250
    assert "not known here" in link_words(link)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "longer than"),
        ("x" * 100_000, "longer than"),
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 40_000, "no JSON"),
        ("3", "no settings"),
        (json.dumps(GOOD | {"prompt": 3}), "prompt"),
        (json.dumps(GOOD | {"prompt": "x" * (limits.PROMPT_CHARACTERS + 1)}), "prompt"),
        (json.dumps(GOOD | {"model": None}), "name a model"),
        (json.dumps(GOOD | {"options": []}), "no options"),
        (json.dumps(GOOD | {"options": {"__init__": 1}}), "unknown option"),
        (json.dumps(GOOD | {"options": {"temperature": 1e9}}), "temperature"),
        (json.dumps(GOOD | {"options": {"stop": ["x" * 65]}}), "stop string"),
        (json.dumps(GOOD | {"options": {"max_new_tokens": 10**9}}), "max_new_tokens"),
    ],
)
def test_a_bad_link_is_refused_in_a_line(text, message):
    with pytest.raises(InvalidRequest, match=message) as caught:
        read_link(text, ["demo"])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
