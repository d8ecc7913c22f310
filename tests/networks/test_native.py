"""The wrapped networks of the transformers library: cached steps, chunks and rows, whatever their own cache is."""

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GPT2Config,
    LlamaConfig,
    MambaConfig,
    MixtralConfig,
    RwkvConfig,
)

from playground.errors import InvalidRequest
from playground.networks.native import NativeNetwork

SIZES = {
    "vocab_size": 61,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 40, "max_position_embeddings": 64}
CONFIGS = {
    "gpt2": GPT2Config(vocab_size=61, n_positions=64, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0),
    "llama": LlamaConfig(**SIZES, **HEADS),
    "mixtral": MixtralConfig(**SIZES, **HEADS, num_local_experts=4),
    "gemma2, sliding": Gemma2Config(**SIZES, **HEADS, head_dim=8, sliding_window=8, final_logit_softcapping=5.0),
    "mamba, a state": MambaConfig(**SIZES),
    "rwkv, a state": RwkvConfig(**SIZES, context_length=64),
}


@pytest.fixture(params=CONFIGS)
def network(request):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIGS[request.param]).eval().requires_grad_(False)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.mul_(3)  # so that what comes before matters
    return NativeNetwork(model, context_length=64)


def close(found, expected):
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("partition", [[1] * 40, [12] + [1] * 28, [5, 20, 1, 14]], ids=["steps", "prompt", "chunks"])
@torch.inference_mode()
def test_cached_logits_are_those_of_the_library(network, partition):
    ids = torch.randint(61, (2, 40), generator=torch.Generator().manual_seed(1))
    expected = network.model(input_ids=ids, use_cache=False).logits
    assert expected.std() > 0.05
    close(network(ids), expected)
    cache, found = network.new_cache(), []
    for chunk in ids.split(partition, dim=1):
        found.append(network(chunk, cache))
    close(torch.cat(found, dim=1), expected)
    assert cache.length == 40


@torch.inference_mode()
def test_rows_can_be_repeated_dropped_and_reordered(network):
    generator = torch.Generator().manual_seed(2)
    prompt, tails = torch.randint(61, (1, 12), generator=generator), torch.randint(61, (3, 8), generator=generator)
    cache = network.new_cache()
    network(prompt, cache)
    cache.select([0, 0, 0])
    first = network(tails[:, :3], cache)
    cache.select([2, 0])
    second = network(tails[[2, 0], 3:], cache)
    expected = network(torch.cat((prompt.expand(3, -1), tails), dim=1))[:, 12:]
    close(first, expected[:, :3])
    close(second, expected[[2, 0], 3:])


@torch.inference_mode()
def test_the_context_is_never_exceeded(network):
    with pytest.raises(InvalidRequest, match="65 tokens"):
        network(torch.zeros(1, 65, dtype=torch.long))
    assert network.vocab_size == 61
    with pytest.raises(InvalidRequest, match="no sense vectors"):
        network.controls([((object(),), [1])])
