"""Requests about senses are checked on arrival; the models of the goldens, given words, answer them."""

import dataclasses
import math

import pytest

from playground import limits
from playground.engine.requests import GenerateRequest, NextTokenRequest, ReadRequest
from playground.engine.sense_requests import (
    AlphaRequest,
    BiasRequest,
    BiasSearchRequest,
    LedgerRequest,
    NearestRequest,
    PromotersRequest,
    SenseFactsRequest,
    SensesRequest,
    WordPairRequest,
)
from playground.errors import InvalidRequest
from playground.senses.edits import ScaleSense

SCALE = {"kind": "scale_sense", "word": " sea", "sense": 1, "factor": 2.0}
PROBE = {"templates": ("the {} said",), "words": ("nurse",)}
EDITED = {
    GenerateRequest: {}, NextTokenRequest: {}, ReadRequest: {}, LedgerRequest: {}, BiasRequest: PROBE,
    BiasSearchRequest: PROBE,
}  # fmt: skip
LOOKING = (SensesRequest, NearestRequest, PromotersRequest)


def refused(make, said):
    with pytest.raises(InvalidRequest, match=said) as caught:
        make()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("kind", EDITED)
def test_edits_are_objects_or_documents_in_any_mixture(kind):
    document = dict(SCALE)
    request = kind("m", edits=[document, ScaleSense(1, 0, 0.5)], **EDITED[kind])
    assert request.edits == (SCALE, ScaleSense(1, 0, 0.5))
    document["factor"] = 99.0  # no longer the request's
    assert request.edits[0]["factor"] == 2.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.edits = ()


@pytest.mark.parametrize("kind", EDITED)
@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ("hostile", "list of edits"),
        (7, "list of edits"),
        (SCALE, "list of edits"),
        ([3], "must be an object with a 'kind'"),
        ([SCALE | {"factor": math.nan}], "factor must be a number"),
        ([SCALE | {"kind": "__class__"}], "kind is '__class__'"),
        ([SCALE | {"word": "x" * 65}], "1 to 64 characters"),
        ([SCALE] * 65, "65 edits"),
    ],
)
def test_what_no_model_could_take_is_refused_at_once(kind, edits, said):
    refused(lambda: kind("m", edits=edits, **EDITED[kind]), said)


@pytest.mark.parametrize("kind", LOOKING)
@pytest.mark.parametrize("word", ["", "  ", None, -7, 7.5, True, "x" * 65])
def test_words_are_short_texts_or_ids(kind, word):
    refused(lambda: kind("m", word), "[Ww]ord")


@pytest.mark.parametrize("kind", LOOKING)
@pytest.mark.parametrize("top", [0, limits.SHOWN_TOKENS + 1, True, 1.5, "9", None])
def test_how_many_are_listed_is_bounded(kind, top):
    refused(lambda: kind("m", "sea", top=top), "top must be a whole number from 1")


REFUSED = {
    "no model": (lambda: SenseFactsRequest(""), "No model"),
    "a sense that is none": (lambda: NearestRequest("m", "sea", 1.5), "sense must be a whole number"),
    "an enormous sense": (lambda: NearestRequest("m", "sea", 10**30), "sense must be a whole number"),
    "a flag that is none": (lambda: SensesRequest("m", "sea", as_typed="yes"), "as_typed must be true or false"),
    "half a piece": (lambda: SensesRequest("m", "sea", piece=0.5), "piece must be a whole number"),
    "a text too long": (lambda: SensesRequest("m", "sea", text="x" * 20_001), "20,001 characters"),
    "one word of a pair": (lambda: WordPairRequest("m", "sea", ""), "second word is empty"),
    "half a position": (lambda: LedgerRequest("m", "a", 0.5), "position must be a whole number"),
    "a candidate instead of a list": (lambda: LedgerRequest("m", "a", candidates="he"), "list of words"),
    "many candidates": (lambda: LedgerRequest("m", "a", candidates=[1] * 9), "at most 8"),
    "a candidate that is none": (lambda: LedgerRequest("m", "a", candidates=[None]), "candidates"),
    "a negative id": (lambda: LedgerRequest("m", "a", candidates=[-1]), "-1"),
    "a blank candidate": (lambda: LedgerRequest("m", "a", candidates=[" "]), "candidate is empty"),
    "senses that are none": (lambda: AlphaRequest("m", "a", "12"), "list of token ids|senses"),
    "a template without a slot": (lambda: BiasRequest("m", ["a"], ["b"]), "0 slots, but needs one"),
    "a template with two": (lambda: BiasRequest("m", ["{} {}"], ["b"]), "2 slots"),
    "a long template": (lambda: BiasRequest("m", ["{}" + "x" * 500], ["b"]), "at most 500"),
    "no templates": (lambda: BiasRequest("m", [], ["b"]), "templates must be 1 to 32"),
    "blank words": (lambda: BiasRequest("m", ["{}"], ["", " "]), "words must be 1 to 48"),
    "a word instead of a list": (lambda: BiasRequest("m", ["{}"], "b"), "list of texts"),
    "numbers for words": (lambda: BiasRequest("m", ["{}"], [7]), "list of texts"),
    "an empty group": (lambda: BiasRequest("m", ["{}"], ["b"], []), "first group must be 1 to 16"),
    "a factor that is none": (lambda: BiasRequest("m", ["{}"], ["b"], factor=math.nan), "factor must be"),
    "a factor that is text": (lambda: BiasRequest("m", ["{}"], ["b"], factor="0"), "factor must be"),
    "a neutral number": (lambda: BiasSearchRequest("m", ["{}"], ["b"], neutral=7), "neutral text"),
    "more edits than a model takes": (
        lambda: BiasSearchRequest("m", ["{}"], [str(i) for i in range(40)], edits=[SCALE] * 30),
        "40 words and 30 edits",
    ),
}


@pytest.mark.parametrize(("make", "said"), REFUSED.values(), ids=REFUSED)
def test_whatever_else_arrives_is_checked(make, said):
    refused(make, said)


def test_lists_become_tuples_without_repetitions():
    request = BiasRequest("m", ["{} a", "{} a"], ["b", " ", "b"], ["he"], ["she", "she"])
    assert (request.templates, request.words, request.group_b) == (("{} a",), ("b",), ("she",))
    assert AlphaRequest("m", [1, 2], [3, 3, 1]).senses == (3, 1)
