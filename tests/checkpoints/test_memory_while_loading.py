"""Weights are mapped, not copied: anonymous memory while loading, measured from outside on checkpoints of 20 to 60 MB.

The same at published size: ``python -m playground.benchmarks.random_checkpoint`` and ``playground.benchmarks.loading``.
"""

import sys

import pytest

from playground.benchmarks.loading import measure
from playground.benchmarks.random_checkpoint import write_checkpoint

MAPPED = 0.25  # of the weights: what a load may take besides the mapped file
CONVERTED = 1.25  # the same where every weight becomes another number
if not sys.platform.startswith("linux"):  # there the measure counts mapped pages as well
    MAPPED, CONVERTED = 1.25, 2.0
MIDDLING = {
    "pixel_100m": {"vocab_size": 8000, "hidden_size": 384, "num_layers": 4, "intermediate_size": 1024},
    "gelu-d12": {"vocab_size": 8192, "n_embd": 384, "n_layer": 4, "sequence_len": 256},
    "backpack-gpt2": {"vocab_size": 6000, "n_embd": 384, "n_layer": 3, "n_head": 6},
    "levanter-backpack-1b": {"vocab_size": 6000, "n_embd": 400, "n_layer": 2, "n_head": 5, "num_senses": 12},
    "pixel-base": {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 5, "num_attention_heads": 6},
    "shard": {"dim": 384, "n_heads": 6, "head_dim": 64, "mlp_hidden": 1536, "n_layers": 5},
}


@pytest.fixture(scope="module")
def loads(tmp_path_factory):
    """Per layout the load as it is by default; for safetensors and ``.pt`` also in 16 bit."""
    root = tmp_path_factory.mktemp("middling")
    for model, sizes in MIDDLING.items():
        write_checkpoint(model, root / model, **sizes)
    (root / "shard/models/tokenizer.json").unlink()  # its check on a paragraph needs a constant amount more
    found = dict(zip(MIDDLING, measure([root / model for model in MIDDLING]), strict=True))
    narrow = ("gelu-d12", "pixel_100m")
    found |= zip([f"{m} 16" for m in narrow], measure([root / m for m in narrow], "bfloat16"), strict=True)
    return found


@pytest.mark.parametrize("model", [model for model in MIDDLING if model != "shard"])
def test_float32_weights_stay_in_their_file(loads, model):
    assert loads[model].memory_bytes > 20e6
    assert loads[model].dtype == "float32"
    assert loads[model].ratio < MAPPED


@pytest.mark.parametrize(
    ("model", "dtype"), [("shard", "float32"), ("gelu-d12 16", "bfloat16"), ("pixel_100m 16", "bfloat16")]
)
def test_converted_weights_are_held_once(loads, model, dtype):
    assert loads[model].dtype == dtype
    assert loads[model].ratio < CONVERTED
    assert loads[model].ratio > 0.7 or not sys.platform.startswith("linux")  # it does measure
