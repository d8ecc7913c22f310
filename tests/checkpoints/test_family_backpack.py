"""Backpacks: second copies, old masks, the two published variants, the experimental one, bad configs."""

import json

import pytest
import torch
from checkpoint_files import change_json, change_pt, change_safetensors, close, said
from safetensors.torch import load_file, save_file

import playground as pg
from playground.benchmarks.random_checkpoint import write_checkpoint
from playground.benchmarks.random_tokenizers import byte_level_json
from playground.errors import InvalidConfig, TensorMismatch
from playground.networks.backpack import Backpack, BackpackConfig

IDS = [5, 17, 99, 60, 5, 5, 119, 42]
WTE = "backpack.gpt2_model.wte.weight"


@pytest.fixture
def small(tmp_path):
    """In the layout of backpack-gpt2."""
    write_checkpoint("backpack-gpt2", tmp_path)
    return tmp_path


@pytest.fixture
def large(tmp_path):
    """In the layout of levanter-backpack-1b."""
    write_checkpoint("levanter-backpack-1b", tmp_path)
    return tmp_path


def change(folder, edit):
    if (folder / "pytorch_model.bin").exists():
        change_pt(folder / "pytorch_model.bin", edit)
    else:
        change_safetensors(folder / "model.safetensors", edit)


def stored(folder):
    file = folder / "pytorch_model.bin"
    return torch.load(file, weights_only=True) if file.exists() else load_file(folder / "model.safetensors")


def expected(folder, **choices):
    """Logits of a network filled by hand."""
    config = json.loads((folder / "config.json").read_text())
    names = (
        "vocab_size",
        "n_positions",
        "n_embd",
        "n_layer",
        "n_head",
        "num_senses",
        "sense_intermediate_scale",
        "n_inner",
    )
    network = Backpack(BackpackConfig(**{name: config[name] for name in names} | choices))
    state = {}
    for name, tensor in stored(folder).items():
        name = (
            name.removeprefix("backpack.")
            .replace("gpt2_model", "encoder")
            .replace("sense_weight_net.c_attn", "sense_weight_net")
        )
        if name in network.state_dict():
            state[name] = tensor
    network.load_state_dict(state)
    with torch.inference_mode():
        return network(torch.tensor([IDS]))[0]


def test_the_layout_of_backpack_gpt2(small):
    model = pg.load(small)
    close(model.logits(IDS), expected(small))
    assert model.card.family == "backpack"
    assert model.card.abilities == ("generate", "senses")
    assert model.card.parameters == 30_120
    assert not model.network.config.divide_by_senses
    assert model.stop_ids == (119,)
    assert "openai-community/gpt2" in said(model)
    assert model.sense_vectors(IDS).shape == (8, 4, 24)
    assert model.sense_weights(IDS).shape == (4, 8, 8)


def test_the_layout_of_levanter_backpack_1b(large):
    model = pg.load(large)
    close(model.logits(IDS), expected(large, divide_by_senses=True))
    assert "divided by their number, 6" in said(model)
    assert model.card.parameters == 25_956  # the file's second copies are not counted
    assert sum(tensor.numel() for tensor in stored(large).values()) == 25_956 + 120 * 20 + 32 * 20
    close(pg.load(large, divide_by_senses=False).logits(IDS), 6 * model.logits(IDS))


@pytest.mark.parametrize("copy", ["backpack.word_embeddings.weight", "backpack.position_embeddings.weight"])
@pytest.mark.parametrize("layout", ["small", "large"])
def test_second_copies_may_be_absent_but_must_not_differ(request, layout, copy):
    folder = request.getfixturevalue(layout)
    reference = pg.load(folder).logits(IDS)
    change(folder, lambda tensors: tensors | {copy: tensors[copy].clone()})
    close(pg.load(folder).logits(IDS), reference)
    change(folder, lambda tensors: tensors | {copy: tensors[copy] + 0.01})
    with pytest.raises(TensorMismatch, match=r"two copies of.*w[tp]e.* differ"):
        pg.load(folder)
    change(folder, lambda tensors: tensors | {copy: tensors[copy][:-1]})
    with pytest.raises(TensorMismatch, match=r"two copies of.*w[tp]e.* differ"):
        pg.load(folder)
    change(folder, lambda tensors: tensors.pop(copy))
    close(pg.load(folder).logits(IDS), reference)


def test_only_the_second_copy_will_not_do(small):
    change(small, lambda tensors: tensors.pop(WTE))
    with pytest.raises(TensorMismatch, match=r"missing: encoder\.wte\.weight"):
        pg.load(small)


def test_masks_that_old_gpt2_code_saved_are_ignored(small):
    reference = pg.load(small).logits(IDS)
    masks = {f"backpack.gpt2_model.h.{i}.attn.bias": torch.ones(1, 1, 32, 32).tril().bool() for i in range(2)}
    masks |= {f"backpack.gpt2_model.h.{i}.attn.masked_bias": torch.tensor(-1e4) for i in range(2)}
    change(small, lambda tensors: tensors | masks)
    close(pg.load(small).logits(IDS), reference)


def test_names_without_the_outer_module(small):
    reference = pg.load(small).logits(IDS)
    change(small, lambda tensors: {name.removeprefix("backpack."): tensor for name, tensor in tensors.items()})
    close(pg.load(small).logits(IDS), reference)


def test_a_norm_on_every_sense_means_no_division(large):
    norm = {f"backpack.sense_network.ln_2.{x}": torch.rand(20) for x in ("weight", "bias")}
    change(large, lambda tensors: tensors | norm)
    model = pg.load(large)
    close(model.logits(IDS), expected(large, normalise_senses=True))
    assert "divided" not in said(model)
    change(large, lambda tensors: tensors.pop("backpack.sense_network.ln_2.bias"))
    with pytest.raises(TensorMismatch, match=r"missing: sense_network\.ln_2\.bias"):
        pg.load(large)


@pytest.mark.parametrize(
    ("model_type", "divides"), [("gpt2", False), ("backpack-gpt2", True), (None, False), ("other", False)]
)
def test_the_model_type_tells_the_variant(small, model_type, divides):
    change_json(small / "config.json", model_type=model_type)
    model = pg.load(small)
    assert model.network.config.divide_by_senses is divides
    close(model.logits(IDS), expected(small, divide_by_senses=divides))
    assert pg.load(small, divide_by_senses=not divides).network.config.divide_by_senses is not divides


def test_a_head_that_differs_is_used(small):
    change(small, lambda tensors: tensors | {"lm_head.weight": torch.randn(120, 24)})
    model = pg.load(small)
    close(model.logits(IDS), expected(small, tied=False))
    assert "differs" in said(model)


@pytest.mark.parametrize(
    "changes",
    [
        {"n_inner": 40}, {"scale_attn_weights": False}, {"scale_attn_by_inverse_layer_idx": False},
        {"layer_norm_epsilon": 0.1}, {"sense_intermediate_scale": 3},
    ],
)  # fmt: skip
def test_options_of_the_config(tmp_path, changes):
    write_checkpoint("backpack-gpt2", tmp_path, **changes)
    options = {name: value for name, value in changes.items() if name not in ("n_inner", "sense_intermediate_scale")}
    close(pg.load(tmp_path).logits(IDS), expected(tmp_path, **options))


def test_what_matters_little_may_be_missing(small):
    reference = pg.load(small).logits(IDS)
    for key in ("scale_attn_weights", "scale_attn_by_inverse_layer_idx", "layer_norm_epsilon", "n_inner",
                "activation_function", "eos_token_id", "bos_token_id", "architectures"):  # fmt: skip
        change_json(small / "config.json", **{key: ...})
    model = pg.load(small)
    close(model.logits(IDS), reference)
    assert model.stop_ids == ()


def test_safetensors_in_several_files(small):
    """Also the layout of an index: 'pytorch_model.bin' is not looked at then."""
    tensors = {name: tensor.clone() for name, tensor in stored(small).items()}
    reference, names = pg.load(small).logits(IDS), sorted(tensors)
    (small / "pytorch_model.bin").write_bytes(b"broken")
    shards = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, held in shards.items():
        save_file({name: tensors[name] for name in held}, small / file)
    index = {"metadata": {}, "weight_map": {name: file for file, held in shards.items() for name in held}}
    (small / "model.safetensors.index.json").write_text(json.dumps(index))
    model = pg.load(small)
    close(model.logits(IDS), reference)
    assert model.card.source == ("model.safetensors.index.json", *shards)


def test_bins_in_several_files(small):
    tensors, reference = stored(small), pg.load(small).logits(IDS)
    names = sorted(tensors)
    (small / "pytorch_model.bin").unlink()
    shards = {"pytorch_model-00001-of-00002.bin": names[::2], "pytorch_model-00002-of-00002.bin": names[1::2]}
    for file, held in shards.items():
        torch.save({name: tensors[name] for name in held}, small / file)
    index = {"weight_map": {name: file for file, held in shards.items() for name in held}}
    (small / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    close(pg.load(small).logits(IDS), reference)


def test_its_own_tokenizer_is_used_and_the_rest_never_sampled(tmp_path):
    write_checkpoint("levanter-backpack-1b", tmp_path, vocab_size=300)
    (tmp_path / "tokenizer.json").write_text(byte_level_json(298, specials=("<|endoftext|>",)))
    model = pg.load(tmp_path)
    assert model.sampled_size == 298
    assert model.prompt_ids(" a b") == model.tokenizer.encode(" a b")
    assert model.stop_ids == (0, 119)
    assert "Checked on a paragraph" in said(model)  # untrained, it says nothing for the other form


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("n_embd", -24), ("n_embd", 2**40), ("n_embd", 24.5), ("n_embd", "24"), ("n_embd", {}), ("n_embd", [1]),
        ("n_embd", None), ("n_embd", 2**19), ("n_head", 0), ("n_head", 5), ("n_layer", 10**9), ("n_layer", ...),
        ("num_senses", 0), ("num_senses", 25), ("num_senses", 2**20), ("n_positions", -1), ("vocab_size", 1e9),
        ("sense_intermediate_scale", -4), ("sense_intermediate_scale", 2**20), ("n_inner", -1), ("n_inner", "x"),
        ("n_inner", 2**63), ("layer_norm_epsilon", 0), ("layer_norm_epsilon", "tiny"), ("activation_function", "relu"),
    ],
)  # fmt: skip
def test_impossible_configs_are_refused(small, key, value):
    change_json(small / "config.json", **{key: value})
    with pytest.raises((InvalidConfig, TensorMismatch)) as refusal:
        pg.load(small)
    said = str(refusal.value)
    assert key in said or "misshapen" in said or "n_inner = 2097152" in said  # 4 n_embd


def test_enormous_dimensions_at_once_are_refused(small):
    """Each is allowed by itself; together they would overflow any machine's sizes."""
    most = 2**20
    change_json(small / "config.json", n_embd=most, n_head=1, n_inner=8, num_senses=most, sense_intermediate_scale=most)
    with pytest.raises(InvalidConfig, match="too large"):
        pg.load(small)


def test_without_a_config_it_says_so(small):
    (small / "config.json").unlink()
    with pytest.raises(InvalidConfig, match=r"config\.json was not found"):
        pg.load(small)
