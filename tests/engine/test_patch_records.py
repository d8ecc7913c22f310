"""A reconstruction goes through JSON and comes back as the request that repeats it; what is wrong is said in a line."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.engine.patch_records import compared, read_reconstruction, record_reconstruction
from playground.engine.patch_requests import Filled, FillRequest, ReconstructRequest, SureRequest, WriteOnRequest
from playground.errors import InvalidRequest, PlaygroundError
from playground.pixels.masking import MaskOptions

MASK = MaskOptions(0.4, "span", 9, spacing=1, longest=3)
REQUEST = ReconstructRequest("pixel-mae", "Ünïcödé, and مرحبا", MASK)


@pytest.fixture(scope="module")
def answer(shared_engine):
    return shared_engine.answer(REQUEST)


@pytest.fixture(scope="module")
def document(answer):
    return json.loads(json.dumps(record_reconstruction(REQUEST, answer), allow_nan=False))


def test_a_record_says_what_a_reader_needs(document, answer):
    assert document["text"] == REQUEST.text
    assert document["mask"] | {"ratio": 0.4, "kind": "span", "seed": 9, "longest": 3} == document["mask"]
    assert document["model"] == {
        "model": "pixel-mae", "family": "pixel-mae", "fingerprint": answer.identity.fingerprint, "dtype": "float32",
    }  # fmt: skip
    assert document["hidden"] == list(answer.hidden)
    assert sum(document["errors"]) / len(document["errors"]) == pytest.approx(document["loss"])
    assert {"playground", "torch", "python", "threads"} == set(document["made_with"])


def test_a_record_read_back_repeats_the_run(shared_engine, document, answer):
    record = read_reconstruction(document)
    assert record.request == REQUEST
    assert (record.identity, record.hidden) == (answer.identity, answer.hidden)
    again = shared_engine.answer(record.request)
    assert again.pictures == answer.pictures
    assert "the same loss" in compared(record, again)


def test_manual_masks_come_back(shared_engine):
    request = ReconstructRequest("pixel-mae", "some text", MaskOptions(kind="manual", patches=(0, 3)))
    written = json.loads(json.dumps(record_reconstruction(request, shared_engine.answer(request))))
    assert read_reconstruction(written).request == request


def test_what_was_done_after_it_is_told(shared_engine, answer):
    sure = SureRequest("pixel-mae", REQUEST.text, MASK, companions=2, seed=4)
    fill = FillRequest("pixel-mae", REQUEST.text, MASK, companions=2, at_a_time=3)
    write = WriteOnRequest("pixel-mae", REQUEST.text, 2, 4)
    found = shared_engine.answer(sure)
    steps = [event for event in shared_engine.run(fill) if isinstance(event, Filled)]
    document = json.loads(json.dumps(record_reconstruction(REQUEST, answer, (sure, found), (fill, steps))))
    assert document["sureness"]["spread"] == [found.spread[patch] for patch in found.hidden]
    assert document["sureness"] | {"companions": 2, "seed": 4} == document["sureness"]
    assert [step["filled"] for step in document["filling"]["steps"]] == [list(step.filled) for step in steps]
    assert document["filling"]["steps"][-1]["loss"] == steps[-1].loss
    steps = list(shared_engine.run(write))
    document = record_reconstruction(REQUEST, answer, filled=(write, steps))
    assert document["filling"] | {"kind": "write on", "start": 2, "at_a_time": 4} == document["filling"]
    assert read_reconstruction(document).request == REQUEST


def test_other_weights_masks_and_losses_are_told(document, answer):
    other = copy.deepcopy(document)
    other["model"]["fingerprint"] = "f" * 64
    assert "other weights (identity ffffffffffffffff" in compared(read_reconstruction(other), answer)
    assert "other patches" in compared(read_reconstruction(document | {"hidden": [0]}), answer)
    assert "was recorded" in compared(read_reconstruction(document | {"loss": 99.5}), answer)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "playground run"}, "no recorded reconstruction"),
        ({"version": 2}, "version 2"),
        ({"model": None}, "model"),
        ({"model": {"model": "x"}}, "fingerprint"),
        ({"model": {"model": "x" * 501, "family": "", "fingerprint": "", "dtype": ""}}, "fingerprint"),
        ({"text": 5}, "text"),
        ({"text": "x" * 20_001}, "20,001"),
        ({"mask": None}, "mask"),
        ({"mask": {"ratios": 1}}, "'ratios'"),
        ({"mask": {"ratio": "x"}}, "ratio"),
        ({"mask": {"kind": []}}, "kind"),
        ({"mask": {"patches": {"a": 1}}}, "patch"),
        ({"mask": {"patches": list(range(40_000))}}, "40,000"),
        ({"hidden": [0.5]}, "hidden"),
        ({"hidden": 3}, "hidden"),
        ({"loss": "low"}, "loss"),
        ({"loss": float("nan")}, "loss"),
        ({"loss": True}, "loss"),
    ],
)
def test_what_is_wrong_is_said(document, changes, message):
    with pytest.raises(InvalidRequest) as caught:
        read_reconstruction(document | changes)
    assert message in str(caught.value)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_document_raises_anything_else(document, data):
    changed = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        at = changed[data.draw(st.sampled_from(["model", "mask"]))] if data.draw(st.booleans()) else changed
        at = at if isinstance(at, dict) and at else changed
        at[data.draw(st.sampled_from(sorted(at)))] = data.draw(PLAIN)
    try:
        read_reconstruction(changed)
    except PlaygroundError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("document", [None, [], "text", 3])
def test_what_is_no_object_is_refused(document):
    with pytest.raises(InvalidRequest):
        read_reconstruction(document)
