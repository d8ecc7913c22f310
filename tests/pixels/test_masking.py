"""Masks: the published spans seed for seed, the other kinds, and what is refused."""

import dataclasses
import json
import math
import random

import numpy as np
import pytest
from goldens import notes, tensors

from playground.errors import InvalidRequest
from playground.pixels.masking import MaskOptions, draw_mask, mask_from, recommended_spacing
from playground.pixels.spans import _places, span_mask
from playground.text.rendering import PixelConfig, PixelRenderer, Strip
from playground.text.rendering.fonts import SHIPPED


def blank(patches, text):
    """A strip with ``text`` patches of text on a row of ``patches``."""
    return Strip(np.full((16, 16 * patches), 255, np.uint8), text, (np.arange(patches) <= text).astype(np.uint8), "",
                 separators=(text,))  # fmt: skip


@pytest.fixture(scope="module")
def renderer():
    return PixelRenderer(PixelConfig(font_file="NotoSans-Regular.ttf"), SHIPPED)


def test_spans_are_those_of_the_published_code():
    io, seed = tensors("pixel", "io.safetensors"), notes("pixel")["seed"]
    for row, (mask, text) in enumerate(zip(io["patch_mask"], io["num_text_patches"].tolist(), strict=True)):
        options = MaskOptions(ratio=0.25, kind="span", seed=1000 + seed + row, over="row")
        assert draw_mask(blank(25, text), options).tolist() == mask.tolist()


def by_hand(seed, length, text, target, space):
    """The published rules, written out once more: sets of hidden patches, no early acceptance."""
    dice, hidden, first = random.Random(seed), set(), True
    while len(hidden) < target:
        found = False
        for _ in range(100):
            size = dice.choices([1, 2, 3, 4, 5, 6], cum_weights=[0.2, 0.4, 0.6, 0.8, 0.9, 1])[0]
            left = dice.randint(0, max(0, text - size) if first else length - size)
            first = False
            gap = size if space is None else space
            around = {*range(left - gap, left), *range(left + size, left + size + gap)}
            new = set(range(left, left + size)) - hidden
            if not around & hidden and 0 < len(new) <= min(target - len(hidden), 6):
                hidden, found = hidden | new, True
                break
        if not found:
            break
    return [i in hidden for i in range(length)]


@pytest.mark.parametrize("space", [None, 1, 0])
@pytest.mark.parametrize(("length", "text"), [(529, 36), (529, 529), (256, 3), (40, 40)])
def test_spans_follow_the_rules_for_many_seeds(length, text, space):
    for seed in range(12):
        for ratio in (0.1, 0.25, 0.6):
            target = math.ceil(ratio * length)
            expected = by_hand(seed, length, text, target, space)
            assert span_mask(random.Random(seed), length, text, target, space) == expected
            if ratio <= 0.25 or space == 0:
                assert sum(expected) == target


def test_short_strips_are_masked_too():
    for length in range(1, 8):
        for seed in range(20):
            mask = span_mask(random.Random(seed), length, length, 1)
            assert sum(mask) == 1


@pytest.mark.parametrize("kind", ["span", "random"])
@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.25, 0.4])
def test_the_ratio_counts_the_text_or_the_row(renderer, kind, ratio):
    strip = renderer.render("Cats conserve energy by sleeping more than most animals, especially as they grow older.")
    text = draw_mask(strip, MaskOptions(ratio, kind))
    assert text.dtype == np.uint8 and text.shape == (529,)
    assert text.sum() == math.ceil(ratio * 35)
    assert not text[35:].any()
    row = draw_mask(strip, MaskOptions(ratio, kind, over="row"))
    assert row.sum() == math.ceil(ratio * 529)
    assert row[36:].any() == (ratio > 0)


@pytest.mark.parametrize("kind", ["span", "random", "words"])
def test_a_seed_is_a_mask(renderer, kind):
    strip = renderer.render("The quick brown fox jumps over the lazy dog.")
    masks = {draw_mask(strip, MaskOptions(0.3, kind, seed)).tobytes() for seed in range(20)}
    assert len(masks) > 5
    assert np.array_equal(draw_mask(strip, MaskOptions(0.3, kind, 7)), draw_mask(strip, MaskOptions(0.3, kind, 7)))


def test_separators_within_the_text_are_not_hidden(renderer):
    strip = renderer.render(("I like cats.", "She does not."))
    for kind in ("span", "random", "words", "every"):
        mask = draw_mask(strip, MaskOptions(1, kind, every=1, spacing=0))
        assert np.flatnonzero(mask).tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10]


def test_whole_words_are_hidden(renderer):
    strip = renderer.render("My cat enjoys eating warm oatmeal for lunch and dinner.")
    for seed in range(10):
        mask = draw_mask(strip, MaskOptions(0.25, "words", seed))
        whole = [word for word in strip.words if mask[slice(*word)].all()]
        assert {patch for word in whole for patch in range(*word)} == set(np.flatnonzero(mask))
        assert math.ceil(0.25 * strip.num_text_patches) <= mask.sum() <= strip.num_text_patches // 2
    assert not draw_mask(renderer.render("  "), MaskOptions(kind="words")).any()


def test_every_nth_patch_is_hidden(renderer):
    strip = renderer.render("The quick brown fox jumps over the lazy dog.")
    count = strip.num_text_patches
    for seed in range(5):
        found = np.flatnonzero(draw_mask(strip, MaskOptions(kind="every", every=3, seed=seed))).tolist()
        assert found == list(range(seed % 3, count, 3))


def test_listed_patches_are_hidden():
    options = MaskOptions(kind="manual", patches=[7, 3, 3, np.int64(5)])
    assert options.patches == (3, 5, 7)
    assert np.flatnonzero(draw_mask(blank(20, 10), options)).tolist() == [3, 5, 7]
    json.dumps(options.patches)
    with pytest.raises(InvalidRequest, match="Patch 7 is to be hidden, but the strip has patches 0 to 6"):
        draw_mask(blank(7, 5), options)


def test_a_strip_without_words_says_so():
    strip = Strip(np.zeros((16, 80), np.uint8), 4, np.ones(5, np.uint8), "two words")
    with pytest.raises(InvalidRequest, match="where its words are"):
        draw_mask(strip, MaskOptions(kind="words"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ratio": 1.1}, "ratio is 1.1, but must be a number from 0 to 1"),
        ({"ratio": -0.1}, "ratio"),
        ({"ratio": float("nan")}, "ratio is nan"),
        ({"ratio": "half"}, "ratio is 'half'"),
        ({"ratio": True}, "ratio is True"),
        ({"kind": "spans"}, "span, random, words, every, manual"),
        ({"kind": []}, "kind is"),
        ({"over": "page"}, "text, row"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1.5}, "whole number"),
        ({"spacing": "wide"}, "or 'span'"),
        ({"spacing": -1}, "spacing is -1"),
        ({"every": 0}, "every is 0"),
        ({"patches": "3 4"}, "list of whole numbers"),
        ({"patches": [1, "x"]}, "A patch is 'x'"),
        ({"patches": [-1]}, "A patch is -1"),
        ({"patches": 3}, "list of whole numbers"),
        ({"kind": "words", "over": "row"}, "needs over='text'"),
    ],
)
def test_impossible_options_are_refused(changes, message):
    with pytest.raises(InvalidRequest, match=message):
        MaskOptions(**changes)


def test_more_room_is_recommended_for_low_ratios():
    assert [recommended_spacing(ratio) for ratio in (0.25, 0.4, 0.5, 0.7, 0.8)] == ["span", "span", 1, 1, 0]


def runs_of(mask):
    """Lengths of the stretches of hidden patches."""
    return [len(run) for run in "".join(map(str, mask)).replace("0", " ").split()]


@pytest.mark.parametrize("longest", [1, 2, 4, 9, 32])
def test_no_span_is_longer_than_asked(longest):
    seen = [
        length
        for seed in range(60)
        for length in runs_of(draw_mask(blank(529, 500), MaskOptions(0.25, seed=seed, longest=longest)))
    ]
    assert max(seen) == longest  # spans keep apart by their own length, so that none touch
    assert set(seen) == set(range(1, longest + 1))


def test_the_lengths_of_spans_keep_their_shares():
    """Up to 4 lengths are as likely as one another; those beyond 4 half as likely."""
    drawn = [next(_places(random.Random(seed), 529, 500, 8))[1] for seed in range(20_000)]
    shares = np.bincount(drawn, minlength=9)[1:] / len(drawn)
    np.testing.assert_allclose(shares, np.array([2, 2, 2, 2, 1, 1, 1, 1]) / 12, atol=0.01)


def test_the_published_longest_span_is_the_default():
    strip = blank(529, 400)
    for seed in range(20):
        published = by_hand(seed, 529, 401, 133, None)
        assert draw_mask(strip, MaskOptions(0.25, seed=seed, over="row")).tolist() == published
        assert draw_mask(strip, MaskOptions(0.25, seed=seed, over="row", longest=6)).tolist() == published


def test_options_come_from_plain_data():
    options = MaskOptions(0.5, "manual", 3, spacing=2, patches=(4, 1), longest=9)
    assert mask_from(json.loads(json.dumps(dataclasses.asdict(options))), "The file") == options
    assert mask_from({}, "The file") == MaskOptions()
    for values, message in (([], "The file has no options"), ({"size": 3}, "unknown option 'size'")):
        with pytest.raises(InvalidRequest, match=message):
            mask_from(values, "The file")


@pytest.mark.parametrize("longest", [0, 33, 1.5, True, None, "6"])
def test_an_impossible_longest_span_is_refused(longest):
    with pytest.raises(InvalidRequest, match="longest"):
        MaskOptions(longest=longest)
