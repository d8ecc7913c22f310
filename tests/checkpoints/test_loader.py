"""What is right loads as asked: dtypes, the room for them, mapping, stages, giving up, the card."""

import shutil
from pathlib import Path

import pytest
import torch
from checkpoint_files import WEIGHTS, change_weights, copy
from refusals import refused

import playground as pg
from playground.checkpoints.loader import LoadOptions, estimate_bytes, load_model
from playground.errors import Cancelled, DamagedFile, InvalidRequest

# What is asked for and right.


@pytest.mark.parametrize("dtype", ["bfloat16", "torch.float16", torch.bfloat16, "float32", None])
def test_the_dtype_asked_for(checkpoint, dtype):
    folder, _ = checkpoint
    model = pg.load(folder, dtype=dtype)
    expected = str(dtype or "float32").removeprefix("torch.")
    assert model.card.dtype == expected
    assert {str(parameter.dtype) for parameter in model.network.parameters()} == {f"torch.{expected}"}
    assert model.card.memory_bytes == model.card.parameters * (4 if expected == "float32" else 2)
    if "generate" in model.abilities:
        assert model.logits([1, 2, 3]).dtype == torch.float32
        wide = pg.load(folder).logits([1, 2, 3])
        assert (model.logits([1, 2, 3]) - wide).abs().max() < 0.1 * wide.std() + 0.02
    else:
        pixels, ones = torch.rand(1, 3, 8, 72), torch.ones(1, 9)
        assert model.predict_patches(pixels, ones, 1 - ones).dtype == torch.float32


def test_16_bit_only_where_float32_does_not_fit_and_the_card_says_so(checkpoint):
    folder, _ = checkpoint
    needed = estimate_bytes(folder, LoadOptions(room=10**9))
    fits = load_model(folder, LoadOptions(room=needed))
    assert fits.card.dtype == "float32"
    narrow = load_model(folder, LoadOptions(room=needed - 1))
    assert narrow.card.dtype == "bfloat16"
    assert any("loaded in 16 bit instead" in note for note in narrow.card.notes)
    assert estimate_bytes(folder, LoadOptions(room=needed - 1)) == needed // 2
    assert load_model(folder, LoadOptions(dtype="float32", room=1)).card.dtype == "float32"
    assert needed >= fits.card.memory_bytes
    assert needed <= 1.35 * fits.card.memory_bytes  # second copies and tables are in the file, too


def test_estimates_of_what_is_not_downloaded_come_from_the_catalogue():
    assert estimate_bytes("sage002/pixel", LoadOptions(room=10**12)) == 4 * 76_485_888
    assert estimate_bytes("sage002/pixel", LoadOptions(room=1)) == 2 * 76_485_888
    assert estimate_bytes("sage002/pixel", LoadOptions(dtype="float16")) == 2 * 76_485_888
    assert estimate_bytes("somebody/unknown") == 0


def test_float32_weights_are_mapped_and_not_copied(originals):
    """The network's parameters lie where the file was mapped."""
    for model in ("gelu-d12", "backpack-gpt2", "pixel-base", "pixel_100m"):
        network = pg.load(originals / model).network
        maps = Path("/proc/self/maps")
        if maps.exists():
            ranges = [line.split()[0].split("-") for line in maps.read_text().splitlines() if WEIGHTS[model] in line]
            spans = [(int(begin, 16), int(end, 16)) for begin, end in ranges]
            for name, parameter in network.named_parameters():
                assert any(begin <= parameter.data_ptr() < end for begin, end in spans), name


def test_models_do_not_train_and_do_not_drop_out(checkpoint):
    network = pg.load(checkpoint[0]).network
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_stages_are_reported_and_loading_can_be_given_up(checkpoint):
    folder, _ = checkpoint
    told = []
    load_model(folder, report=lambda stage, fraction: told.append((stage, fraction)))
    fractions = [fraction for stage, fraction in told if stage == "Reading the weights"]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert [*dict.fromkeys(stage for stage, _ in told)][:2] == ["Finding the files", "Reading the weights"]
    asked = []
    with pytest.raises(Cancelled):
        load_model(folder, cancelled=lambda: asked.append(1) or len(asked) > 3)
    assert len(asked) == 4


def test_the_card_tells_name_source_and_identity(originals, tmp_path):
    folder, weights = copy(originals, tmp_path, "pixel_100m")
    card = pg.load(folder).card
    assert card.name == str(folder)
    assert card.source == ("latest.pt",)
    assert card.fingerprint == pg.load(weights).card.fingerprint
    change_weights(weights, lambda tensors: tensors["norm.weight"].mul_(1.5))
    assert pg.load(folder).card.fingerprint != card.fingerprint
    lines = dict(card.lines())
    assert lines["Parameters"] == "45,360"
    assert lines["Precision"] == "float32, 181 kB"
    assert lines["Vocabulary"] == "300 ids"
    assert "step 10" in lines["Training"]


def test_ids_are_checked(originals):
    model = pg.load(originals / "pixel_100m")
    for ids in ([], [300], [-1], [0] * 65):
        with pytest.raises(InvalidRequest):
            model.logits(ids)
    with pytest.raises(InvalidRequest, match="no sense vectors"):
        model.logits([1], [pg.ScaleSense(1, 0, 2.0)])


def test_a_broken_neighbour_does_not_stop_a_load(originals, tmp_path, monkeypatch):
    """The catalogue of demos is looked through on the way."""
    for broken in ("manifest.json", "model.safetensors", "config.json"):
        (tmp_path / f"broken-{broken}").mkdir()
        (tmp_path / f"broken-{broken}" / broken).write_bytes(b"{nonsense")
    shutil.copytree(originals / "shard", tmp_path / "good")
    monkeypatch.setenv("PLAYGROUND_CHECKPOINTS", str(tmp_path))
    assert pg.load("good").card.family == "shard"
    refused("broken-manifest.json", DamagedFile)
