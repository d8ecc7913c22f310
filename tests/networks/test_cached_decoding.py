"""Decoding with the cache, token by token and in chunks, is the full forward; and the cache stays small."""

import pytest
import torch
from tiny_networks import LANGUAGE, language

from playground.errors import InvalidRequest

LENGTH = 160  # past every window: shard's 8, gelu-gpt's 65 and 129
PARTITIONS = {
    "token by token": [1] * LENGTH,
    "a prompt, then tokens": [30] + [1] * (LENGTH - 30),
    "a prompt longer than every window, then tokens": [140] + [1] * (LENGTH - 140),
    "chunks shorter than a window": [5, 2, 7, 3, 6, 4, 1, 1, 2] + [5] * 25 + [1] * 4,
    "chunks of all sizes": [1, 40, 2, 1, 9, 66, 1, 8, 7, 20, 5],
    "at once": [LENGTH],
}


def close(found, expected):
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def ids_for(network, rows=2, length=LENGTH, seed=1):
    return torch.randint(network.vocab_size, (rows, length), generator=torch.Generator().manual_seed(seed))


def held(cache):
    """Positions that each layer's tensors have room for."""
    return [0 if layer.keys is None else max(layer.keys.shape[2], layer.values.shape[2]) for layer in cache.layers]


@pytest.fixture(scope="module")
def full():
    """name -> (network, ids, logits of the full forward)."""
    with torch.inference_mode():
        networks = {name: language(name) for name in LANGUAGE}
        return {name: (network, ids_for(network), network(ids_for(network))) for name, network in networks.items()}


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("name", LANGUAGE)
@torch.inference_mode()
def test_cached_logits_equal_the_full_forward(full, name, partition):
    network, ids, expected = full[name]
    cache, windows = network.new_cache(), [layer.window for layer in network.new_cache().layers]
    assert sum(PARTITIONS[partition]) == LENGTH
    found = []
    for chunk in ids.split(PARTITIONS[partition], dim=1):
        found.append(network(chunk, cache))
        assert all(window is None or room <= window for room, window in zip(held(cache), windows, strict=True))
    close(torch.cat(found, dim=1), expected)
    assert cache.length == LENGTH


@pytest.mark.parametrize(
    ("name", "windows"),
    [
        ("shard", [8, None, 8, None, None]),
        ("shard, even last layer, half pairs", [5, None, 5, None]),
        ("shard all global", [None] * 5),
        ("gelu-gpt", [129, 129, 129, 65, 65]),
        ("gelu-gpt relu2 untied", [129, 129, 129, 65]),
        ("gelu-gpt full heads", [129, 65, 129, 65, 65]),
    ],
)
@torch.inference_mode()
def test_sliding_layers_hold_exactly_their_window(name, windows):
    """gelu-gpt's short window is never below 128, so at 64 trained positions it is the longer one."""
    network = language(name)
    cache = network.new_cache()
    assert [layer.window for layer in cache.layers] == windows
    network(ids_for(network, length=150), cache)
    for room, window in zip(held(cache), windows, strict=True):
        assert room == window if window else room >= 150


@pytest.mark.parametrize("name", LANGUAGE)
@torch.inference_mode()
def test_rows_can_be_repeated_dropped_and_reordered(name):
    network = language(name)
    prompt, tails = ids_for(network, rows=1, length=70), ids_for(network, rows=3, length=20, seed=2)
    cache = network.new_cache()
    network(prompt, cache)
    cache.select([0, 0, 0])
    first = network(tails[:, :9], cache)
    cache.select([2, 0])
    second = network(tails[[2, 0], 9:10], cache)
    third = network(tails[[2, 0], 10:], cache)
    expected = network(torch.cat((prompt.expand(3, -1), tails), dim=1))[:, 70:]
    close(first, expected[:, :9])
    close(torch.cat((second, third), dim=1), expected[[2, 0], 9:])


@pytest.mark.parametrize("name", LANGUAGE)
@torch.inference_mode()
def test_each_row_of_a_batch_is_what_it_is_alone(full, name):
    network, ids, expected = full[name]
    close(network(ids[1:]), expected[1:])


@pytest.mark.parametrize("name", LANGUAGE)
@torch.inference_mode()
def test_the_context_is_never_exceeded(name):
    network = language(name)
    ids = torch.zeros(1, network.context_length + 1, dtype=torch.long)
    with pytest.raises(InvalidRequest, match=f"{network.context_length + 1:,} tokens"):
        network(ids)
    cache = network.new_cache()
    network(ids[:, :-1], cache)
    with pytest.raises(InvalidRequest, match="Shorten"):
        network(ids[:, :1], cache)


@pytest.mark.parametrize("name", LANGUAGE)
@torch.inference_mode()
def test_the_future_changes_nothing(full, name):
    network, ids, expected = full[name]
    changed = ids.clone()
    changed[:, 100:] = (changed[:, 100:] + 1) % network.vocab_size
    close(network(changed)[:, :100], expected[:, :100])


@pytest.mark.parametrize("name", LANGUAGE)
@pytest.mark.parametrize("tail", [1, 3])
def test_the_last_states_by_themselves_are_the_last_of_all(name, tail):
    network = language(name)
    ids = torch.randint(network.vocab_size, (2, 40), generator=torch.Generator().manual_seed(4))
    ids[:, 20:] = ids[:, :20]  # words that come again
    with torch.inference_mode():
        whole, parts = network.new_cache(), network.new_cache()
        everything = network.hidden_states(ids, whole)
        close(network.hidden_states(ids, None, tail=tail), everything[:, -tail:])
        for begin, end in ((0, 9), (9, 30), (30, 40)):
            close(network.hidden_states(ids[:, begin:end], parts, tail=tail), everything[:, end - tail : end])
        after = torch.tensor([[5], [7]])
        close(network.hidden_states(after, parts), network.hidden_states(after, whole))
