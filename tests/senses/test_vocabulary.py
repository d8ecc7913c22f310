"""Sweeps over the vocabulary against the table of all senses, written out."""

import pytest
import torch

from playground.senses import vocabulary
from playground.senses.reading import finished
from playground.senses.vocabulary import largest_logits, sense_directions, sense_logits


@pytest.fixture
def network(model):
    return model.network


@pytest.fixture
def table(network):
    """(V, k, d)"""
    with torch.inference_mode():
        return network.sense_vectors(torch.arange(network.vocab_size))


def test_directions_are_unit_vectors_of_one_sense(network, table):
    for sense in (0, network.num_senses - 1):
        found = finished(sense_directions(network, sense))
        assert found.dtype == torch.float16
        expected = table[:, sense] / table[:, sense].norm(dim=-1, keepdim=True)
        torch.testing.assert_close(found.float(), expected, atol=1e-3, rtol=0)


def test_logits_for_one_direction(network, table):
    wanted = network.word_vectors[7] + network.word_vectors[9]
    torch.testing.assert_close(finished(sense_logits(network, wanted)), table @ wanted, atol=1e-4, rtol=1e-4)


def test_the_largest_logit_of_every_sense(network, table):
    expected = (table @ network.word_vectors.T).amax(-1)
    torch.testing.assert_close(finished(largest_logits(network)), expected, atol=1e-4, rtol=1e-4)


def test_sweeps_tell_how_far_they_are_and_can_be_left(network, table, monkeypatch):
    monkeypatch.setattr(vocabulary, "CHUNK", (32, 32))
    steps = sense_logits(network, network.word_vectors[7])
    assert list(steps) == [(32, 83), (64, 83), (83, 83)]
    chunked = finished(sense_logits(network, network.word_vectors[7]))
    torch.testing.assert_close(chunked, table @ network.word_vectors[7], atol=1e-4, rtol=1e-4)
    runs, plain = [], type(network.sense_network).features
    monkeypatch.setattr(type(network.sense_network), "features", lambda *given: runs.append(1) or plain(*given))
    steps = sense_directions(network, 0)
    next(steps)
    steps.close()
    assert len(runs) == 1
