"""A run that goes on from a finished checkpoint begins with its weights and its tokenizer, and its curve counts on."""

import dataclasses
import json

import pytest
import torch
from training_runs import NETWORKS, train

from playground.checkpoints.loader import load_model
from playground.errors import InvalidRequest, MissingFile
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig
from playground.training import recipes
from playground.training.colours import in_colour, in_grey
from playground.training.export.curve import thin_curve
from playground.training.recipes import find_recipe
from playground.training.run import prepare
from playground.training.trainer import Plan


@pytest.fixture
def smoke(monkeypatch):
    def made(layout):
        recipe = find_recipe("smoke")
        plan = dataclasses.replace(recipe.plan, steps=3, log_every=1)
        recipe = dataclasses.replace(recipe, build=NETWORKS[layout], layout=layout, vocab_size=380, plan=plan)
        monkeypatch.setitem(recipes.RECIPES, "smoke", recipe)
        return recipe

    return made


@pytest.mark.parametrize("layout", ["backpack", "gelu-gpt", "pixel-lm", "shard"])
def test_a_run_goes_on_with_weights_and_tokenizer(layout, smoke, data, tmp_path):
    recipe = smoke(layout)
    assert train("smoke", data, tmp_path / "first").exit_code == 0
    first = tmp_path / "first" / "checkpoint"
    source = load_model(str(first))
    trainer = prepare(recipe, data, tmp_path / "second", start=first)
    for name, tensor in source.network.state_dict().items():
        assert torch.equal(trainer.network.state_dict()[name], tensor), name
    text = "Once upon a time, there was a child named Ann."
    assert recipe.tokenizer.open(tmp_path / "second").encode_batch([text])[0] == source.tokenizer.encode(text)
    result = train("smoke", data, tmp_path / "second", "--start", str(first), "--seed", "1", "--steps", "2")
    assert result.exit_code == 0, result.output
    curve = [json.loads(line) for line in (tmp_path / "second" / "checkpoint" / "curve.jsonl").read_text().splitlines()]
    assert [line["step"] for line in curve] == [1, 2, 3, 4, 5]
    assert [line["tokens"] for line in curve] == [128 * step for step in range(1, 6)]
    assert curve[-1]["seconds"] >= curve[2]["seconds"]


def test_another_network_and_a_folder_without_tokenizer_are_refused(smoke, data, tmp_path):
    recipe = smoke("shard")
    assert train("smoke", data, tmp_path / "first").exit_code == 0
    larger = dataclasses.replace(recipe, build=NETWORKS["pixel-lm"])
    with pytest.raises(InvalidRequest, match="Shard that is not this recipe's PixelLM"):
        prepare(larger, data, tmp_path / "second", start=tmp_path / "first" / "checkpoint")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingFile, match="no tokenizer"):
        prepare(recipe, data, tmp_path / "third", start=tmp_path / "empty")


def test_a_grey_network_comes_back_from_its_three_colours():
    config = PixelMAEConfig(
        hidden_size=24, num_hidden_layers=1, num_attention_heads=3, intermediate_size=40, decoder_hidden_size=16,
        decoder_num_hidden_layers=1, decoder_num_attention_heads=2, decoder_intermediate_size=40,
        image_size=(16, 128), num_channels=1,
    )  # fmt: skip
    network = PixelMAE(config)
    for table in (network.encoder.position_embeddings, network.decoder.decoder_pos_embed):
        table.data.normal_()  # made empty, for whoever builds it to fill
    tensors = {name: tensor.bfloat16() for name, tensor in network.state_dict().items()}
    back = in_grey(in_colour(tensors))
    assert back.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert torch.equal(back[name], tensor), name


def test_the_rate_falls_from_the_start_and_is_scaled():
    plan = Plan(steps=100).scaled(0.5, 40).falling()
    assert (plan.steps, plan.muon_lr, plan.adam_lr, plan.constant) == (40, 0.01, 0.002, 0.0)
    assert Plan(steps=100).scaled(2.0).steps == 100


def test_a_curve_counts_on(tmp_path):
    (tmp_path / "before").write_text('{"step": 10, "loss": 2.0, "lr": 0.0, "images": 640, "seconds": 5.5}\n')
    (tmp_path / "curve").write_text(
        '{"step": 5, "loss": 1.5, "lr": 0.1, "images": 320, "seconds": 2.2, "error": 0.5}\n'
        '{"step": 7, "loss": 1.25, "lr": 0.0, "images": 448, "seconds": 3.0}\n'
    )
    thin_curve(tmp_path / "curve", tmp_path / "thin", before=tmp_path / "before")
    lines = [json.loads(line) for line in (tmp_path / "thin").read_text().splitlines()]
    assert [(line["step"], line["images"], line["seconds"]) for line in lines] == [
        (10, 640, 5.5), (15, 960, 7.7), (17, 1088, 8.5),
    ]  # fmt: skip
    assert [line["loss"] for line in lines] == [2.0, 1.5, 1.25]
    assert lines[1]["error"] == 0.5
