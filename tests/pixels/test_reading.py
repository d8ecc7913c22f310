"""Patches are read as the nearest of all pairs of characters, checked against trying every pair."""

from pathlib import Path

import numpy as np
import pytest
import torch

from playground.pixels.reading import ALPHABET, GlyphReader, characters_of
from playground.text.rendering import GridConfig, GridRenderer

FONT = Path(__file__).resolve().parents[2] / "assets" / "fonts" / "DejaVuSansMono.ttf"


@pytest.fixture(scope="module")
def renderer():
    return GridRenderer(GridConfig(FONT.name), FONT)


@pytest.fixture(scope="module")
def reader(renderer):
    return GlyphReader(renderer.cell)


@pytest.fixture(scope="module")
def pairs(renderer):
    """Every pair and its picture ``(9025, 16, 16)``, as the renderer draws it."""
    names = [a + b for a in ALPHABET for b in ALPHABET]
    pictures = [np.concatenate((renderer.cell(a), renderer.cell(b)), axis=1) for a in ALPHABET for b in ALPHABET]
    return names, torch.from_numpy(np.stack(pictures)).float() / 255


def test_the_alphabet_is_printable_ascii():
    assert len(ALPHABET) == 95
    assert ALPHABET.isprintable()
    assert ALPHABET.isascii()


def test_every_pair_reads_as_itself(reader, pairs):
    names, pictures = pairs
    assert reader.read(pictures) == names


def test_blurred_patches_read_as_the_nearest_pair(reader, pairs):
    names, pictures = pairs
    dice = torch.Generator().manual_seed(0)
    some = torch.randint(len(names), (60, 2), generator=dice)
    blurred = pictures[some].mean(1) + 0.3 * torch.randn(60, 16, 16, generator=dice)
    brute = [(pictures - patch).square().sum((1, 2)).argmin().item() for patch in blurred]
    assert reader.read(blurred) == [names[i] for i in brute]


def test_distances_are_sums_of_squares(reader, renderer):
    patch = torch.rand(1, 16, 16, generator=torch.Generator().manual_seed(1))
    q = torch.from_numpy(renderer.cell("q").copy()).float() / 255
    at = ALPHABET.index("q")
    assert reader.distances(patch)[0, 0, at].item() == pytest.approx((patch[0, :, :8] - q).square().sum().item(), 1e-4)
    assert reader.distances(patch)[0, 1, at].item() == pytest.approx((patch[0, :, 8:] - q).square().sum().item(), 1e-4)


def test_standardised_patches_read_as_the_nearest_standardised_pair(reader, pairs):
    names, pictures = pairs
    flat = pictures.flatten(1).double()
    own = (flat - flat.mean(1, keepdim=True)) / (flat.var(1, keepdim=True) + 1e-6).sqrt()
    dice = torch.Generator().manual_seed(2)
    some = torch.randint(len(names), (40,), generator=dice)
    noisy = own[some] + 0.5 * torch.randn(40, 256, generator=dice, dtype=torch.float64)
    brute = [(own - row).square().sum(1).argmin().item() for row in noisy]
    assert reader.read_standardised(noisy.view(40, 16, 16)) == [names[i] for i in brute]
    assert reader.read_standardised((own[some] * 1.0).view(40, 16, 16)) == [names[i] for i in some.tolist()]


@pytest.mark.parametrize("channels", [1, 3])
def test_predictions_of_any_number_of_colours_are_read(reader, pairs, channels):
    names, pictures = pairs
    flat = pictures[7:9].flatten(1)
    colours = flat[:, :, None].repeat(1, 1, channels).flatten(1).numpy()
    assert reader.read_predictions(colours, standardised=False) == names[7:9]
    own = (flat - flat.mean(1, keepdim=True)) / flat.std(1, keepdim=True)
    assert reader.read_predictions(own.numpy(), standardised=True) == names[7:9]


@pytest.mark.parametrize(("text", "pieces"), [("abc", ("ab", "c ")), ("", ("  ",)), ("a b!", ("a ", "b!"))])
def test_the_characters_of_each_patch(renderer, text, pieces):
    assert characters_of(renderer.render(text)) == pieces
