"""Logits from a text read once against the ordinary forward pass, under every kind of edit."""

import pytest
import torch
from sense_models import TEXT

from playground.networks.backpack import Encoder
from playground.senses import reading as reading_module
from playground.senses.edits import AddSense, ScaleSense, SwapDirection, TopicBoost
from playground.senses.reading import finished, logits_at, read_senses, reading_steps

EDITS = {
    "none": (),
    "scale": (ScaleSense(1, 2, 0.0), ScaleSense(9, 0, -2.5)),
    "scale at one place": (ScaleSense(1, 2, 4.0, position=5),),
    "add": (AddSense(2, 1, 0.7),),
    "swap": (SwapDirection(1, 2, 3),),
    "swap and add the swapped": (SwapDirection(1, 2, 3), AddSense(1, 1, 0.7)),
    "topic": (TopicBoost((2, 3)),),
    "topic without fading, with others": (
        TopicBoost((2, 3), (4.0, 3.0, 2.0, 0.5), anneal=False),
        ScaleSense(7, 1, 0.3),
        SwapDirection(7, 4, 5),
    ),
}


@pytest.fixture
def ids(model):
    return model.tokenizer.encode(TEXT)


@pytest.fixture
def text(model, ids):
    return read_senses(model.network, ids)


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_edited_logits_are_those_of_a_full_forward(model, ids, text, edits):
    whole = model.logits(ids, edits)
    for position in (0, 4, len(ids) - 1):
        own = logits_at(model.network, text, position, edits, own_past=False)
        torch.testing.assert_close(own, whole[position], atol=1e-4, rtol=1e-5)
        written = logits_at(model.network, text, position, edits)  # the future does not know
        torch.testing.assert_close(written, model.logits(ids[: position + 1], edits)[-1], atol=1e-4, rtol=1e-5)


def test_no_edit_costs_a_forward(model, text, monkeypatch):
    monkeypatch.setattr(Encoder, "forward", lambda *_: pytest.fail("the encoder ran"))
    for edits in EDITS.values():
        assert logits_at(model.network, text, 3, edits).isfinite().all()


def test_weights_are_the_networks(model, ids, text):
    alpha = model.sense_weights(ids)  # (k, T, T)
    for sense in range(model.network.num_senses):
        torch.testing.assert_close(text.weights(sense), alpha[sense])
    for position in range(len(ids)):
        torch.testing.assert_close(text.weights_at(position), alpha[:, position, : position + 1])
    torch.testing.assert_close(text.senses, model.sense_vectors(ids))


def test_a_long_text_is_read_in_chunks(model, monkeypatch):
    ids = [(7 * i) % 80 for i in range(50)]
    at_once = read_senses(model.network, ids)
    monkeypatch.setattr(reading_module, "CHUNK", (16, 16))
    assert list(reading_steps(model.network, ids)) == [(16, 50), (32, 50), (48, 50), (50, 50)]
    chunked = finished(reading_steps(model.network, ids))
    torch.testing.assert_close(chunked.weights_at(49), at_once.weights_at(49), atol=1e-5, rtol=1e-4)
    assert chunked.nbytes == at_once.nbytes > chunked.senses.nbytes
