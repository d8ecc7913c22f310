"""What a generated text cost, against sums by hand."""

import math

import pytest

from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample
from playground.generation.steps import Step
from playground.generation.surprisal import score
from playground.generation.tally import Tally


def step(text, probability, end=None):
    return Step(0, 0, 1, 5, text, math.log(probability), 1.0, (), end)


def test_bits_are_summed_over_tokens_and_bytes():
    tally = Tally()
    assert (tally.mean_bits, tally.bits_per_byte) == (None, None)
    tally.add(step("", 0.5))  # a part of a character
    assert tally.mean_bits == pytest.approx(1)
    assert tally.bits_per_byte is None
    tally.add(step("né", 0.125))
    assert tally.mean_bits == pytest.approx(2)
    assert tally.bits_per_byte == pytest.approx(4 / 3)
    tally.add(step("", 0.001, "end token"))  # stands for no text
    assert (tally.tokens, tally.utf8_bytes, tally.bits) == (2, 3, pytest.approx(4))
    tally.add(step("a", 0.25, "token limit"))
    assert (tally.tokens, tally.utf8_bytes, tally.bits) == (3, 4, pytest.approx(6))


def test_a_tally_is_the_texts_score(tiny_model):
    """A byte model: the tokens are the bytes, so the score of prompt and text holds the text's bits as its last."""
    tally = Tally()
    steps = list(sample(tiny_model, "abc", SamplingOptions(max_new_tokens=40, temperature=1.4, stop_ids=())))
    for each in steps:
        tally.add(each)
    scored = score(tiny_model, [*b"abc", *(each.token_id for each in steps)]).logprobs[3:]
    assert tally.tokens == 40
    assert tally.bits == pytest.approx(-sum(scored) / math.log(2), abs=1e-3)
    assert tally.utf8_bytes == len("".join(each.text for each in steps).encode())
