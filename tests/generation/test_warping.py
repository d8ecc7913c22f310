import itertools
import types

import numpy as np
import pytest
import torch
from transformers import GenerationConfig, GenerationMixin

from playground.errors import PlaygroundError
from playground.generation.options import SamplingOptions
from playground.generation.warping import COLDEST, Warpers

COMBINATIONS = [
    dict(zip(("temperature", "top_k", "top_p", "min_p", "repetition_penalty"), values, strict=True))
    for values in itertools.product((1.0, 0.5, 1.7), (0, 1, 5, 1000), (1.0, 0.0, 0.6), (0.0, 0.2), (1.0, 1.3, 0.7))
]


class Reference(GenerationMixin):
    """transformers' own choice and order of processors for a generation config."""

    config = types.SimpleNamespace(is_encoder_decoder=False)

    def processed(self, ids, logits, **settings):
        settings["min_p"] = settings["min_p"] or None
        config = GenerationConfig(do_sample=True, **settings)
        return self._get_logits_processor(config, input_ids_seq_length=len(ids))(torch.tensor([ids]), logits[None])[0]


def dense(survivors, size):
    tokens, logprobs = survivors
    assert (np.diff(tokens) > 0).all()
    values = np.zeros(size)
    values[tokens] = np.exp(logprobs)
    return values


@pytest.mark.parametrize("kind", ["random", "tied"])
def test_every_combination_agrees_with_transformers(kind):
    generator = torch.Generator().manual_seed(1)
    for number, settings in enumerate(COMBINATIONS):
        logits = torch.randn(60, generator=generator) * 3
        if kind == "tied":
            logits = logits.round()
        ids = torch.randint(0, 60, (9,), generator=generator).tolist()
        masked = logits.clone()
        masked[50:] = -torch.inf  # ids that are never sampled
        expected = Reference().processed(ids, masked, **settings).double().softmax(-1).numpy()
        original = logits.clone()
        got = dense(Warpers(SamplingOptions(**settings), 50).survivors(ids, logits), 60)
        assert ((got > 0) == (expected > 0)).all(), (number, settings)
        assert np.abs(got - expected).max() < 1e-6, (number, settings)
        assert torch.equal(logits, original)


def test_the_nucleus_does_not_count_what_is_never_sampled():
    logits = torch.log(torch.tensor([0.25, 0.15, 0.1, 0.5]))
    tokens, logprobs = Warpers(SamplingOptions(temperature=1, top_p=0.6), 3).survivors([0], logits)
    # The three that remain weigh 0.5, 0.3 and 0.2. Had the last one counted, the nucleus would be it and the first.
    assert tokens.tolist() == [0, 1]
    assert np.exp(logprobs).tolist() == pytest.approx([0.625, 0.375])


def test_greedy_takes_the_first_of_the_best_after_the_penalty():
    logits = torch.tensor([1.0, 3.0, 3.0, 2.9])
    greedy = Warpers(SamplingOptions(temperature=0), 4)
    assert [part.tolist() for part in greedy.survivors([1], logits)] == [[1], [0.0]]
    penalised = Warpers(SamplingOptions(temperature=0, repetition_penalty=1.5, top_k=3, top_p=0.1), 4)
    assert penalised.survivors([1, 2, 1], logits)[0].tolist() == [3]
    assert Warpers(SamplingOptions(temperature=0), 1).survivors([1], logits)[0].tolist() == [0]


@pytest.mark.parametrize("temperature", [1e-300, 1e-40, COLDEST / 2, COLDEST, 1e-3])
def test_a_temperature_close_to_zero_is_as_good_as_greedy(temperature):
    logits = torch.tensor([-20.0, 29.9, 30.0, 4.0])
    tokens, logprobs = Warpers(SamplingOptions(temperature=temperature), 4).survivors([0], logits)
    assert tokens[np.argmax(logprobs)] == 2
    assert logprobs.max() == pytest.approx(0.0)


def test_forbidden_tokens_do_not_survive():
    logits = torch.tensor([0.0, -torch.inf, 1.0])
    assert Warpers(SamplingOptions(), 3).survivors([0], logits)[0].tolist() == [0, 2]


@pytest.mark.parametrize("temperature", [0.0, 1.0, 0.5])
def test_nothing_to_draw_from_is_an_error(temperature):
    with pytest.raises(PlaygroundError, match="No token can be drawn"):
        Warpers(SamplingOptions(temperature=temperature), 2).survivors([0], torch.tensor([-torch.inf, -torch.inf, 1.0]))


LARGE = [
    {"top_k": 50}, {"top_p": 0.9}, {"top_p": 0.6, "temperature": 0.5}, {"top_k": 50, "top_p": 0.9, "min_p": 0.05},
    {"top_k": 50, "min_p": 0.2}, {"top_p": 0.95, "min_p": 0.02, "repetition_penalty": 1.3}, {"top_p": 0.999},
    {"top_k": 1}, {"top_k": 1000, "top_p": 0.8}, {"min_p": 0.1},
]  # fmt: skip


@pytest.mark.parametrize("kind", ["peaked", "flat", "tied", "tied at the edge", "all the same"])
def test_a_large_vocabulary_is_truncated_as_transformers_do(kind):
    generator = torch.Generator().manual_seed(3)
    for settings in LARGE:
        settings = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0} | settings
        logits = torch.randn(6000, generator=generator) * (0.1 if kind == "flat" else 4)
        if kind == "tied":
            logits = logits.round()
        elif kind == "tied at the edge":
            logits = torch.zeros(6000)
            logits[torch.randperm(6000, generator=generator)[:49]] = 5.0
        elif kind == "all the same":
            logits = torch.zeros(6000)
        ids = torch.randint(0, 6000, (9,), generator=generator).tolist()
        expected = Reference().processed(ids, logits.clone(), **settings).double().softmax(-1).numpy()
        got = dense(Warpers(SamplingOptions(**settings), 6000).survivors(ids, logits), 6000)
        assert ((got > 0) == (expected > 0)).all(), settings
        assert np.abs(got - expected).max() < 1e-6, settings


@pytest.mark.parametrize(
    ("settings", "most"), [({"top_k": 50}, 0), ({"top_p": 0.9}, 2), ({"top_k": 40, "top_p": 0.9}, 2)]
)
def test_the_processors_are_hardly_ever_needed(settings, most, monkeypatch):
    """What makes a large vocabulary cheap: 100 peaked distributions, and few for which the best tokens do not do."""
    from playground.generation import warping

    found = []
    plain = warping.truncated
    monkeypatch.setattr(warping, "truncated", lambda *given: found.append(plain(*given)) or found[-1])
    generator = torch.Generator().manual_seed(5)
    warpers = Warpers(SamplingOptions(temperature=0.8, **settings), 20_000)
    for _ in range(100):
        warpers.survivors([0], torch.randn(20_000, generator=generator) * 4)
    assert len(found) == 100
    assert sum(each is None for each in found) <= most
