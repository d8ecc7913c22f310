"""Shard's tolerant reading: names of every kind, fused matrices, a user's map, the rotary base that buffers tell."""

import json
import math

import pytest
import torch
from checkpoint_files import change_pt, close, renamed, said

import playground as pg
from playground.benchmarks.random_checkpoint import write_checkpoint
from playground.errors import InvalidConfig, InvalidRequest, MissingFile, TensorMismatch
from playground.networks.shard import Shard, ShardConfig

IDS = [5, 17, 99, 260, 5, 5, 301, 42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
FIXED = {"rope_pairing": "interleaved", "rope_base": 10000.0}
BLOCKS = [f"blocks.{i}." for i in range(3)]


@pytest.fixture
def bundle(tmp_path):
    write_checkpoint("shard", tmp_path)
    return tmp_path


def change(bundle, edit):
    change_pt(bundle / "models/model.pt", edit)


def change_model(bundle, edit):
    def whole(content):
        changed = edit(content["model"])
        return content | {"model": changed if isinstance(changed, dict) else content["model"]}

    change(bundle, whole)


def logits(bundle, **choices):
    return pg.load(bundle, **FIXED | choices).logits(IDS)


def test_the_published_layout(bundle):
    """Against a network filled by hand."""
    content = torch.load(bundle / "models/model.pt", weights_only=True)
    names = ("vocab_size", "dim", "n_layers", "n_heads", "head_dim", "mlp_hidden", "max_seq_len", "sliding_window")
    network = Shard(ShardConfig(**{name: content["cfg"][name] for name in names}))
    state = renamed(
        {name: tensor.float() for name, tensor in content["model"].items()},
        ("tok_emb", "embedding"), ("attn", "attention"), ("_proj", ""), ("w_", ""), ("final_norm", "norm"),
    )  # fmt: skip
    del state["lm_head.weight"]
    network.load_state_dict(state)
    model = pg.load(bundle, **FIXED)
    with torch.inference_mode():
        torch.testing.assert_close(model.logits(IDS), network(torch.tensor([IDS]))[0], atol=1e-5, rtol=1e-5)
    assert model.card.family == "shard"
    assert (model.begin_id, model.stop_ids) == (None, (2, 5))
    assert model.prompt_ids("ab") == model.tokenizer.encode("ab")
    assert model.prompt_ids("") == [1]
    assert (model.card.dtype, model.card.parameters) == ("float32", 36_576)


@pytest.mark.parametrize("place", ["models/model.pt", "model.pt", "models/pretrain.pt", "anything.pt"])
def test_places_of_the_file(bundle, place):
    reference = logits(bundle)
    (bundle / "models/model.pt").rename(bundle / place)
    model = pg.load(bundle, **FIXED)
    close(model.logits(IDS), reference)
    assert model.tokenizer is not None
    close(pg.load(bundle / place, **FIXED).logits(IDS), reference)


def test_a_training_checkpoint_is_read_for_cfg_and_model_only(bundle):
    reference = logits(bundle)
    moments = {"state": {0: {"momentum": torch.zeros(9)}}, "param_groups": [{"lr": 1e-3}]}
    change(bundle, lambda c: c | {"optimizer": moments, "step": 47500, "rng": torch.get_rng_state(), "extra": [1, "x"]})
    model = pg.load(bundle, **FIXED)
    close(model.logits(IDS), reference)
    assert model.card.training == {"step": 47500, "optimizer": "muon", "lr_schedule": "wsd", "z_loss_weight": 1e-4}


SCHEMES = {
    "llama": [
        ("blocks.", "layers."), ("attn.", "self_attn."), ("norm1", "input_norm"), ("norm2", "mlp_norm"),
        ("w_", ""), ("mlp.gate", "mlp.gate_proj"), ("mlp.up", "mlp.up_proj"), ("mlp.down", "mlp.down_proj"),
        ("tok_emb", "embed_tokens"), ("final_norm", "norm"),
    ],
    "meta": [
        ("blocks.", "layers."), ("attn.", "attention."), *((f"{x}_proj", f"w{x}") for x in "qkvo"),
        ("mlp.w_gate", "feed_forward.w1"), ("mlp.w_up", "feed_forward.w3"), ("mlp.w_down", "feed_forward.w2"),
        ("norm1", "attn_norm"), ("norm2", "ffn_norm"), ("tok_emb", "token_embedding"), ("lm_head", "output"),
    ],
    "gpt": [
        ("blocks.", "transformer.h."), *((f"{x}_proj", f"c_{x}") for x in "qkv"), ("o_proj", "c_proj"),
        ("norm1", "ln1"), ("norm2", "ln2"), ("tok_emb", "wte"), ("final_norm", "ln_f"), ("lm_head", "head"),
    ],
    "to_": [
        *((f"{x}_proj", f"to_{x}") for x in "qkv"), ("o_proj", "out_proj"), ("norm1", "pre_attn_norm"),
        ("norm2", "pre_ffn_norm"), ("tok_emb", "emb"), ("final_norm", "norm_out"),
    ],
    "short": [
        *((f"{x}_proj", x) for x in "qkv"), ("o_proj", "proj"), ("w_", ""), ("tok_emb", "embed"),
        ("final_norm", "norm_f"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("scheme", SCHEMES)
def test_names_of_other_schemes(bundle, scheme):
    reference = logits(bundle)
    change_model(bundle, lambda tensors: renamed(tensors, *SCHEMES[scheme]))
    close(logits(bundle), reference)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "_orig_mod.module."])
def test_wrappers_prefixes_are_dropped(bundle, prefix):
    reference = logits(bundle)
    change_model(bundle, lambda tensors: {prefix + name: tensor for name, tensor in tensors.items()})
    close(logits(bundle), reference)


@pytest.mark.parametrize("qkv", ["qkv", "qkv_proj", "c_attn", "wqkv"])
@pytest.mark.parametrize("gate_up", ["up", "w_up", "gate_up", "w12", "fc"])
def test_fused_matrices(bundle, qkv, gate_up):
    """q, k, v in this order; the gate is the first half."""
    reference = logits(bundle)

    def fuse(tensors):
        for block in BLOCKS:
            parts = [tensors.pop(f"{block}attn.{x}_proj.weight") for x in "qkv"]
            tensors[f"{block}attn.{qkv}.weight"] = torch.cat(parts)
            parts = [tensors.pop(f"{block}mlp.{x}.weight") for x in ("w_gate", "w_up")]
            tensors[f"{block}mlp.{gate_up}.weight"] = torch.cat(parts)

    change_model(bundle, fuse)
    close(logits(bundle), reference)


def strange(tensors):
    """Names that no rule knows for two parameters."""
    return renamed(tensors, ("blocks.0.attn.q_proj", "blocks.0.attn.asking"), ("final_norm", "closing"))


MAP = {"blocks.0.attn.asking.weight": "blocks.0.attention.q.weight", "closing.weight": "norm.weight"}


def test_unmatched_names_are_listed_with_the_roles_left_open(bundle):
    change_model(bundle, strange)
    with pytest.raises(TensorMismatch) as refusal:
        pg.load(bundle)
    for text in (*MAP, *MAP.values(), "unknown", "missing", "tensor_map"):
        assert text in str(refusal.value)


@pytest.mark.parametrize("form", ["mapping", "text", "file"])
def test_a_map_of_the_user_fills_them(bundle, tmp_path, form):
    reference = logits(bundle)
    change_model(bundle, strange)
    chosen = MAP
    if form != "mapping":
        chosen = json.dumps(MAP)
    if form == "file":
        chosen = tmp_path / "map.json"
        chosen.write_text(json.dumps(MAP))
    close(logits(bundle, tensor_map=chosen), reference)


@pytest.mark.parametrize(
    ("chosen", "error"),
    [
        ("{not json", InvalidRequest), ("no such file.json", MissingFile), ({"a": 1}, InvalidRequest),
        ([1, 2], InvalidRequest), ("{}x", InvalidRequest), ('{"a": []}', InvalidRequest), ("[]", MissingFile),
        ({"closing.weight": "blocks.0.norm1.weight"}, TensorMismatch), ({"closing.weight": "x"}, TensorMismatch),
    ],
)  # fmt: skip
def test_a_map_that_is_none_is_refused(bundle, chosen, error):
    change_model(bundle, strange)
    with pytest.raises(error):
        pg.load(bundle, tensor_map=chosen)


def test_two_tensors_for_one_role_are_refused(bundle):
    change_model(bundle, lambda tensors: tensors | {"blocks.1.attn.wq.weight": torch.zeros(32, 32)})
    with pytest.raises(TensorMismatch, match=r"blocks\.1\.attention\.q\.weight"):
        pg.load(bundle)
    change_model(bundle, lambda tensors: tensors.pop("blocks.1.attn.wq.weight"))
    change_model(bundle, lambda tensors: tensors | {"blocks.1.attn.qkv.weight": torch.zeros(96, 32)})
    with pytest.raises(TensorMismatch, match=r"blocks\.1\.attention\.[qkv]\.weight"):
        pg.load(bundle)


def test_a_head_that_differs_is_used(bundle):
    head = torch.randn(320, 32).bfloat16()
    change_model(bundle, lambda tensors: tensors | {"lm_head.weight": head})
    model = pg.load(bundle, **FIXED)
    assert torch.equal(model.network.head.weight, head.float())
    assert "differs" in said(model)
    change_model(bundle, lambda tensors: tensors.pop("lm_head.weight"))
    assert pg.load(bundle, **FIXED).network.head is None


def table(base, form, dtype, positions=40, head=8):
    """Rotary tables as different codes keep them."""
    frequencies = torch.tensor([base ** (-2 * j / head) for j in range(head // 2)])
    angles = torch.outer(torch.arange(positions).float(), frequencies)
    if form == "inv_freq":
        return {"rope.inv_freq": frequencies.to(dtype)}
    if form == "freqs":
        return {"freqs": angles.to(dtype)}
    if form == "halves doubled":
        angles = torch.cat((angles, angles), dim=-1)
    if form == "pairs doubled":
        angles = angles.repeat_interleave(2, dim=-1)
    if form == "broadcast":
        angles = angles[None, None]
    return {"rope.cos_cached": angles.cos().to(dtype), "rope.sin_cached": angles.sin().to(dtype)}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("form", ["inv_freq", "freqs", "plain", "halves doubled", "pairs doubled", "broadcast"])
@pytest.mark.parametrize("base", [10000.0, 50000.0, 500000.0, 1000000.0])
def test_persisted_tables_tell_the_base(bundle, base, form, dtype):
    change_model(bundle, lambda tensors: tensors | table(base, form, dtype))
    model = pg.load(bundle, rope_pairing="half")
    assert model.network.config.rope_base == base
    assert f"half pairs, base {base:,.0f}" in said(model)
    assert pg.load(bundle, rope_base=77.0, rope_pairing="half").network.config.rope_base == 77.0


def test_exact_tables_tell_an_odd_base(bundle):
    change_model(bundle, lambda tensors: tensors | table(123400.0, "plain", torch.float32))
    assert pg.load(bundle).network.config.rope_base == pytest.approx(123400.0, rel=1e-3)


@pytest.mark.parametrize(
    "shapes", [((5, 4), (7, 3)), ((), ()), ((1, 4), (1, 4)), ((40,), (40,)), ((9, 2, 4), (9, 2, 4))]
)
def test_tables_of_odd_shapes_tell_nothing(bundle, shapes):
    odd = {"rope_cos": torch.ones(shapes[0]), "rope_sin": torch.zeros(shapes[1]), "attn_mask": torch.ones(3, 3)}
    change_model(bundle, lambda tensors: tensors | odd)
    assert "assumed" in said(pg.load(bundle))


@pytest.mark.parametrize("key", ["rope_theta", "rope_base", "rope_freq_base", "theta"])
def test_a_base_in_the_cfg_is_used(bundle, key):
    change(bundle, lambda c: c["cfg"].update({key: 500000}))
    model = pg.load(bundle, rope_pairing="interleaved")
    assert model.network.config.rope_base == 500000.0
    close(model.logits(IDS), logits(bundle, rope_base=500000.0))


@pytest.mark.parametrize("key", ["norm_eps", "rms_eps", "rms_norm_eps", "eps"])
def test_an_epsilon_in_the_cfg_is_used(bundle, key):
    assert pg.load(bundle).network.norm.eps == 1e-5
    change(bundle, lambda c: c["cfg"].update({key: 0.01}))
    assert pg.load(bundle).network.norm.eps == 0.01


def test_a_cap_of_none_or_zero_is_none(bundle):
    capped = logits(bundle)
    change(bundle, lambda c: c["cfg"].update(lm_head_logit_cap=None))
    uncapped = logits(bundle)
    torch.testing.assert_close(capped, 30 * torch.tanh(uncapped / 30), atol=1e-5, rtol=1e-5)
    change(bundle, lambda c: c["cfg"].pop("lm_head_logit_cap"))
    close(logits(bundle), capped)


def test_head_dim_follows_from_the_others(bundle):
    reference = logits(bundle)
    change(bundle, lambda c: c["cfg"].pop("head_dim"))
    close(logits(bundle), reference)


def test_engram_is_refused_only_where_it_is(bundle):
    reference = logits(bundle)
    change(bundle, lambda c: c["cfg"].update(engram_enabled=True))
    model = pg.load(bundle, **FIXED)
    close(model.logits(IDS), reference)
    assert "engram" in said(model)
    change_model(bundle, lambda tensors: tensors | {"engram.table.weight": torch.zeros(4, 4)})
    with pytest.raises(InvalidConfig, match="engram"):
        pg.load(bundle)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("dim", -32), ("dim", 2**40), ("dim", 32.0), ("dim", "32"), ("dim", None), ("dim", [32]), ("n_heads", 0),
        ("n_heads", True), ("n_heads", -4), ("n_layers", 10**9), ("vocab_size", -5), ("mlp_hidden", "x"),
        ("head_dim", 7), ("head_dim", "8"), ("head_dim", -8), ("head_dim", 8.0), ("max_seq_len", 0),
        ("sliding_window", -1), ("sliding_window", 2**50), ("attention_pattern", "other"), ("attention_pattern", ["a"]),
        ("rope_theta", -1.0), ("rope_theta", "big"), ("norm_eps", -1), ("lm_head_logit_cap", -30),
        ("lm_head_logit_cap", "thirty"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("buffers", [False, True])
def test_impossible_configs_are_refused(bundle, key, value, buffers):
    change(bundle, lambda c: c["cfg"].update({key: value}))
    if buffers:
        change_model(bundle, lambda tensors: tensors | table(10000.0, "plain", torch.float32))
    with pytest.raises(InvalidConfig, match=key):
        pg.load(bundle)


@pytest.mark.parametrize(
    "choices", [{"rope_base": "big"}, {"rope_base": -1}, {"rope_pairing": "both"}, {"rope_pairing": 3}]
)
def test_impossible_choices_are_refused(bundle, choices):
    with pytest.raises(pg.PlaygroundError, match=next(iter(choices))):
        pg.load(bundle, **choices)


def test_choices_of_other_families_are_refused(bundle):
    with pytest.raises(InvalidRequest, match=r"divide_by_senses.*rope_base, rope_pairing, tensor_map"):
        pg.load(bundle, divide_by_senses=True)


def test_a_random_file_has_defaults_and_says_so(bundle):
    model = pg.load(bundle)
    config = model.network.config
    assert (config.rope_pairing, config.rope_base) == tuple(FIXED.values())
    assert "assumed; the weights look untrained" in said(model)
    assert f"chance is {math.log(320):.2f}" in said(model)
    (bundle / "models/tokenizer.json").unlink()
    assert "without a tokenizer nothing could be measured" in said(pg.load(bundle))
