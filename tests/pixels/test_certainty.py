"""Spread over companion masks, checked against numpy's own standard deviation over whole passes."""

import numpy as np
import pytest
from patch_models import make_model, whole_row

import playground as pg
from playground.errors import InvalidRequest
from playground.pixels.certainty import companion_masks, how_sure, rank_correlation
from playground.pixels.masking import MaskOptions, draw_mask


@pytest.fixture(scope="module")
def model():
    return make_model(image_size=(16, 640))


@pytest.fixture(scope="module")
def strip(model):
    return pg.render(model, "The quick brown fox jumps over the lazy dog.")


@pytest.mark.parametrize("seed", [0, 5])
def test_the_spread_is_the_standard_deviation(model, strip, seed):
    options = MaskOptions(0.3, "random", 1)
    mask = draw_mask(strip, options)
    found = list(how_sure(model, strip, options, companions=5, seed=seed))
    assert [(one.masks, one.of) for one in found] == [(number, 5) for number in range(1, 6)]
    predictions = [whole_row(model, strip, companion) for companion in companion_masks(strip, mask, 5, seed)]
    for number in range(2, 6):
        variance = np.var(predictions[:number], axis=0, ddof=1, dtype=np.float64).mean(-1)
        hidden = mask == 1
        np.testing.assert_allclose(found[number - 1].spread[hidden], np.sqrt(variance[hidden]), rtol=1e-3)
        assert np.isnan(found[number - 1].spread[~hidden]).all()
    assert np.isnan(found[0].spread).all()
    assert found[-1].spread[mask == 1].min() > 0


def test_companions_hide_a_fifth_of_what_is_seen(strip):
    mask = draw_mask(strip, MaskOptions(0.3, "random", 1))
    masks = companion_masks(strip, mask, 30, 4)
    seen = len(strip.text_patches) - mask.sum()
    for companion in masks:
        assert (companion[mask == 1] == 1).all()
        assert companion.sum() - mask.sum() == round(0.2 * seen)
        assert not companion[strip.num_text_patches :].any()
    assert len({companion.tobytes() for companion in masks}) > 20
    again = companion_masks(strip, mask, 30, 4)
    assert all(map(np.array_equal, masks, again))
    assert not all(map(np.array_equal, masks, companion_masks(strip, mask, 30, 5)))


def test_two_patches_are_enough_and_one_is_not(model, strip):
    count = strip.num_text_patches
    masks = companion_masks(strip, np.array([1] * (count - 2) + [0] * (40 - count + 2), np.uint8), 8)
    assert {int(companion.sum()) for companion in masks} == {count - 1}
    with pytest.raises(InvalidRequest, match="Only 1 patches of text can be seen"):
        next(how_sure(model, strip, MaskOptions(kind="manual", patches=range(count - 1))))


@pytest.mark.parametrize("companions", [1, 65, "8", None, True, 2.5])
def test_impossible_numbers_are_refused(model, strip, companions):
    with pytest.raises(InvalidRequest, match="from 2 to 64"):
        next(how_sure(model, strip, companions=companions))


def test_closing_stops_the_work(model, strip, monkeypatch):
    passes = []
    predict = model.predict_patches
    monkeypatch.setattr(model, "predict_patches", lambda *args: passes.append(1) or predict(*args))
    running = how_sure(model, strip, companions=64)
    for number in range(1, 4):
        next(running)
        assert len(passes) == number
    running.close()
    assert len(passes) == 3


def test_other_models_are_refused(strip):
    with pytest.raises(InvalidRequest, match="reads tokens"):
        next(how_sure(pg.load("demo-shard"), strip))


@pytest.mark.parametrize("seed", range(5))
def test_the_rank_correlation_is_one_minus_squared_differences_of_ranks(seed):
    """Without ties: 1 - 6 sum d^2 / (n (n^2 - 1))."""
    dice = np.random.default_rng(seed)
    spread, error = dice.permutation(9), dice.permutation(9)
    differences = spread - error
    expected = 1 - 6 * np.square(differences).sum() / (9 * 80)
    assert rank_correlation(np.exp(spread), error / 7) == pytest.approx(expected)


def test_ties_share_their_mean_rank():
    spread, error = np.array([1.0, 2.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0, 40.0])
    expected = np.corrcoef([1, 2.5, 2.5, 4], [1, 3, 2, 4])[0, 1]
    assert rank_correlation(spread, error) == pytest.approx(expected)


@pytest.mark.parametrize("values", [([], []), ([1, 2], [1, 2]), ([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [5, 5, 5])])
def test_without_order_there_is_no_correlation(values):
    assert rank_correlation(*map(np.array, values)) is None
