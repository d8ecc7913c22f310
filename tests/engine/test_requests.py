"""Whatever arrives in a request is checked, however it got there; whatever passes is frozen and plain."""

import dataclasses
import math

import pytest

from playground import limits
from playground.engine.requests import (
    CardRequest,
    GenerateRequest,
    LoadRequest,
    NextTokenRequest,
    ScoreRequest,
    UnloadRequest,
)
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.senses.edits import ScaleSense

NAMED = (GenerateRequest, ScoreRequest, NextTokenRequest, LoadRequest, UnloadRequest, CardRequest)
READING = {GenerateRequest: "prompt", ScoreRequest: "text", NextTokenRequest: "prompt"}
EDIT = ScaleSense(1, 0, 0.5)
NO_TEXT = [None, 3, 4.5, b"bytes", {"a": 1}, object(), ["1"], [1.5], [True], [-1], [None], [[1]], iter([1])]


def refuse(make, *parts):
    with pytest.raises(InvalidRequest) as caught:
        make()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    for part in parts:
        assert part in message


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("name", [None, "", 3, ["shard"], b"shard", "x" * 501])
def test_a_model_is_named_by_a_short_text(kind, name):
    refuse(lambda: kind(name))
    assert kind("x" * 500).model == "x" * 500


@pytest.mark.parametrize("kind", READING)
@pytest.mark.parametrize("value", NO_TEXT)
def test_prompts_are_text_or_token_ids(kind, value):
    refuse(lambda: kind("m", value))


@pytest.mark.parametrize("kind", READING)
def test_prompts_have_a_length(kind):
    field = READING[kind]
    longest, most = "é" * limits.PROMPT_CHARACTERS, [7] * limits.PROMPT_TOKENS
    assert getattr(kind("m", longest), field) == longest
    assert getattr(kind("m", most), field) == tuple(most)
    refuse(lambda: kind("m", longest + "e"), "20,001", "20,000")
    refuse(lambda: kind("m", [*most, 7]), "16,385", "16,384")


def test_samples_have_a_number():
    row = SamplingOptions()
    assert GenerateRequest("m", rows=[row] * limits.ROWS).rows == (row,) * limits.ROWS
    refuse(lambda: GenerateRequest("m", rows=()), "0", "16")
    refuse(lambda: GenerateRequest("m", rows=(row,) * (limits.ROWS + 1)), "17", "16")
    for wrong in ({}, [{"temperature": 1}], row, None, "rows", [None]):
        refuse(lambda wrong=wrong: GenerateRequest("m", rows=wrong))


@pytest.mark.parametrize("kind", [GenerateRequest, NextTokenRequest])
def test_edits_are_edits_and_few(kind):
    assert kind("m", "p", edits=[EDIT] * limits.EDITS).edits == (EDIT,) * limits.EDITS
    refuse(lambda: kind("m", "p", edits=(EDIT,) * (limits.EDITS + 1)), "65", "64")
    for wrong in (None, "edits", EDIT, [None], [{"token_id": 1}], [object()]):
        refuse(lambda wrong=wrong: kind("m", "p", edits=wrong))


@pytest.mark.parametrize("top", [0, -1, limits.SHOWN_TOKENS + 1, 10**100, True, 1.0, math.nan, "10", None, [10]])
def test_shown_tokens_have_a_number(top):
    refuse(lambda: NextTokenRequest("m", "p", top=top), "200")


def test_next_tokens_need_sampling_options():
    for wrong in (None, {"temperature": 1.0}, 0.5):
        refuse(lambda wrong=wrong: NextTokenRequest("m", "p", wrong))


def test_loading_takes_texts_and_plain_choices():
    LoadRequest("m", "bfloat16", "owner/name", {"rope_base": 1e4, "tensor_map": {"a": "b"}, "rope_pairing": None})
    for wrong in (3, b"float32", ["float32"], "x" * 501):
        refuse(lambda wrong=wrong: LoadRequest("m", dtype=wrong), "dtype")
        refuse(lambda wrong=wrong: LoadRequest("m", tokenizer=wrong), "tokenizer")
    for wrong in (None, [("a", 1)], {1: "a"}, {"a": object()}, {"a": [1]}, {"a": "x" * 501}):
        refuse(lambda wrong=wrong: LoadRequest("m", choices=wrong))


def test_requests_are_frozen_and_compare_by_value():
    request = GenerateRequest("m", [1, 2], [SamplingOptions(seed=3)])
    assert request == GenerateRequest("m", (1, 2), (SamplingOptions(seed=3),))
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.prompt = "other"
