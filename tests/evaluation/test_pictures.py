"""The sheet shows each sentence three times: whole, with grey patches, and as the model paints those."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from typer import Typer
from typer.testing import CliRunner

from playground.errors import InvalidRequest
from playground.evaluation.pictures import GAP, HIDDEN, hide, main, paint, sheet
from playground.networks.pixel_mae import to_patches
from playground.text.rendering import GridConfig, GridRenderer

FONT = Path(__file__).resolve().parents[2] / "assets" / "fonts" / "DejaVuSansMono.ttf"
TEXTS = ["The cat sat on the mat.", "A dog!"]


@pytest.fixture(scope="module")
def renderer():
    return GridRenderer(GridConfig(FONT.name, max_seq_length=16), FONT)


def painter(renderer, answer, norm_pix_loss=False):
    network = SimpleNamespace(config=SimpleNamespace(norm_pix_loss=norm_pix_loss, num_channels=3))
    return SimpleNamespace(
        network=network,
        render=renderer.render,
        predict_patches=lambda pixels, attention, mask: answer(to_patches(pixels, 16)),
    )


def test_about_a_quarter_of_the_text_is_hidden(renderer):
    strip = renderer.render(TEXTS[0])
    masks = [hide(strip, 0.25, seed) for seed in range(40)]
    assert all(1 <= mask.sum() <= 3 for mask in masks)  # 12 patches of text
    assert all(mask[12:].sum() == 0 for mask in masks)
    assert len({mask.tobytes() for mask in masks}) > 20
    assert np.array_equal(masks[3], hide(strip, 0.25, 3))


def test_only_hidden_patches_are_painted(renderer):
    strip = renderer.render(TEXTS[0])
    mask = hide(strip, 0.25, 0)
    painted = paint(painter(renderer, lambda true: torch.full_like(true, 0.5)), strip, mask)
    for i in range(16):
        patch = slice(16 * i, 16 * i + 16)
        assert (
            (painted[:, patch] == 128).all() if mask[i] else np.array_equal(painted[:, patch], strip.pixels[:, patch])
        )
    assert np.array_equal(paint(painter(renderer, lambda true: true), strip, mask), strip.pixels)
    with pytest.raises(InvalidRequest, match="contrast"):
        paint(painter(renderer, lambda true: true, norm_pix_loss=True), strip, mask)


def test_the_sheet_has_three_lines_to_a_sentence(renderer):
    picture = np.asarray(sheet(painter(renderer, lambda true: true), TEXTS))
    margin, line = 2 * GAP, 16 + GAP
    assert picture.shape == (2 * margin + 2 * (3 * line + 2 * GAP), 2 * margin + 13 * 16)
    for seed, text in enumerate(TEXTS):
        top = margin + seed * (3 * line + 2 * GAP)
        whole, masked, painted = (
            picture[top + i * line : top + i * line + 16, margin : margin + 208] for i in range(3)
        )
        strip = renderer.render(text)
        assert np.array_equal(whole, strip.pixels[:, :208])
        assert np.array_equal(painted, whole)
        grey = (masked == HIDDEN).all(0)
        assert grey.sum() == 16 * hide(strip, 0.25, seed).sum()
        assert np.array_equal(masked[:, ~grey], whole[:, ~grey])


def test_models_that_read_tokens_are_refused(tmp_path):
    (tmp_path / "text.txt").write_text("A line.")
    app = Typer()
    app.command()(main)
    demo = Path(__file__).resolve().parents[2] / "checkpoints" / "demo-shard"
    out = tmp_path / "out.png"
    result = CliRunner().invoke(app, [str(demo), "--data", str(tmp_path / "text.txt"), "--out", str(out)])
    assert result.exit_code == 1
    assert "reconstructs no pictures" in result.stderr
    assert not out.exists()
