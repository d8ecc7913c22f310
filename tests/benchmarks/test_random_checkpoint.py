"""Random checkpoints have the published layouts: names, shapes, numbers of parameters, second copies, tokenizers."""

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from typer import Typer
from typer.testing import CliRunner

from playground.benchmarks import random_checkpoint as layouts
from playground.benchmarks.random_tokenizers import byte_level_json, sentencepiece_model
from playground.checkpoints.families import Bundle, families
from playground.checkpoints.files import TensorFile
from playground.checkpoints.skeleton import skeleton
from playground.text.tokenizers import open_tokenizer

# layout -> (family, stored tensors, numbers in them, unique parameters)
PUBLISHED = {
    "pixel_100m": ("pixel-lm", layouts.pixel_100m, None, 76_485_888 + 1262 * 768, 76_485_888),
    "shard": ("shard", layouts.shard, None, 54_538_752 + 8192 * 512, 54_538_752),
    "gelu-d12": ("gelu-gpt", layouts.gelu_d12, None, 261_096_338 + 655_360, 261_096_338),
    "backpack-gpt2": ("backpack", layouts.backpack, None, 170_083_584 + 2 * 50264 * 768 + 512 * 768, 170_083_584),
    "levanter-backpack-1b": ("backpack", layouts.backpack, None, 1_416_737_216, 1_351_743_936),
    "pixel-base": ("pixel-mae", layouts.pixel_base, 334, 112_334_080, 112_334_080),
}


@pytest.mark.parametrize("model", PUBLISHED)
def test_published_names_and_shapes_fill_the_network_exactly(model):
    """Without memory: all tensors on the meta device, where equal shapes count as equal."""
    name, shapes_of, count, numbers, parameters = PUBLISHED[model]
    sizes = layouts.LAYOUTS[model][0]
    shapes = shapes_of(sizes)
    assert count in (None, len(shapes))
    assert sum(math.prod(shape) for shape in shapes.values()) == numbers
    family = next(family for family in families() if family.name == name)
    tensors = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    content = {"cfg": sizes} if model == "shard" else {"metadata": {"model": sizes}}
    bundle = Bundle(Path("nowhere"), TensorFile((Path("nowhere/weights"),), "pytorch", tensors, content, ""))
    bundle.__dict__["config"] = sizes
    assert next(other.name for other in families() if other.matches(bundle)) == name
    blueprint = family.read(bundle, {})
    network = skeleton(family.name, family.network, blueprint.config)
    assert not blueprint.unclaimed
    assert {name: tensor.shape for name, tensor in blueprint.tensors.items()} == {
        name: parameter.shape for name, parameter in network.named_parameters()
    }
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


def test_streamed_safetensors_hold_what_the_shapes_say(tmp_path):
    sizes = layouts.write_checkpoint("levanter-backpack-1b", tmp_path, dtype=torch.bfloat16)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        names = set(file.keys())
        stored = {name: file.get_tensor(name) for name in names}
    shapes = layouts.backpack(sizes)
    assert {name: tuple(tensor.shape) for name, tensor in stored.items()} == shapes
    assert {tensor.dtype for tensor in stored.values()} == {torch.bfloat16}
    assert torch.equal(stored["backpack.word_embeddings.weight"], stored["backpack.gpt2_model.wte.weight"])
    for name in names:
        expected = layouts.whole(layouts.original(name, shapes, sizes), shapes, sizes, torch.bfloat16, seed=0)
        assert torch.equal(stored[name], expected)
        assert torch.isfinite(stored[name]).all()


def test_seeds_differ_and_repeat(tmp_path):
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        layouts.write_checkpoint("gelu-d12", tmp_path / folder, seed=seed)
    a, b, c = ((tmp_path / folder / "model.safetensors").read_bytes() for folder in "abc")
    assert a == b
    assert a != c


@pytest.mark.parametrize("size", [262, 320, 8192])
def test_byte_level_tokenizers(tmp_path, size):
    (tmp_path / "tokenizer.json").write_text(byte_level_json(size))
    tokenizer = open_tokenizer(tmp_path)
    assert tokenizer.size == size
    assert tokenizer.decode(tokenizer.encode("a naïve  中\n")) == "a naïve  中\n"
    assert tokenizer.special_ids["<|eos|>"] == 2


@pytest.mark.parametrize("size", [261, 300, 1262])
def test_sentencepiece_models(tmp_path, size):
    (tmp_path / "tokenizer.model").write_bytes(sentencepiece_model(size))
    tokenizer = open_tokenizer(tmp_path)
    assert tokenizer.size == size
    assert tokenizer.decode(tokenizer.encode("a naïve  中")) == "a naïve  中"
    assert (tokenizer.begin_id, tokenizer.end_id, tokenizer.special_ids["<pad>"]) == (0, 1, 2)


def test_the_command(tmp_path):
    app = Typer()
    app.command()(layouts.main)
    run = CliRunner().invoke
    result = run(app, ["pixel-base", str(tmp_path / "p"), "--scale", "tiny", "--dtype", "float16"])
    assert result.exit_code == 0
    assert "Wrote 0.1 MB" in result.output
    assert json.loads((tmp_path / "p/config.json").read_text())["torch_dtype"] == "float16"
    assert {t.dtype for t in torch.load(tmp_path / "p/pytorch_model.bin", weights_only=True).values()} == {
        torch.float16
    }
    for wrong in (["gpt5", "x"], ["shard", "x", "--scale", "huge"], ["shard", "x", "--dtype", "int4"]):
        assert run(app, wrong).exit_code == 2
