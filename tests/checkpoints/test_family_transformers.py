"""Folders of the transformers library: its own numbers, our safe reading of the files, nothing of a checkpoint run."""

import json
import shutil

import pytest
import torch
from checkpoint_files import change_json, change_safetensors, close
from refusals import refused
from transformers import AutoModelForCausalLM, Gemma2Config, GPT2Config, LlamaConfig, MixtralConfig

import playground as pg
from playground.benchmarks.random_tokenizers import byte_level_json
from playground.errors import InvalidConfig, TensorMismatch, TokenizerError, UnknownFamily

VOCABULARY = 262
COMMON = {"vocab_size": VOCABULARY, "bos_token_id": 1, "eos_token_id": 2}
HEADS = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "intermediate_size": 40, "max_position_embeddings": 64}  # fmt: skip
CONFIGS = {
    "gpt2": GPT2Config(**COMMON, n_positions=64, n_embd=32, n_layer=2, n_head=4),
    "llama": LlamaConfig(**COMMON, **HEADS),
    "llama, tied": LlamaConfig(**COMMON, **HEADS, tie_word_embeddings=True),
    "mixtral, renamed on loading": MixtralConfig(**COMMON, **HEADS, num_local_experts=4),
    "gemma2": Gemma2Config(**COMMON, **HEADS, head_dim=8, sliding_window=8),
}
IDS = [5, 17, 99, 250, 5, 5, 42, 3, 8, 1, 2, 77]


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """name -> (folder, the library's own logits)."""
    root, made = tmp_path_factory.mktemp("transformers"), {}
    for name, config in CONFIGS.items():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(config).eval()
        folder = root / name
        model.save_pretrained(folder)
        (folder / "tokenizer.json").write_text(byte_level_json(VOCABULARY))
        with torch.inference_mode():
            made[name] = folder, model(input_ids=torch.tensor([IDS])).logits[0], model.num_parameters()
    return made


@pytest.fixture
def llama(originals, tmp_path):
    return shutil.copytree(originals["llama"][0], tmp_path / "llama")


@pytest.mark.parametrize("name", CONFIGS)
def test_logits_are_the_librarys_own(originals, name):
    folder, expected, parameters = originals[name]
    model = pg.load(folder)
    close(model.logits(IDS), expected)
    assert model.card.family == "transformers"
    assert model.card.parameters == parameters
    assert model.card.context_length == 64
    assert model.stop_ids == (2,)
    assert model.card.notes == ()
    close(pg.load(folder / "model.safetensors").logits(IDS), expected)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_token_loop_gives_the_librarys_greedy_text(originals, name):
    folder, _, _ = originals[name]
    options = pg.SamplingOptions(max_new_tokens=12, temperature=0, stop_ids=())
    found = [step.token_id for step in pg.sample(pg.load(folder), IDS, options)]
    theirs = AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = list(IDS)
    with torch.inference_mode():
        for _ in range(12):
            ids.append(int(theirs(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    assert found == ids[len(IDS) :]


def test_the_dtype_is_the_one_asked_for(originals):
    model = pg.load(originals["llama"][0], dtype="bfloat16")
    assert {parameter.dtype for parameter in model.network.parameters()} == {torch.bfloat16}
    assert model.card.dtype == "bfloat16"
    assert model.logits(IDS).dtype == torch.float32


def test_files_of_another_name_are_the_ones_that_are_read(llama, originals):
    """The library would look for model.safetensors; here it gets what was named and opened."""
    expected = originals["llama"][1]
    (llama / "model.safetensors").rename(llama / "mine.safetensors")
    close(pg.load(llama).logits(IDS), expected)
    (llama / "model.safetensors").write_bytes(b"not weights")
    model = pg.load(llama / "mine.safetensors")
    close(model.logits(IDS), expected)
    assert model.card.source == ("mine.safetensors",)


def test_shards_and_bins(originals, tmp_path):
    folder, expected, _ = originals["llama"]
    theirs = AutoModelForCausalLM.from_pretrained(folder)
    theirs.save_pretrained(tmp_path / "shards", max_shard_size="20KB")
    assert (tmp_path / "shards/model.safetensors.index.json").is_file()
    close(pg.load(tmp_path / "shards").logits(IDS), expected)
    shutil.copytree(folder, tmp_path / "bin", ignore=shutil.ignore_patterns("*.safetensors"))
    torch.save(theirs.state_dict(), tmp_path / "bin/pytorch_model.bin")
    close(pg.load(tmp_path / "bin").logits(IDS), expected)


def test_code_of_a_checkpoint_is_never_run(llama, originals):
    (llama / "modeling_evil.py").write_text(f"open({str(llama / 'ran')!r}, 'w')\nclass Evil: pass\n")
    change_json(
        llama / "config.json",
        auto_map={"AutoConfig": "modeling_evil.Evil", "AutoModelForCausalLM": "modeling_evil.Evil"},
    )
    close(pg.load(llama).logits(IDS), originals["llama"][1])
    change_json(llama / "config.json", model_type="evil")
    with pytest.raises(UnknownFamily):
        pg.load(llama)
    assert not (llama / "ran").exists()


def test_an_architecture_that_the_library_does_not_know_is_named_with_what_was_looked_for(llama):
    change_json(llama / "config.json", model_type="never_heard_of")
    with pytest.raises(UnknownFamily) as refusal:
        pg.load(llama)
    for text in ("pixel-lm (", "shard (", "gelu-gpt (", "backpack (", "pixel-mae (", "transformers (", "model_type"):
        assert text in str(refusal.value)


def test_missing_unknown_and_misshapen_tensors_are_listed(llama):
    weights = llama / "model.safetensors"
    change_safetensors(weights, lambda tensors: tensors | {"model.extra.weight": torch.zeros(3)})
    with pytest.raises(TensorMismatch, match=r"extra\.weight"):
        pg.load(llama)
    change_safetensors(weights, lambda tensors: (tensors.pop("model.extra.weight"), tensors.pop("model.norm.weight")))
    with pytest.raises(TensorMismatch, match=r"missing: model\.norm\.weight"):
        pg.load(llama)
    change_safetensors(weights, lambda tensors: tensors | {"model.norm.weight": torch.zeros(31)})
    with pytest.raises(TensorMismatch, match=r"misshapen: model\.norm\.weight \(31,\) instead of \(32,\)"):
        pg.load(llama)


def test_broken_numbers_are_refused(llama):
    change_safetensors(llama / "model.safetensors", lambda tensors: tensors["model.norm.weight"].fill_(float("nan")))
    with pytest.raises(TensorMismatch, match=r"norm\.weight holds NaN"):
        pg.load(llama)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hidden_size", -32), ("hidden_size", 2**40), ("hidden_size", "32"), ("hidden_size", 2**20),
        ("num_hidden_layers", 10**9), ("num_hidden_layers", 1000), ("num_hidden_layers", -1), ("vocab_size", 2**62),
        ("num_attention_heads", 0), ("num_attention_heads", 7), ("intermediate_size", 10**12),
        ("num_key_value_heads", 0), ("num_key_value_heads", "x"), ("rms_norm_eps", "x"), ("hidden_act", "no such"),
        ("rope_parameters", {"rope_type": "no such"}), ("rope_parameters", 3), ("head_dim", -8), ("dtype", "float7"),
        ("quantization_config", {"quant_method": "gptq"}), ("max_position_embeddings", "many"),
        ("attention_dropout", "x"),
    ],
)  # fmt: skip
def test_impossible_configs_are_refused(llama, key, value):
    """The library checks some of them by itself, at length."""
    change_json(llama / "config.json", **{key: value})
    assert len(refused(llama)) < 800


@pytest.mark.parametrize(
    ("key", "value"), [("quantization_config", {"quant_method": "?"}), ("max_position_embeddings", -1)]
)
def test_settings_that_the_library_does_not_mind_do_no_harm(llama, originals, key, value):
    change_json(llama / "config.json", **{key: value})
    close(pg.load(llama).logits(IDS), originals["llama"][1])


def test_a_config_far_beyond_the_weights_is_refused_before_memory_is_taken(llama):
    change_json(
        llama / "config.json", hidden_size=2**18, vocab_size=2**20, num_hidden_layers=100, intermediate_size=2**20
    )
    with pytest.raises(InvalidConfig, match="numbers"):
        pg.load(llama)


def test_a_tokenizer_with_more_ids_than_rows_is_refused(llama):
    (llama / "tokenizer.json").write_text(byte_level_json(VOCABULARY + 1))
    with pytest.raises(TokenizerError, match=r"263 ids.*262 rows"):
        pg.load(llama)


def test_end_tokens_come_from_the_generation_config_first(llama):
    (llama / "generation_config.json").write_text(json.dumps({"eos_token_id": [7, 9, "x", 10**9]}))
    assert pg.load(llama).stop_ids[:2] == (7, 9)
