"""What is measured has the published sizes, and its peer reads as many weights for a token."""

import pytest
import torch

from playground.benchmarks.subjects import (
    MULTIPLE,
    SUBJECTS,
    equal_sizes,
    generate,
    make_llama,
    peer_weights,
    weights_read,
)

NAMES = {subject.name: subject for subject in SUBJECTS}
PUBLISHED = {
    "shard": 54_538_752, "pixel_100m": 76_485_888, "gelu_d12": 261_096_338, "backpack": 170_083_584,
    "backpack_1b": 1_351_743_936,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_sizes_are_the_published_ones(name):
    assert NAMES[name].parameters("published") == PUBLISHED[name]
    assert NAMES[name].parameters("quick") < PUBLISHED[name]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_random_models_say_something_finite(name, dtype):
    model = NAMES[name].model("tiny", dtype)
    assert {parameter.dtype for parameter in model.network.parameters()} == {dtype}
    logits = model.logits([3, 1, 4, 1, 5])
    assert torch.isfinite(logits).all()
    assert logits.std() > 0


def test_the_shard_reads_every_weight_for_a_token():
    network = NAMES["shard"].model("tiny", torch.float32).network
    assert weights_read(network) == sum(parameter.numel() for parameter in network.parameters())


def test_a_backpack_reads_its_senses_from_memory():
    network = NAMES["backpack"].model("tiny", torch.float32).network
    left_out = [*network.sense_network.parameters(), network.encoder.wpe.weight]
    everything = sum(parameter.numel() for parameter in network.parameters())
    assert weights_read(network) == everything - sum(parameter.numel() for parameter in left_out)


def test_a_gelu_gpt_reads_a_row_of_its_value_tables():
    network = NAMES["gelu_d12"].model("tiny", torch.float32).network
    matrices = [p.numel() for n, p in network.named_parameters() if p.dim() == 2 and "value_embed" not in n]
    vectors = [p.numel() for p in network.parameters() if p.dim() < 2]
    assert any("value_embed" in name for name, _ in network.named_parameters())
    assert weights_read(network) == sum(matrices) + sum(vectors)


@pytest.mark.parametrize("name", NAMES)
def test_the_peer_reads_as_many_weights(name):
    network = NAMES[name].model("tiny", torch.float32).network
    peer = make_llama(equal_sizes(network), torch.float32)
    config = peer.config
    a_step = 3 * MULTIPLE * config.hidden_size * config.num_hidden_layers  # by which the inner width goes
    assert abs(peer_weights(peer) - weights_read(network)) <= a_step
    assert config.vocab_size == network.vocab_size


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_peer_is_as_transformers_makes_it(dtype):
    from transformers import AutoModelForCausalLM

    peer = make_llama(equal_sizes(NAMES["pixel_100m"].model("tiny", torch.float32).network), dtype)
    plain = AutoModelForCausalLM.from_config(peer.config, dtype=dtype).eval()
    weights = peer.state_dict()
    assert {name: weight.dtype for name, weight in weights.items()} == {
        name: weight.dtype for name, weight in plain.state_dict().items()
    }
    assert peer.lm_head.weight is peer.model.embed_tokens.weight
    plain.load_state_dict(weights)
    ids = torch.tensor([[5, 6, 7, 1]])
    assert torch.equal(peer(ids).logits, plain(ids).logits)
    assert torch.isfinite(peer(ids).logits).all()


def test_the_peer_writes_greedily():
    peer = make_llama(equal_sizes(NAMES["shard"].model("tiny", torch.float32).network), torch.float32)
    ids = torch.tensor([[5, 6, 7], [8, 9, 10]])
    written = generate(peer, ids, 4)
    for _ in range(4):
        ids = torch.cat((ids, peer(ids, use_cache=False).logits[:, -1:].argmax(-1)), 1)
    assert torch.equal(written, ids)
