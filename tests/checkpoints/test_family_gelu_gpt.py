"""gelu-gpt in its Hub layout, as a ``.pt`` and under nanochat's names; heads, tables, tokenizers, bad configs."""

import json

import pytest
import torch
from checkpoint_files import change_json, change_safetensors, close, renamed, said
from safetensors.torch import load_file

import playground as pg
from playground.benchmarks.random_checkpoint import write_checkpoint
from playground.benchmarks.random_tokenizers import byte_level_json, sentencepiece_model
from playground.errors import InvalidConfig, TensorMismatch, TokenizerError
from playground.networks.gelu_gpt import GeluGPT, GeluGPTConfig

IDS = [5, 17, 99, 260, 5, 5, 299, 42, 1, 2, 3]
SIZES = ("sequence_len", "vocab_size", "n_layer", "n_head", "n_kv_head", "n_embd")


@pytest.fixture
def folder(tmp_path):
    write_checkpoint("gelu-d12", tmp_path)
    return tmp_path


def stored(folder):
    return {
        name.removeprefix("model."): tensor.clone() for name, tensor in load_file(folder / "model.safetensors").items()
    }


def expected(folder, **changes):
    """Logits of a network filled by hand."""
    config = json.loads((folder / "config.json").read_text())
    network = GeluGPT(GeluGPTConfig(**{name: config[name] for name in SIZES} | changes))
    network.load_state_dict({name: tensor for name, tensor in stored(folder).items() if "rope" not in name})
    with torch.inference_mode():
        return network(torch.tensor([IDS]))[0]


def test_the_published_layout(folder):
    model = pg.load(folder)
    close(model.logits(IDS), expected(folder))
    assert model.card.family == "gelu-gpt"
    assert model.card.vocabulary == model.logits(IDS).shape[1] == 300  # the table has 320 rows
    assert model.card.context_length == 320  # ten times what it was trained for
    close(pg.load(folder / "model.safetensors").logits(IDS), model.logits(IDS))


def test_names_without_the_prefix_and_without_tables(folder):
    reference = pg.load(folder).logits(IDS)
    change_safetensors(folder / "model.safetensors", lambda tensors: renamed(tensors, ("model.", "")))
    close(pg.load(folder).logits(IDS), reference)
    for name in ("rope_cos", "rope_sin"):
        change_safetensors(folder / "model.safetensors", lambda tensors, name=name: tensors.pop(name))
    close(pg.load(folder).logits(IDS), reference)


def test_the_projects_own_pt_form(folder, tmp_path_factory):
    """{"config", "state_dict"}: its config counts, not a file beside it."""
    reference, alone = pg.load(folder).logits(IDS), tmp_path_factory.mktemp("alone") / "gelu.pt"
    config = {name: json.loads((folder / "config.json").read_text())[name] for name in SIZES}
    state = {name: tensor for name, tensor in stored(folder).items() if "rope" not in name}
    torch.save({"config": config, "state_dict": state}, alone)
    close(pg.load(alone).logits(IDS), reference)
    close(pg.load(alone.parent).logits(IDS), reference)
    (alone.parent / "config.json").write_text('{"n_head": 2, "sequence_len": 7}')
    close(pg.load(alone).logits(IDS), reference)


def test_nanochats_names(folder):
    reference = pg.load(folder).logits(IDS)

    def rename(tensors):
        plain = renamed(tensors, ("model.", ""), ("rope_", ""))
        return renamed(plain, ("wte.", "transformer.wte."), ("blocks.", "transformer.h."))

    change_safetensors(folder / "model.safetensors", rename)
    close(pg.load(folder).logits(IDS), reference)


def test_tables_are_recomputed_whatever_the_file_holds(folder):
    reference = pg.load(folder).logits(IDS)
    noise = {f"model.rope_{x}": torch.randn(1, 7, 1, 3) for x in ("cos", "sin")}
    change_safetensors(folder / "model.safetensors", lambda tensors: tensors | noise)
    close(pg.load(folder).logits(IDS), reference)


def test_an_untied_head(tmp_path):
    write_checkpoint("gelu-d12", tmp_path, tie_embeddings=False, tie_word_embeddings=False)
    model = pg.load(tmp_path)
    close(model.logits(IDS), expected(tmp_path, tie_embeddings=False))
    change_json(tmp_path / "config.json", tie_embeddings=True)  # the weights decide
    close(pg.load(tmp_path).logits(IDS), model.logits(IDS))
    change_json(tmp_path / "config.json", tie_embeddings=False)
    change_safetensors(tmp_path / "model.safetensors", lambda tensors: tensors.pop("model.lm_head.weight"))
    with pytest.raises(TensorMismatch, match=r"missing: lm_head\.weight"):
        pg.load(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"), [("mlp", "relu2"), ("window_pattern", "SL"), ("window_pattern", "l"), ("rope_base", 10000.0)]
)
def test_options_of_the_config(folder, key, value):
    usual = pg.load(folder).logits([*IDS] * 18)
    change_json(folder / "config.json", **{key: value})
    model = pg.load(folder)
    close(model.logits(IDS), expected(folder, **{key: value}))
    assert not torch.allclose(model.logits([*IDS] * 18), usual, atol=1e-3)


def test_transformers_names_of_the_sizes_serve_and_the_rest_has_defaults(folder):
    reference = pg.load(folder).logits(IDS)
    config = json.loads((folder / "config.json").read_text())
    others = {
        "num_hidden_layers": config["n_layer"], "num_attention_heads": config["n_head"],
        "num_key_value_heads": config["n_kv_head"], "hidden_size": config["n_embd"], "tie_word_embeddings": True,
        "vocab_size": config["vocab_size"], "sequence_len": config["sequence_len"],
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(others))
    close(pg.load(folder).logits(IDS), reference)


def test_without_a_config_the_published_one_is_assumed_and_said(folder):
    (folder / "config.json").unlink()
    with pytest.raises(TensorMismatch, match="misshapen"):
        pg.load(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("n_embd", -32), ("n_embd", 2**40), ("n_embd", 32.5), ("n_embd", "32"), ("n_embd", {}), ("n_embd", 16),
        ("n_head", 0), ("n_head", 3), ("n_head", 32), ("n_kv_head", 3), ("n_kv_head", 2**60), ("n_layer", 10**9),
        ("n_layer", True), ("vocab_size", -1), ("vocab_size", 10**15), ("sequence_len", 0), ("sequence_len", -5),
        ("pad_vocab_size_to", 0), ("pad_vocab_size_to", "64"), ("mlp", "swish"), ("mlp", ["gelu"]),
        ("window_pattern", ""), ("window_pattern", "SXL"), ("window_pattern", 3), ("rope_base", 0),
        ("rope_base", "x"),
    ],
)  # fmt: skip
def test_impossible_configs_are_refused(folder, key, value):
    change_json(folder / "config.json", **{key: value})
    with pytest.raises(InvalidConfig, match=r"n_embd|n_head|window|" + key.replace("n_layer", "n_layers")):
        pg.load(folder)


@pytest.mark.parametrize("config", ["text", 5, [1, 2], None])
def test_a_pt_whose_config_is_none_is_refused_or_served_by_the_file_beside_it(folder, config):
    state = {name: tensor for name, tensor in stored(folder).items() if "rope" not in name}
    reference = pg.load(folder).logits(IDS)
    torch.save({"config": config, "state_dict": state}, folder / "a.pt")
    close(pg.load(folder / "a.pt").logits(IDS), reference)


def test_without_a_tokenizer_it_names_the_companion_and_samples_only_its_ids(folder):
    model = pg.load(folder)
    assert model.tokenizer is None
    assert "mistralai/Mistral-7B-v0.1" in said(model)
    assert "accept its terms" in said(model)
    assert model.sampled_size == 300
    with pytest.raises(pg.PlaygroundError, match="token ids"):
        model.prompt_ids("Once upon a time")


def test_a_given_tokenizer_with_fewer_ids_limits_sampling(folder, tmp_path):
    (tmp_path / "given.model").write_bytes(sentencepiece_model(290))
    model = pg.load(folder, tokenizer=tmp_path / "given.model")
    assert model.sampled_size == 290
    assert "the tokenizer 290 ids; the rest is never sampled" in said(model)
    assert model.prompt_ids("a")[0] == model.begin_id == model.tokenizer.begin_id
    assert model.stop_ids == (model.tokenizer.special_ids["</s>"],)
    assert model.tokenizer.decode(model.prompt_ids("naïve 中")) == "naïve 中"


@pytest.mark.parametrize("size", [262, 301, 400])
def test_a_tokenizer_of_another_model_is_refused_with_both_sizes(folder, tmp_path, size):
    (tmp_path / "given.json").write_text(byte_level_json(size))
    with pytest.raises(TokenizerError, match=rf"{size} ids.*300 rows"):
        pg.load(folder, tokenizer=tmp_path / "given.json")
    (folder / "tokenizer.json").write_text(byte_level_json(size))
    with pytest.raises(TokenizerError, match=rf"{size} ids.*300 rows"):
        pg.load(folder)


def test_the_other_mistral_tokenizer_is_warned_of(tmp_path):
    """v0.3 has exactly as many pieces as the padded table has rows, and other ids."""
    write_checkpoint("gelu-d12", tmp_path, vocab_size=32768, n_embd=24, n_head=2, n_kv_head=1, n_layer=1)
    (tmp_path / "tokenizer.json").write_text(byte_level_json(32768))
    assert "v0.3" in said(pg.load(tmp_path))


def test_other_mistral_warning_is_absent_for_the_right_one(tmp_path):
    write_checkpoint("gelu-d12", tmp_path, vocab_size=32768, n_embd=24, n_head=2, n_kv_head=1, n_layer=1)
    (tmp_path / "tokenizer.model").write_bytes(sentencepiece_model(32000))
    model = pg.load(tmp_path)
    assert "v0.3" not in said(model)
    assert model.sampled_size == 32000
    (tmp_path / "tokenizer.model").unlink()
    assert pg.load(tmp_path).sampled_size == 32000  # the companion's size, even without it
