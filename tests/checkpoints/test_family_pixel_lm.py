"""The bundle of pixel_100m: names, config against weights, experts, LoRA, heads, manifest, tokenizers, prompts."""

import json

import pytest
import torch
from checkpoint_files import change_json, change_pt, close, said

import playground as pg
from playground.benchmarks.random_checkpoint import PIXEL_100M, write_checkpoint
from playground.errors import InvalidConfig, TensorMismatch, TokenizerError
from playground.networks.pixel_lm import MoEConfig, PixelLM, PixelLMConfig

IDS = [0, 17, 99, 260, 5, 5, 299, 42]


@pytest.fixture
def bundle(tmp_path):
    write_checkpoint("pixel_100m", tmp_path)
    return tmp_path


def change(bundle, edit):
    change_pt(bundle / "latest.pt", edit)


def expected(bundle, **config):
    """Logits of a network filled by hand from the stored names."""
    content = torch.load(bundle / "latest.pt", weights_only=True)
    tensors = content["model"]
    names = ("vocab_size", "context_length", "num_layers", "hidden_size", "num_attention_heads", "num_key_value_heads",
             "intermediate_size")  # fmt: skip
    sizes = {name: content["metadata"]["model"][name] for name in names} | config
    network = PixelLM(PixelLMConfig(**sizes))
    state = {}
    for name, tensor in tensors.items():
        for x in ("gate", "up", "down"):
            name = name.replace(f".{x}_proj", f".{x}")
        state[name] = tensor
    if network.lm_head is None:
        del state["lm_head.weight"]
    network.load_state_dict(state)
    with torch.inference_mode():
        return network(torch.tensor([IDS]))[0]


def test_a_whole_training_checkpoint_gives_its_model(bundle):
    model = pg.load(bundle)
    close(model.logits(IDS), expected(bundle))
    assert model.card.family == "pixel-lm"
    assert model.card.training["step"] == 10
    assert model.card.training["total_steps"] == 10
    assert "only 10 steps" in said(model)
    assert model.card.source == ("latest.pt",)
    assert (model.begin_id, model.stop_ids) == (0, (1,))
    assert model.card.abilities == ("generate",)


@pytest.mark.parametrize("prefix", ["model.", "module.", "_orig_mod.", "module._orig_mod.model."])
def test_wrappers_prefixes_are_dropped(bundle, prefix):
    reference = pg.load(bundle).logits(IDS)
    change(bundle, lambda c: c | {"model": {prefix + name: tensor for name, tensor in c["model"].items()}})
    close(pg.load(bundle / "latest.pt").logits(IDS), reference)


def test_the_same_name_with_and_without_a_prefix_is_refused(bundle):
    change(bundle, lambda c: c["model"].update({"module.norm.weight": torch.ones(48)}))
    with pytest.raises(TensorMismatch, match=r"norm\.weight"):
        pg.load(bundle)


def test_the_weights_win_over_the_metadata_and_the_card_says_so(bundle):
    reference = pg.load(bundle).logits(IDS)
    change(bundle, lambda c: c["metadata"]["model"].update(vocab_size=16000, num_layers=9, intermediate_size=48))
    model = pg.load(bundle)
    close(model.logits(IDS), reference)
    assert model.card.vocabulary == 300
    assert "vocab_size = 16000, the weights say 300" in said(model)
    assert "num_layers = 9, the weights say 2" in said(model)
    assert "intermediate_size = 48, the weights say 64" in said(model)


def test_metadata_is_trusted_before_the_json_file(bundle):
    reference = pg.load(bundle).logits(IDS)
    change_json(bundle / "pixel_model_config.json", num_attention_heads=3, num_key_value_heads=1, rope_base=17)
    close(pg.load(bundle).logits(IDS), reference)


def test_without_metadata_the_json_file_serves(bundle):
    reference = pg.load(bundle).logits(IDS)
    change(bundle, lambda c: {"model": c["model"]})
    close(pg.load(bundle).logits(IDS), reference)
    (bundle / "pixel_model_config.json").unlink()
    with pytest.raises(InvalidConfig, match=r"pixel_model_config\.json"):
        pg.load(bundle)


def test_missing_optional_keys_take_their_defaults(bundle):
    mandatory = ("name", "vocab_size", "context_length", "num_layers", "hidden_size", "num_attention_heads",
                 "num_key_value_heads", "intermediate_size")  # fmt: skip
    sizes = json.loads((bundle / "pixel_model_config.json").read_text())
    (bundle / "pixel_model_config.json").unlink()
    change(bundle, lambda c: c["metadata"].update(model={name: sizes[name] for name in mandatory}))
    close(pg.load(bundle).logits(IDS), expected(bundle, rope_base=500000.0, rms_norm_eps=1e-5))


@pytest.mark.parametrize("key", ["context_length", "num_attention_heads", "num_key_value_heads", "hidden_size"])
def test_missing_mandatory_keys_are_named(bundle, key):
    (bundle / "pixel_model_config.json").unlink()
    change(bundle, lambda c: c["metadata"]["model"].pop(key))
    with pytest.raises(InvalidConfig, match=key):
        pg.load(bundle)


def test_experts(tmp_path):
    moe = {"enabled": True, "num_experts": 3, "top_k": 2, "expert_interval": 2}
    write_checkpoint("pixel_100m", tmp_path, use_moe=True, moe=moe, num_layers=4)
    model = pg.load(tmp_path)
    close(model.logits(IDS), expected(tmp_path, moe=MoEConfig(3, 2, 2)))
    assert model.card.sizes["moe"]["expert_interval"] == 2
    change(tmp_path, lambda c: c["metadata"]["model"].update(moe={"top_k": 1}, use_moe=False))
    close(pg.load(tmp_path).logits(IDS), expected(tmp_path, moe=MoEConfig(3, 1, 2)))


def test_an_absurd_number_of_experts_is_refused_before_anything_is_built(bundle):
    router = torch.zeros(2**20, 48)
    change(bundle, lambda c: c["model"].update({"layers.0.feed_forward.router.weight": router}))
    with pytest.raises(InvalidConfig, match="num_experts"):
        pg.load(bundle)


def with_lora(content, rank=4, suffix=""):
    """Take an adapter off every projection, so that base and adapter add up to the stored weights."""
    model, generator = content["model"], torch.Generator().manual_seed(1)
    content["metadata"]["model"]["lora"] |= {"enabled": True, "rank": rank, "alpha": 6}
    for name in [name for name in model if "_proj" in name]:
        weight, stem = model.pop(name), name.removesuffix(".weight")
        a = torch.randn(rank, weight.shape[1], generator=generator)
        b = torch.randn(weight.shape[0], rank, generator=generator)
        model[f"{stem}.base_layer.weight"] = weight - 6 / rank * b @ a
        model[f"{stem}.lora_a{suffix}"], model[f"{stem}.lora_b{suffix}"] = a, b


@pytest.mark.parametrize("suffix", ["", ".weight"])
def test_lora_is_merged(bundle, suffix):
    reference = pg.load(bundle).logits(IDS)
    change(bundle, lambda c: with_lora(c, suffix=suffix))
    model = pg.load(bundle)
    torch.testing.assert_close(model.logits(IDS), reference, atol=2e-4, rtol=1e-4)
    assert "LoRA adapters of 14 matrices were merged" in said(model)
    assert model.card.parameters == sum(p.numel() for p in model.network.parameters()) == 45_360


Q = "layers.0.attention.q_proj"


@pytest.mark.parametrize(
    "damage",
    [
        {f"{Q}.lora_a": None},
        {f"{Q}.lora_b": None},
        {f"{Q}.base_layer.weight": None},
        {f"{Q}.lora_a": torch.zeros(4, 47)},
        {f"{Q}.lora_b": torch.zeros(48, 5)},
        {f"{Q}.lora_a": torch.zeros(48)},
        {f"{Q}.lora_a": torch.zeros(0, 48), f"{Q}.lora_b": torch.zeros(48, 0)},
        {f"{Q}.base_layer.weight": torch.zeros(())},
        {f"{Q}.weight": torch.zeros(48, 48)},
    ],
    ids=lambda damage: f"{next(iter(damage))} {getattr(next(iter(damage.values())), 'shape', 'gone')}",
)
def test_lora_that_does_not_fit_is_refused(bundle, damage):
    def spoil(content):
        with_lora(content)
        content["model"].update(damage)
        content["model"] = {name: tensor for name, tensor in content["model"].items() if tensor is not None}

    change(bundle, spoil)
    with pytest.raises(TensorMismatch, match="q_proj"):
        pg.load(bundle)


def test_heads_are_tied_when_the_weights_are(bundle):
    tied = pg.load(bundle)
    assert tied.network.lm_head is None
    change(bundle, lambda c: c["model"].update({"lm_head.weight": c["model"]["embed_tokens.weight"].clone()}))
    assert pg.load(bundle).network.lm_head is None  # a second copy
    change(bundle, lambda c: c["model"].pop("lm_head.weight"))
    close(pg.load(bundle).logits(IDS), tied.logits(IDS))


def test_a_head_of_its_own_is_used_whatever_the_config_says(bundle):
    change(bundle, lambda c: c["model"].update({"lm_head.weight": torch.randn(300, 48)}))
    model = pg.load(bundle)
    close(model.logits(IDS), expected(bundle, tie_word_embeddings=False))
    assert "differs" in said(model)
    assert model.card.parameters == 45_360 + 300 * 48


def test_an_untied_config_without_a_head_is_refused(bundle):
    change(
        bundle, lambda c: (c["metadata"]["model"].update(tie_word_embeddings=False), c["model"].pop("lm_head.weight"))
    )
    with pytest.raises(TensorMismatch, match=r"missing: lm_head\.weight"):
        pg.load(bundle)


def test_the_manifest_names_the_file(bundle):
    reference = pg.load(bundle).logits(IDS)
    (bundle / "latest.pt").rename(bundle / "step_10.pt")
    (bundle / "other.pt").write_bytes(b"not a checkpoint")
    change_json(bundle / "manifest.json", latest="step_10.pt")
    model = pg.load(bundle)
    assert model.card.source == ("step_10.pt",)
    close(model.logits(IDS), reference)


@pytest.mark.parametrize("named", ["../elsewhere.pt", "/etc/passwd", "gone.pt", "", ".", "*", 7, None])
def test_a_manifest_that_points_nowhere_useful_is_passed_over(bundle, named):
    change_json(bundle / "manifest.json", latest=named)
    assert pg.load(bundle).card.source == ("latest.pt",)


def test_the_json_byte_tokenizer_in_place_of_the_model(tmp_path):
    write_checkpoint("pixel_100m", tmp_path, vocab_size=260)
    (tmp_path / "pixel_tokenizer.model").write_text('{"type": "simple-byte", "vocab_size": 260}')
    model = pg.load(tmp_path)
    assert model.prompt_ids(" aé ") == [0, 4 + ord("a"), 4 + 0xC3, 4 + 0xA9]
    assert model.tokenizer.decode([4 + ord("h"), 4 + ord("i"), 1]) == "hi"


def test_a_tokenizer_of_another_size_is_refused_with_both_sizes(bundle, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    write_checkpoint("pixel_100m", other, vocab_size=301)
    with pytest.raises(TokenizerError, match=r"301 ids.*300 rows"):
        pg.load(bundle, tokenizer=other / "pixel_tokenizer.model")
    (bundle / "pixel_tokenizer.model").write_bytes((other / "pixel_tokenizer.model").read_bytes())
    with pytest.raises(TokenizerError, match=r"301 ids.*300 rows"):
        pg.load(bundle)


def test_without_a_tokenizer_it_reads_ids(bundle):
    (bundle / "pixel_tokenizer.model").unlink()
    model = pg.load(bundle)
    assert model.tokenizer is None
    assert "no tokenizer, so prompts are raw token ids" in said(model)
    assert model.prompt_ids("17 4, 99") == [17, 4, 99]
    assert model.logits(IDS).shape == (8, 300)


def test_prompts_are_stripped_and_encode_is_not(bundle):
    model = pg.load(bundle)
    assert model.prompt_ids("  two \t\nlines  \n\n") == model.prompt_ids("two\nlines")
    assert model.tokenizer.encode(" x ") != model.tokenizer.encode("x")
    assert model.prompt_ids("") == [0]
    assert model.prompt_ids("x")[0] == 0


def test_published_names_and_shapes_fit(tmp_path):
    """At published width and depth, but without writing 0.9 GB: the stored names are those of the small one."""
    sizes = write_checkpoint("pixel_100m", tmp_path)
    assert set(PIXEL_100M) == set(sizes)
    content = torch.load(tmp_path / "latest.pt", weights_only=True)
    assert set(content) == {"step", "model", "optimizer", "scaler", "config", "metadata", "rng_cpu", "rng_cuda"}
    assert content["model"]["lm_head.weight"].data_ptr() == content["model"]["embed_tokens.weight"].data_ptr()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hidden_size", -48), ("hidden_size", 2**40), ("hidden_size", 48.5), ("hidden_size", "48"),
        ("hidden_size", {}), ("hidden_size", [48]), ("hidden_size", True),
        ("num_attention_heads", 0), ("num_attention_heads", 5), ("num_key_value_heads", 4),
        ("num_key_value_heads", -1), ("context_length", 0), ("context_length", 10**12), ("num_layers", 10**9),
        ("vocab_size", -1), ("intermediate_size", 1e30), ("rope_base", -1), ("rope_base", "big"), ("rope_base", 1e300),
        ("rms_norm_eps", 0), ("rms_norm_eps", True), ("rms_norm_eps", []),
        ("num_attention_heads", 2**20), pytest.param("num_attention_heads", 10**600, id="600 digits"),
    ],
)  # fmt: skip
def test_impossible_configs_are_refused(bundle, key, value):
    change(bundle, lambda c: c["metadata"]["model"].update({key: value}))
    with pytest.raises(InvalidConfig, match=key.split("_")[-1]) as refusal:
        pg.load(bundle)
    assert len(str(refusal.value)) < 500


@pytest.mark.parametrize("value", [5, "text", [1], {"model": 5}, {"model": [["a", 1, 2]]}, {"model": "text"}])
def test_metadata_of_another_kind_is_passed_over(bundle, value):
    reference = pg.load(bundle).logits(IDS)
    change(bundle, lambda c: c.update(metadata=value))
    close(pg.load(bundle).logits(IDS), reference)


@pytest.mark.parametrize(
    ("key", "value"), [("lora", True), ("lora", [1]), ("moe", 3), ("moe", {"top_k": -1}), ("lora", {})]
)
def test_odd_settings_of_parts_that_are_not_there_do_no_harm(bundle, key, value):
    change(bundle, lambda c: c["metadata"]["model"].update({key: value}))
    assert pg.load(bundle).card.parameters == 45_360


@pytest.mark.parametrize(("key", "value"), [("moe", 3), ("moe", {"top_k": -1}), ("moe", {"top_k": "2"}), ("moe", [2])])
def test_odd_settings_of_experts_are_refused(tmp_path, key, value):
    moe = {"enabled": True, "num_experts": 3, "top_k": 2, "expert_interval": 2}
    write_checkpoint("pixel_100m", tmp_path, use_moe=True, moe=moe)
    change(tmp_path, lambda c: c["metadata"]["model"].update({key: value}))
    with pytest.raises(InvalidConfig, match="moe"):
        pg.load(tmp_path)


@pytest.mark.parametrize("value", [3, {"alpha": "much"}, {"alpha": -1}, [1]])
def test_odd_settings_of_lora_are_refused(bundle, value):
    change(bundle, lambda c: (with_lora(c), c["metadata"]["model"].update(lora=value)))
    with pytest.raises(InvalidConfig, match=r"lora|alpha"):
        pg.load(bundle)
