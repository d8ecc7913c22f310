import pytest
import torch

from playground.decode.plain import PlainDecoder, chunk_length
from playground.errors import InvalidRequest
from playground.networks.shard import Shard, ShardConfig


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    config = ShardConfig(
        vocab_size=50, dim=16, n_layers=3, n_heads=2, head_dim=8, mlp_hidden=24, max_seq_len=64, sliding_window=6
    )
    return Shard(config).eval().requires_grad_(False)


def full(network, ids):
    with torch.inference_mode():
        return network(torch.tensor([ids]))[0]


def read(network, ids, **settings):
    decoder = PlainDecoder(network)
    events = list(decoder.prefill(ids, **settings))
    return decoder, events


@pytest.mark.parametrize("chunk", [1, 4, 7, 20, 256])
def test_prefill_in_chunks_and_steps_equal_the_full_forward(network, chunk):
    ids = torch.randint(0, 50, (30,), generator=torch.Generator().manual_seed(1)).tolist()
    expected = full(network, ids)
    decoder, events = read(network, ids[:20], chunk=chunk)
    assert events == [(min(done, 20), 20) for done in range(chunk, 20 + chunk, chunk)]
    assert decoder.logits.shape == (1, 50)
    assert torch.allclose(decoder.logits[0], expected[19], atol=1e-4)
    for position in range(20, 30):
        logits = decoder.step([ids[position]])
        assert logits is decoder.logits
        assert torch.allclose(logits[0], expected[position], atol=1e-4)


def test_rows_part_and_leave(network):
    ids = list(range(12))
    decoder, _ = read(network, ids)
    decoder.select([0, 0, 0])
    assert decoder.logits.shape == (3, 50)
    first = decoder.step([1, 2, 3])
    for row, token in enumerate((1, 2, 3)):
        assert torch.allclose(first[row], full(network, [*ids, token])[-1], atol=1e-4)
    decoder.select([2, 0])
    second = decoder.step([7, 8])
    assert torch.allclose(second[0], full(network, [*ids, 3, 7])[-1], atol=1e-4)
    assert torch.allclose(second[1], full(network, [*ids, 1, 8])[-1], atol=1e-4)


def test_several_rows_may_read_the_prompt(network):
    decoder, _ = read(network, [4, 5, 6], rows=3)
    assert torch.allclose(decoder.logits, full(network, [4, 5, 6])[-1].expand(3, 50), atol=1e-4)


def test_only_the_last_position_is_unembedded(network, monkeypatch):
    shapes = []
    plain = network.unembed
    monkeypatch.setattr(network, "unembed", lambda hidden: shapes.append(tuple(hidden.shape)) or plain(hidden))
    decoder, _ = read(network, list(range(20)), chunk=8)
    decoder.step([1])
    assert shapes == [(1, 1, 16), (1, 1, 16)]


def test_controls_are_asked_for_what_is_in_play(network, monkeypatch):
    passed = []
    plain = network.hidden_states

    def hidden_states(ids, cache=None, controls=None, tail=None):
        passed.append(controls)
        return plain(ids, cache, tail=tail)

    monkeypatch.setattr(network, "hidden_states", hidden_states)
    decoder, _ = read(network, list(range(5)), controls=lambda length: f"first {length}", chunk=2)
    decoder.step([1], "all six")
    decoder.step([1])
    assert passed == ["first 2", "first 4", "first 5", "all six", None]


def test_a_paused_prefill_leaves_no_mode_behind(network):
    prefill = PlainDecoder(network).prefill(list(range(10)), chunk=4)
    next(prefill)
    assert not torch.is_inference_mode_enabled()
    assert torch.is_grad_enabled()


def test_the_context_is_never_overrun(network):
    decoder, _ = read(network, [1] * 64)
    with pytest.raises(InvalidRequest, match=r"65.*64"):
        decoder.step([1])


@pytest.mark.parametrize(
    ("parameters", "positions"), [(10_000, 512), (170_000_000, 512), (1_351_743_936, 64), (10**11, 16)]
)
def test_a_large_network_reads_in_shorter_chunks(parameters, positions):
    class Large:
        def parameters(self):
            return [torch.empty(parameters, device="meta")]

    assert chunk_length(Large()) == positions
