"""The comparison times the right things: the same predictions from few patches and from the whole row."""

import pytest

from playground.benchmarks.random_checkpoint import PIXEL_BASE
from playground.benchmarks.reconstruction import TEXT, Comparison, compare, random_model

SMALL = PIXEL_BASE | {
    "hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 192,
    "decoder_hidden_size": 64, "decoder_num_hidden_layers": 2, "decoder_num_attention_heads": 4,
    "decoder_intermediate_size": 128,
}  # fmt: skip


def test_a_sentence_is_cheaper_than_the_whole_row():
    model = random_model(SMALL)
    assert model.network.config.num_patches == 529
    found = compare(model, model.render(TEXT), rounds=5)
    assert found.patches == 35
    assert found.difference < 1e-4
    assert found.speedup > 3  # at published size far more; small layers have other costs


def test_the_speedup_is_the_ratio_of_the_medians():
    assert Comparison(35, 0.25, 3.0, 0.0).speedup == pytest.approx(12)
