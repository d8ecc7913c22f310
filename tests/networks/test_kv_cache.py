"""The ring of a sliding layer against a plain list of everything ever added."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.networks.kv_cache import KVCache, LayerCache
from playground.networks.layers import causal_attention, visible


def step(start, count):
    """Keys and values that carry their position and their row."""
    positions = torch.arange(start, start + count, dtype=torch.float32)
    keys = torch.stack([positions, positions + 1000]).view(2, 1, count, 1)
    return keys, torch.cat((keys, -keys), dim=-1)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.none(), st.integers(1, 9)), st.lists(st.integers(1, 20), min_size=1, max_size=12))
def test_new_queries_get_every_key_they_may_see_and_the_cache_no_more_than_its_window(window, chunks):
    cache, seen = LayerCache(window), 0
    for count in chunks:
        keys, values = cache.extend(*step(seen, count))
        seen += count
        positions = keys[0, 0, :, 0].tolist()
        needed = range(0 if window is None else max(0, seen - count - window + 1), seen)
        if window is not None and count == 1:
            assert sorted(positions) == list(needed)  # a ring, as it lies
        else:
            assert positions == list(needed)
        assert torch.equal(keys[1], keys[0] + 1000)
        assert torch.equal(values, torch.cat((keys, -keys), dim=-1))
        assert cache.seen == seen
        if window is not None:
            assert cache.keys.shape[2] <= window


def test_selecting_rows_reaches_everything_that_is_carried():
    cache = KVCache([None, 2])
    for layer in cache.layers:
        layer.extend(*step(0, 3))
    cache.carry = torch.tensor([[[1.0]], [[2.0]]])
    cache.select([1, 1, 0])
    assert cache.layers[0].keys[:, 0, 1, 0].tolist() == [1001.0, 1001.0, 1.0]
    assert cache.layers[1].values.shape == (3, 1, 2, 2)
    assert cache.carry.flatten().tolist() == [2.0, 2.0, 1.0]
    KVCache([None]).select([0, 0])  # nothing is held yet


@pytest.mark.parametrize("window", [None, 1, 3, 10])
@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (6, 6), (2, 7), (1, 3)])
def test_attention_is_a_softmax_over_the_keys_in_sight(window, queries, keys):
    """Against the formula written out, grouped heads included."""
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, h, n, 4, generator=generator) for h, n in ((6, queries), (2, keys), (2, keys)))
    expected = torch.zeros(2, 6, queries, 4)
    for head in range(6):
        for i in range(queries):
            at = keys - queries + i
            sees = [j for j in range(keys) if j <= at and (window is None or at - j < window)]
            scores = torch.stack([(q[:, head, i] * k[:, head // 3, j]).sum(-1) * 0.3 for j in sees], dim=-1)
            weights = scores.exp() / scores.exp().sum(-1, keepdim=True)
            expected[:, head, i] = sum(weights[:, n, None] * v[:, head // 3, j] for n, j in enumerate(sees))
    if window is not None and queries == 1:  # a ring holds no more than the window
        k, v = k[:, :, -window:], v[:, :, -window:]
    torch.testing.assert_close(causal_attention(q, k, v, window, scale=0.3), expected, atol=1e-6, rtol=1e-5)


def test_visible_counts_the_query_itself():
    mask = visible(2, 5, 3, torch.device("cpu"))
    assert mask.tolist() == [[False, True, True, True, False], [False, False, True, True, True]]
