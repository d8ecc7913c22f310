"""Exported checkpoints hold the files, names and numbers of published ones, and load as what was trained."""

import copy
import dataclasses
import json
import re

import pytest
import torch
from goldens import GOLDEN
from safetensors.torch import load_file
from tiny_networks import PIXEL_MAE, randomised
from training_runs import NETWORKS, SHARD, train

from playground.checkpoints.loader import load_model
from playground.errors import InvalidRequest, MissingFile
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig
from playground.networks.shard import Shard, ShardConfig
from playground.text.rendering import GridConfig
from playground.training import recipes
from playground.training.colours import split_in_three
from playground.training.export import export
from playground.training.export.curve import thin_curve
from playground.training.export.run_record import RunRecord, companions, record_run
from playground.training.recipes import TOKENIZERS, find_recipe

IDS = [1, 17, 99, 260, 5, 5, 270, 42, 7]
RECORD = RunRecord("demo-tiny", 2000, {"batch_size": 4, "total_steps": 2000})
RENDERER = GridConfig("DejaVuSansMono.ttf", max_seq_length=9)
PIXEL = PIXEL_MAE | {"patch_size": 16, "image_size": (16, 144)}
GOLDENS = {
    "backpack": GOLDEN / "backpack" / "gpt2",
    "gelu-gpt": GOLDEN / "gelu-gpt" / "tiny-a",
    "pixel-lm": GOLDEN / "pixel_100m" / "bundle",
    "pixel-mae": GOLDEN / "pixel",
}
WEIGHTS = {"pixel-lm": "latest.pt", "shard": "models/model.pt"}
SECOND_COPIES = {"backpack": {"backpack.word_embeddings.weight", "backpack.position_embeddings.weight",
                              "lm_head.weight"}}  # fmt: skip
BEGIN, STOPS = {"gelu-gpt": 1, "pixel-lm": 0}, {"backpack": (0,), "gelu-gpt": (2,), "pixel-lm": (1,), "shard": (2, 5)}


def tiny(build, seed=0):
    """Random weights, in tables small ones: what the loader checks on a paragraph then stays near chance."""
    network = randomised(build, seed)
    for name, parameter in network.named_parameters():
        if any(word in name for word in ("embed", "wte", "wpe", "head")):
            parameter.mul_(0.05)
    return network.requires_grad_(True).train()


def rounded(network, exact=(), dtype=torch.bfloat16):
    """A copy whose weights are those that 16 bit can hold."""
    network = copy.deepcopy(network).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if name not in exact:
            parameter.copy_(parameter.to(dtype).float())
    return network


def tensors_of(folder, layout):
    if layout in WEIGHTS:
        return torch.load(folder / WEIGHTS[layout], weights_only=True)["model"]
    return load_file(folder / "model.safetensors")


def names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def numbered(tensors):
    """Tensor names, layers' numbers left out."""
    return {re.sub(r"\.\d+\.", ".#.", name) for name in tensors}


@pytest.fixture(scope="session")
def tokenizers(tmp_path_factory):
    made = {}
    for layout, kind in TOKENIZERS.items():
        folder = tmp_path_factory.mktemp(layout)
        kind.train(["Once there was a little girl.\nShe had a red ball."] * 30, 370, folder)
        made[layout] = kind.open(folder)
    return made


@pytest.fixture
def companion_files(tmp_path):
    """What a PIXEL checkpoint carries besides: config, font, licence."""
    return companions(dataclasses.replace(find_recipe("demo-pixel-mae"), renderer=RENDERER), tmp_path)


@pytest.mark.parametrize("case", NETWORKS)
def test_language_models_load_as_they_were_trained(case, tokenizers, tmp_path):
    layout, tokenizer = case.split(",")[0], tokenizers[case.split(",")[0]]
    network = tiny(NETWORKS[case](tokenizer.size))
    export(network, layout, tokenizer.files, tmp_path, RECORD)
    model = load_model(tmp_path)
    assert model.card.family == layout
    assert model.network.config == dataclasses.replace(
        network.config, **{"rope_base_known": True} if layout == "shard" else {}
    )
    assert (model.begin_id, model.stop_ids) == (BEGIN.get(layout), STOPS[layout])
    assert model.tokenizer.size == tokenizer.size == model.network.vocab_size
    text = "a little girl.\nShe"
    assert model.prompt_ids(text)[-len(tokenizer.encode_batch([text])[0]) :] == tokenizer.encode_batch([text])[0]
    with torch.inference_mode():
        assert torch.equal(model.logits(IDS), rounded(network)(torch.tensor([IDS]))[0])
    assert network.training
    harmless = ("Trained on sequences", "Rotary positions: interleaved", "Checked on a paragraph", "Levanter's variant",
                "The output head is stored apart")  # fmt: skip
    assert [note for note in model.card.notes if not note.startswith(harmless)] == []


@pytest.mark.parametrize("case", NETWORKS)
def test_weights_are_stored_once_and_in_16_bit(case, tokenizers, tmp_path):
    layout = case.split(",")[0]
    network = tiny(NETWORKS[case](tokenizers[layout].size))
    export(network, layout, tokenizers[layout].files, tmp_path, RECORD)
    stored = {name: t for name, t in tensors_of(tmp_path, layout).items() if "rope" not in name}
    assert {tensor.dtype for tensor in stored.values()} == {torch.bfloat16}
    unique = {tensor.data_ptr(): tensor.nbytes for tensor in stored.values()}
    wanted = 2 * sum(parameter.numel() for parameter in network.parameters())
    assert sum(unique.values()) == wanted
    tables = sum(t.nbytes for name, t in tensors_of(tmp_path, layout).items() if "rope" in name)
    file = tmp_path / WEIGHTS.get(layout, "model.safetensors")
    assert file.stat().st_size < wanted + tables + 600 * len(stored) + 4000


def test_float16_is_possible(tokenizers, tmp_path):
    network = tiny(NETWORKS["gelu-gpt"](tokenizers["gelu-gpt"].size))
    export(network, "gelu-gpt", tokenizers["gelu-gpt"].files, tmp_path, RECORD, torch.float16)
    with torch.inference_mode():
        expected = rounded(network, dtype=torch.float16)(torch.tensor([IDS]))[0]
    assert torch.equal(load_model(tmp_path).logits(IDS), expected)
    assert json.loads((tmp_path / "config.json").read_text())["torch_dtype"] == "float16"


@pytest.mark.parametrize("layout", GOLDENS)
def test_a_published_checkpoint_comes_out_as_it_went_in(layout, tokenizers, companion_files, tmp_path):
    golden, out = GOLDENS[layout], tmp_path / "out"
    network = load_model(golden).network
    files = companion_files if layout == "pixel-mae" else tokenizers[layout].files
    export(network, layout, files, out, RunRecord("pixel_100m", 10))
    expected, found = tensors_of(golden, layout), tensors_of(out, layout)
    assert set(found) == set(expected) - SECOND_COPIES.get(layout, set())
    for name, tensor in found.items():
        table = name.endswith(("rope_cos", "rope_sin", "position_embeddings", "decoder_pos_embed"))
        assert tensor.dtype == (torch.float32 if table else torch.bfloat16)
        torch.testing.assert_close(tensor, expected[name].to(tensor.dtype), rtol=0, atol=2e-4 if "rope" in name else 0)
    tested = {"README.json", "io.safetensors", "expected.safetensors", "renders.json", "renders.safetensors"}
    assert names(out) == (names(golden) - tested) | {file.name for file in files}


@pytest.mark.parametrize("layout", ["backpack", "gelu-gpt", "pixel-mae"])
def test_configs_say_what_the_published_ones_say(layout, tokenizers, companion_files, tmp_path):
    files = companion_files if layout == "pixel-mae" else tokenizers[layout].files
    export(load_model(GOLDENS[layout]).network, layout, files, tmp_path / "out", RECORD)
    found = json.loads((tmp_path / "out" / "config.json").read_text())
    published = json.loads((GOLDENS[layout] / "config.json").read_text())
    other = {"auto_map", "transformers_version"}  # about code that is not shipped
    changed = {"torch_dtype": "bfloat16"} | {name: 0.0 for name in published if "drop" in name}
    changed |= {"bos_token_id": 0, "eos_token_id": 0} if layout == "backpack" else {}
    expected = {name: value for name, value in published.items() if name not in other} | changed
    assert {name: found[name] for name in expected} == expected
    assert set(found) - set(expected) <= {"tie_word_embeddings"}
    if layout == "gelu-gpt":
        generation = json.loads((tmp_path / "out" / "generation_config.json").read_text())
        assert generation == {"_from_model_config": True, "bos_token_id": 1, "eos_token_id": 2}


def test_the_bundle_of_pixel_lm(tokenizers, tmp_path):
    golden = GOLDENS["pixel-lm"]
    recipe = dataclasses.replace(find_recipe("smoke"), name="demo-pixel-lm", layout="pixel-lm")
    network = load_model(golden).network
    export(network, "pixel-lm", tokenizers["pixel-lm"].files, tmp_path, record_run(recipe, 1234))
    theirs, ours = (torch.load(folder / "latest.pt", weights_only=True) for folder in (golden, tmp_path))
    assert list(ours) == list(theirs)
    assert (ours["step"], ours["scaler"], ours["rng_cuda"]) == (1234, {}, None)
    assert ours["optimizer"] == {"state": {}, "param_groups": []}
    assert ours["model"]["lm_head.weight"].data_ptr() == ours["model"]["embed_tokens.weight"].data_ptr()
    assert ours["metadata"]["hardware"]["dtype"] == "torch.bfloat16"
    config = json.loads((tmp_path / "pixel_model_config.json").read_text())
    assert config == ours["metadata"]["model"]
    published = json.loads((golden / "pixel_model_config.json").read_text())
    assert config == published | {"name": "demo-pixel-lm", "lora": published["lora"] | {"dropout": 0.0}}
    settings = json.loads((tmp_path / "pixel_training_config.json").read_text())
    assert settings == ours["config"]
    assert set(settings) - {"muon_learning_rate"} == set(theirs["config"])
    assert (settings["total_steps"], settings["batch_size"], settings["data_path"]) == (1234, 4, "stories, sentences")
    assert json.loads((tmp_path / "manifest.json").read_text()) == {"latest": "latest.pt", "step": 1234}


def test_shard_layout(tokenizers, tmp_path):
    network = tiny(Shard(ShardConfig(tokenizers["shard"].size, **SHARD)))
    export(network, "shard", tokenizers["shard"].files, tmp_path, RECORD)
    assert names(tmp_path) == {"models/model.pt", "models/tokenizer.json"}
    saved = torch.load(tmp_path / "models" / "model.pt", weights_only=True)
    assert set(saved) == {"cfg", "model"}
    assert saved["cfg"]["max_seq_len"] == 99
    assert saved["cfg"]["rope_base"] == 10000.0
    assert saved["cfg"]["attention_pattern"] == "gemma4"
    published = torch.load(GOLDEN / "shard" / "cfg-dict" / "bundle" / "models" / "model.pt", weights_only=True)
    assert numbered(saved["model"]) <= numbered(published["model"]) | {"norm.weight"}
    assert torch.equal(saved["model"]["blocks.1.mlp.w_up.weight"], network.blocks[1].mlp.up.weight.bfloat16())
    copied = (tmp_path / "models" / "tokenizer.json").read_bytes()
    assert copied == tokenizers["shard"].files[0].read_bytes()


def test_a_grey_pixel_network_becomes_one_in_colour(companion_files, tmp_path):
    network = randomised(PixelMAE(PixelMAEConfig(**PIXEL, num_channels=1))).requires_grad_(True)
    tables = ("encoder.position_embeddings", "decoder.decoder_pos_embed")
    export(network, "pixel-mae", companion_files, tmp_path / "out", RECORD)
    model = load_model(tmp_path / "out")
    assert model.card.notes == ()
    assert model.network.config == dataclasses.replace(network.config, num_channels=3)
    dice = torch.Generator().manual_seed(1)
    grey = torch.rand(3, 1, 16, 144, generator=dice)
    attention = (torch.arange(9) < 7).float().expand(3, -1)
    mask = (torch.rand(3, 9, generator=dice) < 0.3).float()
    with torch.inference_mode():
        expected = rounded(network, tables).predict_patches(grey, attention, mask)  # (B, L, P * P)
    found = model.predict_patches(grey.expand(-1, 3, -1, -1), attention, mask)
    for colour in found.unflatten(-1, (256, 3)).unbind(-1):
        torch.testing.assert_close(colour, expected, atol=2e-5, rtol=1e-5)
    stored = tensors_of(tmp_path / "out", "pixel-mae")
    weight = stored["vit.embeddings.patch_embeddings.projection.weight"].double()
    assert weight.shape == (24, 3, 16, 16)
    assert torch.equal(weight.sum(1, keepdim=True), network.encoder.projection.weight.bfloat16().double())
    assert torch.allclose(weight, weight[:, :1].expand_as(weight), rtol=0.02)
    for name, tensor in stored.items():
        table = "position" in name or "pos_embed" in name
        assert tensor.dtype == (torch.float32 if table else torch.bfloat16)
    assert torch.equal(stored["decoder.decoder_pos_embed"], network.decoder.decoder_pos_embed)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_every_16_bit_number_splits_in_three_exactly(dtype):
    every = torch.arange(-(2**15), 2**15).to(torch.int16).view(dtype)
    every = every[every.isfinite()].view(-1, 1, 1, 1)
    parts = split_in_three(every)
    assert parts.dtype == dtype
    assert torch.equal(parts.double().sum(1, keepdim=True), every.double())


def test_a_pixel_checkpoint_carries_its_renderer(companion_files, tmp_path):
    out = tmp_path / "out"
    export(randomised(PixelMAE(PixelMAEConfig(**PIXEL))), "pixel-mae", companion_files, out, RECORD)
    model = load_model(out)
    assert model.renderer.config == RENDERER
    assert model.card.notes == ()
    assert names(out) == {
        "config.json", "model.safetensors", "text_renderer_config.json", "DejaVuSansMono.ttf",
        "DejaVuSansMono-LICENSE.txt",
    }  # fmt: skip


@pytest.mark.parametrize("layout", [*GOLDENS, "shard"])
def test_what_is_missing_is_said(layout, tokenizers, tmp_path):
    network = load_model(GOLDENS.get(layout, GOLDEN / "shard" / "cfg-dict" / "bundle")).network
    with pytest.raises(MissingFile, match=r"needs (pixel_|text_renderer|)\w*\.(json|model), .*no files"):
        export(network, layout, (), tmp_path / "out", RECORD)
    files = tokenizers.get(layout, tokenizers["shard"]).files
    with pytest.raises(MissingFile, match=r"gone\.ttf"):
        export(network, layout, (*files, tmp_path / "gone.ttf"), tmp_path / "out", RECORD)
    assert not (tmp_path / "out").exists()


def test_unknown_layouts_and_broken_weights_are_refused(tokenizers, tmp_path):
    files = tokenizers["shard"].files
    with pytest.raises(InvalidRequest, match=r"nothing.*shard"):
        export(torch.nn.Linear(2, 2), "nothing", files, tmp_path, RECORD)
    with pytest.raises(InvalidRequest, match=r"no name for weight, bias"):
        export(torch.nn.Linear(2, 2), "shard", files, tmp_path, RECORD)
    network = tiny(Shard(ShardConfig(300, **SHARD)))
    network.norm.weight.data[3] = 1e5
    with pytest.raises(InvalidRequest, match=r"norm\.weight .*float16"):
        export(network, "shard", files, tmp_path, RECORD, torch.float16)
    assert names(tmp_path) == set()


def test_thinned_curves_keep_every_measure(tmp_path):
    lines = [
        {"step": n, "loss": 1.0, "lr": 0.1, "tokens": n, "seconds": n}
        | ({"bits_per_byte/a": 2.0} if n % 100 == 0 else {})
        for n in range(1, 2001)
    ]
    (tmp_path / "curve").write_text("".join(json.dumps(line) + "\n" for line in lines))
    thin_curve(tmp_path / "curve", tmp_path / "thin")
    kept = [json.loads(line) for line in (tmp_path / "thin").read_text().splitlines()]
    assert 150 < len(kept) <= 200
    assert sum("bits_per_byte/a" in line for line in kept) == 20
    assert [line["step"] for line in kept] == sorted({line["step"] for line in kept})


@pytest.mark.parametrize("layout", ["backpack", "gelu-gpt", "pixel-lm", "shard"])
def test_the_command_trains_and_exports(layout, data, tmp_path, monkeypatch):
    smoke = find_recipe("smoke")
    plan = dataclasses.replace(smoke.plan, steps=3, log_every=1)
    recipe = dataclasses.replace(smoke, build=NETWORKS[layout], layout=layout, vocab_size=380, plan=plan)
    monkeypatch.setitem(recipes.RECIPES, "smoke", recipe)
    result = train("smoke", data, tmp_path)
    assert result.exit_code == 0, result.output
    assert "bits_per_byte/sentences" in result.stdout
    model = load_model(tmp_path / "checkpoint")
    assert model.card.family == layout
    network = NETWORKS[layout](model.tokenizer.size)
    network.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True)["network"])
    with torch.inference_mode():
        assert torch.equal(model.logits(IDS), rounded(network)(torch.tensor([IDS]))[0])
    if layout == "pixel-lm":
        assert model.card.training["step"] == model.card.training["total_steps"] == 3
    steps = [json.loads(line)["step"] for line in (tmp_path / "checkpoint" / "curve.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3]


def test_a_missing_corpus_is_one_line(tmp_path):
    missing = train("smoke", tmp_path, tmp_path / "other")
    assert missing.exit_code == 1
    assert "stories" in missing.stderr
    assert "Traceback" not in missing.stderr
