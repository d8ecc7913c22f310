"""The search for a factor, against optima known by hand; the probe itself is tested with the engine's."""

import math

import pytest
import torch

import playground as pg
from playground.errors import InvalidRequest
from playground.senses.bias import Groups, best_factor, fill, ratio_of


def ends(*margins):
    """A slot for each pair of margins, log p(A) - log p(B) at the factors 0 and 1."""
    return [(torch.tensor(pair, dtype=torch.float64)[:, None], torch.zeros(2, 1).double()) for pair in margins]


@pytest.mark.parametrize("slope", [0.6, 0.7, 0.8, 0.9])
@pytest.mark.parametrize("copies", [1, 5])
def test_the_factor_where_bias_and_change_balance(slope, copies):
    """``exp(slope x) + 1 - x`` is least at ``x = -ln(slope) / slope``, however many slots say the same."""
    assert best_factor(ends((0.0, slope)) * copies) == pytest.approx(-math.log(slope) / slope, abs=1e-4)


@pytest.mark.parametrize(
    ("margins", "factor"),
    [
        ([(0.0, 0.1)], 1.0),  # hardly biased: no change is worth it
        ([(0.0, 5.0)], 0.0),
        ([(-3.0, 3.0)], 0.5),  # no bias halfway
        ([(3.0, -1.0)], 0.75),
        ([(-3.0, 3.0), (3.0, -3.0)], 0.5),
        ([(2.0, 2.0)], 1.0),  # the sense says nothing here
        ([(-900.0, 900.0)], 0.5),
    ],
)
def test_factors_known_by_hand(margins, factor):
    assert best_factor(ends(*margins)) == pytest.approx(factor, abs=1e-4)


def test_a_groups_probability_is_the_sum_over_its_words():
    logits = torch.tensor([0.3, 1.7, -0.4, 2.2])
    shares = logits.softmax(-1)
    assert ratio_of(logits, Groups((0, 1), (3,))) == pytest.approx(float((shares[0] + shares[1]) / shares[3]))
    assert math.isfinite(ratio_of(torch.tensor([5000.0, -5000.0]), Groups((0,), (1,))))


def test_a_word_fills_the_slot_as_one_token_or_not(model):
    slot = fill(model, " the {} said", "nurse")
    assert slot.ids == tuple(model.tokenizer.encode(" the nurse said"))
    assert slot.token_id == 7
    assert fill(model, " the {} said", "big nurse").token_id is None
    for template in (" the said", "{} {}"):
        with pytest.raises(InvalidRequest, match="needs one"):
            fill(model, template, "nurse")


def test_a_probe_needs_words(plain):
    with pytest.raises(InvalidRequest, match="at least one template"):
        pg.probe_bias(plain, [], [], ["he"], ["she"])
