"""Pictures of a reconstruction: raw as published, on the page without a look at the answer, and sheets of lines."""

import numpy as np
import pytest

from playground.pixels import pictures
from playground.pixels.masking import MaskOptions, draw_mask
from playground.pixels.reconstruction import Reconstruction, hidden_patches
from playground.text.rendering import PixelConfig, PixelRenderer
from playground.text.rendering.fonts import SHIPPED

CONFIG = PixelConfig(font_file="NotoSans-Regular.ttf", max_seq_length=60)
TEXT = "Cats conserve energy by sleeping more than most animals."


@pytest.fixture(scope="module")
def strip():
    return PixelRenderer(CONFIG, SHIPPED).render(TEXT)


@pytest.fixture(scope="module")
def mask(strip):
    return draw_mask(strip, MaskOptions(0.4, "random"))


def truth(strip, standardised=True):
    """What a perfect model predicts: ``(L, 768)``."""
    rows = []
    for patch in range(strip.num_patches):
        grey = strip.pixels[:, 16 * patch : 16 * patch + 16].astype(np.float64) / 255
        row = np.repeat(grey.reshape(-1), 3)
        rows.append((row - row.mean()) / np.sqrt(row.var(ddof=1) + 1e-6) if standardised else row)
    return np.array(rows, dtype=np.float32)


def result_of(strip, mask, prediction, standardised=True):
    return Reconstruction(strip, mask, prediction, np.zeros(strip.num_patches, np.float32), standardised)


def test_patches_and_strips_are_inverse(strip):
    patches = pictures.to_patches(strip.pixels)
    assert patches.shape == (60, 16, 16)
    assert np.array_equal(patches[3], strip.pixels[:, 48:64])
    assert np.array_equal(pictures.to_strip(patches), strip.pixels)


def test_what_the_model_saw(strip, mask):
    found = result_of(strip, mask, truth(strip)).masked
    columns = np.repeat(mask, 16) == 1
    assert (found[:, columns] == pictures.HIDDEN).all()
    assert np.array_equal(found[:, ~columns], strip.pixels[:, ~columns])


def test_the_published_picture_is_the_composite_stretched(strip, mask):
    prediction = np.random.default_rng(0).normal(0, 2, (60, 768)).astype(np.float32)
    found = result_of(strip, mask, prediction).as_published
    composite = np.repeat(strip.pixels[..., None] / 255, 3, axis=2)  # (P, P * L, 3)
    for patch in np.flatnonzero(mask):
        composite[:, 16 * patch : 16 * patch + 16] = prediction[patch].reshape(16, 16, 3)
    low, high = composite.min(), composite.max()
    expected = ((composite - low) / (high - low) * 255).mean(2)
    assert np.abs(found - expected).max() <= 0.51
    assert found.dtype == np.uint8


def test_a_perfect_prediction_is_nearly_the_page_again(strip, mask):
    columns = np.repeat(mask, 16) == 1
    found = result_of(strip, mask, truth(strip)).on_the_page
    assert np.array_equal(found[:, ~columns], strip.pixels[:, ~columns])
    difference = np.abs(found.astype(int) - strip.pixels)[:, columns]
    assert difference.mean() < 12
    paper = strip.pixels[:, columns] == 255
    assert (found[:, columns][paper] > 225).mean() > 0.95


def test_the_answer_is_not_looked_at(strip, mask):
    """Other pixels in the hidden patches change nothing of what is painted there."""
    prediction = np.random.default_rng(1).normal(0, 1, (60, 768)).astype(np.float32)
    patches = pictures.to_patches(strip.pixels).copy()
    patches[mask == 1] = np.random.default_rng(2).integers(0, 256, patches[mask == 1].shape)
    other = type(strip)(pictures.to_strip(patches), strip.num_text_patches, strip.attention_mask, strip.text,
                        separators=strip.separators)  # fmt: skip
    columns = np.repeat(mask, 16) == 1
    usual, changed = (result_of(one, mask, prediction).on_the_page for one in (strip, other))
    assert np.array_equal(usual[:, columns], changed[:, columns])
    assert not np.array_equal(strip.pixels[:, columns], other.pixels[:, columns])


def test_a_patch_without_structure_is_paper(strip, mask):
    found = result_of(strip, mask, np.zeros((60, 768), np.float32)).on_the_page
    assert (found[:, np.repeat(mask, 16) == 1] == 255).all()


def test_the_contrast_is_that_of_the_text_that_is_seen(strip, mask):
    hidden = hidden_patches(strip, mask)
    stds = [
        (strip.pixels[:, 16 * p : 16 * p + 16] / 255).std(ddof=1)
        for p in range(strip.num_text_patches)
        if p not in hidden
    ]
    assert pictures.contrast(strip, hidden) == pytest.approx(np.mean([std for std in stds if std > 0]))
    assert pictures.contrast(strip, np.arange(60)) == pictures.USUAL_CONTRAST


def test_plain_pixels_are_shown_as_they_are(strip, mask):
    result = result_of(strip, mask, truth(strip, standardised=False), standardised=False)
    assert np.array_equal(result.on_the_page, strip.pixels)
    assert "as they are" in result.rules["on_the_page"]
    wild = result_of(strip, mask, np.full((60, 768), 7, np.float32), standardised=False).on_the_page
    assert (wild[:, np.repeat(mask, 16) == 1] == 255).all()


def test_every_picture_has_a_rule_in_words(strip, mask):
    result = result_of(strip, mask, truth(strip))
    assert set(result.pictures) == set(result.rules)
    assert {picture.shape for picture in result.pictures.values()} == {strip.pixels.shape}
    assert {str(picture.dtype) for picture in result.pictures.values()} == {"uint8"}
    assert "Nothing of the hidden patches is used" in result.rules["on_the_page"]


def test_a_sheet_wraps_its_lines(strip):
    inverted = 255 - strip.pixels
    page = pictures.sheet([strip.pixels, inverted], attended=25, wide=10, scale=1)
    assert page.shape == (3 * 2 * (16 + 4) + 2 * 8 - 4 + 2 * 8, 160 + 16)
    top = 8 + 2 * 20 + 8  # the second row
    assert np.array_equal(page[top : top + 16, 8:-8], strip.pixels[:, 160:320])
    assert np.array_equal(page[top + 20 : top + 36, 8:-8], inverted[:, 160:320])
    assert (page[2 * top - 8 :][:16, 8 + 80 :] == 255).all()  # the last row is half full
    big = pictures.sheet([strip.pixels], attended=5, wide=10, scale=3)
    assert big.shape == (3 * (16 + 16), 3 * (80 + 16))
