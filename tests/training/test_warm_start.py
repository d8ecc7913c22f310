"""What is taken over from a finished demo: rows by the tokens' text, and blocks that compute the same."""

import pytest
import torch

import playground as pg
from playground.networks.pixel_lm import PixelLM, PixelLMConfig
from playground.networks.shard import Shard, ShardConfig
from playground.training.recipes import TOKENIZERS, demo_backpack, demo_gelu_gpt, demo_pixel_lm, initialise
from playground.training.warm_start import copy_blocks, embedding_rows, take_over, token_table

TEXTS = [f"Once upon a time, {name} had {n} red balls.\nThe end." for name in ("Lily", "Tom") for n in range(60)]


@pytest.fixture(scope="module")
def shard():
    return pg.load("demo-shard")


@pytest.fixture(scope="module", params=["backpack", "gelu-gpt", "pixel-lm"])
def tokenizer(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    kind = TOKENIZERS[request.param]
    kind.train(TEXTS, 400, folder)
    return kind.open(folder)


def test_rows_are_those_of_the_same_text(shard, tokenizer):
    table = torch.randn(tokenizer.size, 256, generator=torch.Generator().manual_seed(0))
    rows = embedding_rows(shard, tokenizer, table)
    theirs = shard.network.embedding.weight.float()
    named = 0
    for token_id in range(tokenizer.size):
        text = tokenizer.token_text(token_id)
        if text:
            named += 1
            ids = shard.tokenizer.encode(text)
            expected = sum(theirs[i] for i in ids) / len(ids)
        else:
            expected = theirs.mean(0) + table[token_id]
        assert torch.allclose(rows[token_id], expected, atol=1e-5), (token_id, text)
    assert named >= 100
    for word in (" the", " Lily", " time"):
        ours = next((i for i in range(tokenizer.size) if tokenizer.token_text(i) == word), None)
        if ours is not None:
            assert torch.equal(rows[ours], theirs[shard.tokenizer.encode(word)[0]])


@pytest.mark.parametrize("build", [demo_backpack, demo_gelu_gpt, demo_pixel_lm])
def test_every_recipe_that_starts_from_a_demo_fits_it(build, tmp_path):
    layout = {demo_backpack: "backpack", demo_gelu_gpt: "gelu-gpt", demo_pixel_lm: "pixel-lm"}[build]
    TOKENIZERS[layout].train(TEXTS, 400, tmp_path)
    tokenizer = TOKENIZERS[layout].open(tmp_path)
    network = build(tokenizer.size)
    initialise(network, 0)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    take_over("demo-shard", network, tokenizer)
    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert token_table(network).shape[1] == 256
    if layout == "pixel-lm":
        assert changed == set(before)
    else:
        assert len(changed) == 1
    rows = embedding_rows(pg.load("demo-shard"), tokenizer, torch.zeros(tokenizer.size, 256))
    if layout == "gelu-gpt":
        assert token_table(network)[: tokenizer.size].std().item() == pytest.approx(0.02, rel=1e-3)
        logits = network(torch.arange(3, 40)[None])
        assert logits.abs().max() < 14.9  # far from the cap, or nothing would be learned
    else:
        assert token_table(network).std().item() == pytest.approx(rows.std().item(), rel=0.05)


def shard_network(**changes):
    torch.manual_seed(1)
    sizes = {"dim": 32, "n_layers": 2, "n_heads": 4, "head_dim": 8, "mlp_hidden": 48, "max_seq_len": 64}
    network = Shard(ShardConfig(50, **sizes | changes, lm_head_logit_cap=0.0))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network


def pixel_network(kv_heads):
    return PixelLM(
        PixelLMConfig(
            50, context_length=64, num_layers=2, hidden_size=32, num_attention_heads=4, num_key_value_heads=kv_heads,
            intermediate_size=48, rope_base=10000.0,
        )
    )  # fmt: skip


@torch.no_grad()
def test_copied_blocks_compute_what_shard_computes():
    source, network = shard_network(), pixel_network(4)
    copy_blocks(source, network)
    network.embed_tokens.weight.copy_(source.embedding.weight)
    ids = torch.randint(50, (2, 20), generator=torch.Generator().manual_seed(2))
    assert torch.allclose(network(ids), source(ids), atol=1e-4)


@torch.no_grad()
def test_shared_heads_are_the_mean_of_those_they_replace():
    source, network = shard_network(), pixel_network(2)
    copy_blocks(source, network)
    for theirs, ours in zip(source.blocks, network.layers, strict=True):
        heads = theirs.attention.k.weight.split(8)
        assert torch.allclose(ours.attention.k_proj.weight[:8], (heads[0] + heads[1]) / 2)
        assert torch.allclose(ours.attention.k_proj.weight[8:], (heads[2] + heads[3]) / 2)
        values = theirs.attention.v.weight.split(8)
        assert torch.allclose(ours.attention.v_proj.weight[8:], (values[2] + values[3]) / 2)
