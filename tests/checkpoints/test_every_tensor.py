"""Each stored tensor in turn is lost, misshapen, doubled or of another kind: refused, unless it does not matter."""

import dataclasses

import pytest
import torch
from checkpoint_files import WEIGHTS
from refusals import refused

import playground as pg
from playground.benchmarks.random_checkpoint import write_checkpoint
from playground.checkpoints import loader
from playground.checkpoints.families.base import Bundle
from playground.errors import CheckpointError, TensorMismatch
from playground.networks.pixel_lm import PixelLM

CHANGES = {
    "pixel_100m": {"use_moe": True, "moe": {"num_experts": 2, "top_k": 1, "expert_interval": 2}},
    "backpack-gpt2": {"n_layer": 1},
    "levanter-backpack-1b": {"n_layer": 1},
    "pixel-base": {"num_hidden_layers": 1},
}
DAMAGE = {
    "a number": lambda tensor: torch.zeros((), dtype=tensor.dtype),
    "a longer one": lambda tensor: torch.cat((tensor, tensor[:1])),
    "transposed or deeper": lambda tensor: (
        tensor.t() if tensor.dim() == 2 and len(set(tensor.shape)) == 2 else tensor[None]
    ),
    "empty": lambda tensor: tensor[:0],
    "integers": lambda tensor: tensor.to(torch.int32),
}
OPTIONAL = ("lm_head.weight", "word_embeddings.weight", "position_embeddings.weight", "rope_cos", "rope_sin")


@pytest.fixture(params=WEIGHTS)
def change(request, tmp_path, monkeypatch):
    """change(tensors): the next ``pg.load`` of the yielded folder sees these instead of the stored ones."""
    write_checkpoint(request.param, tmp_path, **CHANGES.get(request.param, {}))
    bundle = loader.open_bundle(tmp_path)

    def see(tensors):
        changed = dataclasses.replace(bundle.weights, tensors=tensors)
        monkeypatch.setattr(loader, "open_bundle", lambda path: Bundle(tmp_path, changed))

    see.folder, see.stored = tmp_path, bundle.weights.tensors
    return see


def test_each_lost_tensor_is_named(change):
    for name in change.stored:
        change({other: tensor for other, tensor in change.stored.items() if other != name})
        if name.endswith(OPTIONAL):
            pg.load(change.folder)
        else:
            assert "missing: " in refused(change.folder, TensorMismatch)


@pytest.mark.parametrize("damage", DAMAGE)
def test_each_damaged_tensor_is_named(change, damage):
    for name, tensor in change.stored.items():
        change(change.stored | {name: DAMAGE[damage](tensor)})
        if "rope" in name:
            pg.load(change.folder)
        else:
            assert refused(change.folder, CheckpointError)


def test_each_doubled_tensor_is_refused(change):
    """Under a second name, as wrappers leave it behind."""
    for name, tensor in change.stored.items():
        change(change.stored | {f"module.{name}": tensor})
        with pytest.raises(CheckpointError):
            pg.load(change.folder)


def test_each_tensor_that_holds_a_nan_is_named(change):
    for name, tensor in change.stored.items():
        if name.endswith(OPTIONAL):
            continue
        broken = tensor.clone()
        broken.view(-1)[-1] = torch.nan
        change(change.stored | {name: broken})
        with pytest.raises(TensorMismatch, match=r"NaN|differ"):
            pg.load(change.folder)


def test_experts_are_among_them(tmp_path):
    write_checkpoint("pixel_100m", tmp_path, **CHANGES["pixel_100m"])
    network = pg.load(tmp_path).network
    assert isinstance(network, PixelLM)
    assert [layer.feed_forward.__class__.__name__ for layer in network.layers] == ["GatedMLP", "ExpertMLP"]
