"""Exactly read patches are counted right, with models whose reconstructions are known beforehand."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from playground.checkpoints.families import pixel_mae
from playground.checkpoints.model import PatchModel
from playground.errors import InvalidRequest
from playground.evaluation.read_back import read_back
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig, standardise, to_patches
from playground.text.rendering import GridConfig, GridRenderer

FONT = Path(__file__).resolve().parents[2] / "assets" / "fonts" / "DejaVuSansMono.ttf"
TEXTS = ["The cat sat on the mat.", "A small dog ran home", "One, two, three!"]


@pytest.fixture(scope="module")
def renderer():
    return GridRenderer(GridConfig(FONT.name, max_seq_length=16), FONT)


class Known:
    """A model that predicts what ``answer(true patches (B, L, 768), mask)`` says, and keeps the masks it was given."""

    def __init__(self, renderer, answer, norm_pix_loss=False):
        self.renderer, self.answer, self.masks = renderer, answer, []
        config = SimpleNamespace(num_channels=3, norm_pix_loss=norm_pix_loss, patch_size=16)
        self.network = SimpleNamespace(config=config)
        self.network.patch_loss = lambda pixels, predicted: PixelMAE.patch_loss(self.network, pixels, predicted)

    def predict_patches(self, pixel_values, attention_mask, mask):
        self.masks += [row[seen == 1].tolist() for row, seen in zip(mask, attention_mask, strict=True)]
        return self.answer(to_patches(pixel_values, 16), mask)


def test_a_perfect_model_reads_everything(renderer):
    model = Known(renderer, lambda true, mask: true)
    result = read_back(model, TEXTS)
    assert result.exact == {1: 1.0, 2: 1.0, 3: 1.0}
    assert result.loss == {1: 0.0, 2: 0.0, 3: 0.0}
    assert result.hidden == {1: 9, 2: 18, 3: 27}
    assert (result.texts, result.left_out) == (3, 0)


def test_only_one_span_of_text_is_hidden_at_a_time(renderer):
    model = Known(renderer, lambda true, mask: true)
    read_back(model, TEXTS, per_text=2)
    assert len(model.masks) == 3 * 2 * 3
    counts = sorted(sum(row) for row in model.masks)
    assert counts == [1] * 6 + [2] * 6 + [3] * 6
    for row in model.masks:
        first = row.index(1)
        assert row[first : first + sum(row)] == [1] * sum(row)  # in one piece
        assert row[-1] == 0 or len(row) == 16  # never the separator


def test_white_paper_reads_as_blanks(renderer):
    model = Known(renderer, lambda true, mask: torch.ones_like(true))
    result = read_back(model, ["ab    cd"], spans=(1,), per_text=9)
    assert result.hidden == {1: 4}
    assert result.exact == {1: 0.5}  # of "ab", "  ", "  ", "cd"
    ink = [1 - torch.from_numpy(renderer.cell(c).copy()).float() / 255 for c in "abcd"]
    assert result.loss[1] == pytest.approx(sum(cell.square().sum().item() for cell in ink) / (4 * 256), 1e-4)


def test_standardised_predictions_are_read_too(renderer):
    model = Known(renderer, lambda true, mask: standardise(true), norm_pix_loss=True)
    result = read_back(model, ["Hello there, you"], spans=(2,))
    assert result.exact == {2: 1.0}
    assert result.loss[2] == pytest.approx(0.0, abs=1e-8)


def test_another_seed_hides_other_patches(renderer):
    masks = []
    for seed in (0, 0, 1):
        model = Known(renderer, lambda true, mask: true)
        read_back(model, TEXTS, seed=seed)
        masks.append(model.masks)
    assert masks[0] == masks[1] != masks[2]


def test_a_real_network_is_measured(renderer):
    torch.manual_seed(0)
    config = PixelMAEConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, decoder_hidden_size=16,
        decoder_num_hidden_layers=1, decoder_num_attention_heads=2, decoder_intermediate_size=16, image_size=(16, 256),
    )  # fmt: skip
    network = PixelMAE(config)
    torch.nn.init.normal_(network.encoder.position_embeddings)
    torch.nn.init.normal_(network.decoder.decoder_pos_embed)
    told = []
    result = read_back(PatchModel(pixel_mae.FAMILY, network, renderer), TEXTS, report=told.append)
    assert result.as_json()["spans"]["1"]["loss"] > 0.1
    assert told[-1] == 1.0
    assert told == sorted(told)


def test_what_cannot_be_read_back_is_left_out_or_refused(renderer):
    model = Known(renderer, lambda true, mask: true)
    result = read_back(model, [*TEXTS, "naïve café here", "abc", "x" * 99])
    assert (result.texts, result.left_out) == (3, 3)
    with pytest.raises(InvalidRequest, match="printable"):
        read_back(model, ["日本語の文"])
    with pytest.raises(InvalidRequest, match="grid"):
        read_back(SimpleNamespace(renderer=None), TEXTS)
