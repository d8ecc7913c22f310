"""Filling step by step: the surest first, what is filled is seen by the next pass, and closing stops it."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from patch_models import make_model

import playground as pg
from playground.errors import InvalidRequest
from playground.pixels.certainty import how_sure
from playground.pixels.filling import Step, Working, fill_in, write_on
from playground.pixels.masking import MaskOptions, draw_mask
from playground.pixels.pictures import HIDDEN, to_patches
from playground.pixels.reconstruction import reconstruct

OPTIONS = MaskOptions(0.3, "random", 1)


@pytest.fixture(scope="module")
def model():
    return make_model(image_size=(16, 640))


@pytest.fixture(scope="module")
def strip(model):
    return pg.render(model, "The quick brown fox jumps over the lazy dog.")


@pytest.fixture
def seen(model, monkeypatch):
    """(pixels, mask) of every pass of the model."""
    passes = []
    predict = model.predict_patches

    def spy(pixel_values, attention_mask, mask):
        passes.append(((pixel_values[0, 0] * 255).round().to(torch.uint8).numpy(), mask[0].numpy()))
        return predict(pixel_values, attention_mask, mask)

    monkeypatch.setattr(model, "predict_patches", spy)
    return passes


@pytest.mark.parametrize("at_a_time", [1, 3, 100])
def test_all_hidden_patches_are_filled_once(model, strip, at_a_time):
    mask = draw_mask(strip, OPTIONS)
    hidden = set(np.flatnonzero(mask).tolist())
    steps = [event for event in fill_in(model, strip, OPTIONS, at_a_time, companions=2) if isinstance(event, Step)]
    filled = [patch for step in steps for patch in step.filled]
    assert sorted(filled) == sorted(hidden)
    assert [step.number for step in steps] == list(range(1, steps[0].of + 1))
    assert all(len(step.filled) == at_a_time for step in steps[:-1])
    for i, step in enumerate(steps):
        assert set(step.left) == hidden - {patch for earlier in steps[: i + 1] for patch in earlier.filled}
        patches, original = to_patches(step.frame), to_patches(strip.pixels)
        assert (patches[list(step.left)] == HIDDEN).all()
        shown = [patch for patch in range(40) if patch not in hidden]
        assert np.array_equal(patches[shown], original[shown])
        assert np.array_equal(step.result.mask, mask)
        assert np.isfinite(step.result.loss)


def test_the_surest_come_first(model, strip):
    events = list(fill_in(model, strip, OPTIONS, 2, companions=3, seed=9))
    steps = [event for event in events if isinstance(event, Step)]
    *_, first = how_sure(model, strip, OPTIONS, 3, "9 1")
    np.testing.assert_array_equal(steps[0].spread, first.spread)
    for step in steps[:-1]:
        among = [*step.filled, *step.left]
        assert list(step.filled) == sorted(among, key=lambda patch: step.spread[patch])[:2]
    assert np.isnan(steps[-1].spread).all()  # all that is left is filled


def test_what_is_filled_is_seen_next(model, strip, seen):
    steps = list(write_on(model, strip, strip.num_text_patches - 6, at_a_time=2))
    assert [step.filled for step in steps] == [
        tuple(range(strip.num_text_patches - 6 + 2 * i, strip.num_text_patches - 4 + 2 * i)) for i in range(3)
    ]
    assert len(seen) == 3
    for i, step in enumerate(steps):
        pixels, mask = seen[i]
        assert set(np.flatnonzero(mask)) == {*step.filled, *step.left}
        if i:
            earlier = [patch for one in steps[:i] for patch in one.filled]
            assert np.array_equal(to_patches(pixels)[earlier], to_patches(steps[i - 1].frame)[earlier])
            assert not np.array_equal(to_patches(pixels)[earlier], to_patches(strip.pixels)[earlier])
    once = reconstruct(model, strip, steps[0].result.mask)
    np.testing.assert_array_equal(steps[0].result.prediction, once.prediction)
    assert np.array_equal(
        to_patches(steps[0].frame)[list(steps[0].filled)], to_patches(once.on_the_page)[list(steps[0].filled)]
    )


def test_filled_patches_keep_what_was_painted(model, strip):
    steps = [event for event in fill_in(model, strip, OPTIONS, 1, companions=2) if isinstance(event, Step)]
    for before, after in pairwise(steps):
        kept = list(before.filled)
        np.testing.assert_array_equal(before.result.prediction[kept], after.result.prediction[kept])
        assert np.array_equal(to_patches(before.frame)[kept], to_patches(after.frame)[kept])


def test_it_yields_after_every_pass(model, strip, seen):
    events = fill_in(model, strip, OPTIONS, 2, companions=3)
    for number, event in enumerate(events, 1):
        if isinstance(event, Working):
            assert event.done == len(seen)
            working = event
        assert len(seen) <= number
    assert working.of == len(seen)  # the last pass gives the last step


def test_closing_stops_the_work(model, strip, seen):
    running = fill_in(model, strip, OPTIONS)
    next(running), next(running)
    assert len(seen) == 2
    running.close()
    assert len(seen) == 2


def test_without_text_to_be_seen_it_fills_from_the_left(model):
    strip = pg.render(model, "Hello, you!")
    events = fill_in(model, strip, MaskOptions(1, "random"), companions=2)
    steps = [event for event in events if isinstance(event, Step)]
    assert steps[0].filled == (0,)
    assert len(steps) == strip.num_text_patches


def test_what_cannot_be_filled_is_refused(model, strip):
    for events, message in (
        (fill_in(model, strip, MaskOptions(0)), "nothing to fill"),
        (fill_in(model, strip, OPTIONS, 0), "from 1 on"),
        (fill_in(model, strip, OPTIONS, "2"), "from 1 on"),
        (fill_in(model, strip, OPTIONS, companions="x"), "from 2 to 64"),
        (fill_in(model, "text", OPTIONS), "A strip is needed"),
        (write_on(model, strip, strip.num_text_patches), "begin at patch"),
        (write_on(model, strip, -1), "begin at patch"),
        (write_on(model, strip, 1.5), "a patch to begin at"),
        (write_on(model, "text", 1), "A strip and a patch"),
        (write_on(model, strip, 1, 0), "from 1 on"),
        (fill_in(pg.load("demo-shard"), strip, OPTIONS), "reads tokens"),
    ):
        with pytest.raises(InvalidRequest, match=message):
            next(events)
