"""The step that a GPU captures, run call by call on a CPU: it is the readable network's, and holds still.

What needs a GPU is the capture itself; here it is replaced by a stand-in that replays the calls.
"""

import gc
import logging

import pytest
import torch
from other_device import NAME, moved, other_device
from step_checks import (
    LENGTH,
    close,
    edits_are_those_of_the_readable_network,
    ids_for,
    rows_part_leave_and_change_places,
)
from tiny_networks import LANGUAGE, language
from torch.utils._python_dispatch import TorchDispatchMode

from playground.decode import captured, graph
from playground.decode.captured import Captured
from playground.decode.early_rows import EarlyRows
from playground.decode.graph import GraphDecoder, machines_of
from playground.decode.plain import PlainDecoder
from playground.decode.recording import record
from playground.errors import InvalidRequest
from playground.senses.edits import AddSense, ScaleSense, SwapDirection, TopicBoost

BACKPACKS = [name for name in LANGUAGE if name.startswith("backpack")]
EDITS = {
    "scaled": (ScaleSense(3, 1, 2.5), ScaleSense(4, 0, 0.0, position=2)),
    "swapped": (SwapDirection(3, 5, 7),),
    "added": (AddSense(6, 2, 0.7),),
    "topic": (TopicBoost((3, 9), (3.3, 3.3, 3.0, 1.0)),),
    "all": (ScaleSense(3, 1, 2.5), SwapDirection(3, 5, 7), AddSense(6, 2, -0.7)),
}
WAITS = {"_local_scalar_dense", "nonzero", "item", "is_nonzero", "equal", "masked_select", "unique"}


class Watch(TorchDispatchMode):
    """Writes down every operation with the shapes that it is given."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        shapes = [tuple(arg.shape) for arg in args if isinstance(arg, torch.Tensor)]
        self.seen.append((func.overloadpacket.__name__, shapes))
        return func(*args, **kwargs or {})


@pytest.fixture
def small(monkeypatch):
    """Machines begin with room for few positions."""
    monkeypatch.setattr(graph, "POSITIONS", 16)


@pytest.fixture
def captures(monkeypatch):
    """Captures and replays, counted; a capture runs its step a few times, as a real one does."""
    done = {"captures": 0, "replays": 0}

    def stand_in(step, device):
        for _ in range(captured.WARM + 1):
            step()
        done["captures"] += 1

        def replay():
            done["replays"] += 1
            step()

        return replay

    monkeypatch.setattr(captured, "captured", stand_in)
    return done


def begun(network, ids, **settings):
    decoder = GraphDecoder(network, **settings)
    assert list(decoder.prefill(ids))
    return decoder


@pytest.mark.parametrize("name", LANGUAGE)
def test_every_step_equals_the_full_forward(name, small):
    network = language(name)
    ids = ids_for(network)
    with torch.inference_mode():
        expected = network(torch.tensor([ids]))[0]
    decoder = begun(network, ids[:5])
    found = torch.cat([decoder.step([token]) for token in ids[5:]])
    close(found, expected[5:])
    assert decoder.cache.length == LENGTH
    assert {layer.seen for layer in decoder.cache.layers} == {LENGTH}


@pytest.mark.parametrize("name", LANGUAGE)
def test_rows_part_leave_and_change_places(name, small):
    rows_part_leave_and_change_places(language(name), GraphDecoder)


@pytest.mark.parametrize("edits", EDITS)
@pytest.mark.parametrize("name", BACKPACKS)
def test_edits_of_senses_are_those_of_the_readable_network(name, edits, small):
    edits_are_those_of_the_readable_network(language(name), EDITS[edits], GraphDecoder)


def test_rows_have_edits_of_their_own():
    network = language("backpack")
    ids = [3, 4, 5, 3]
    rows = [(EDITS["all"], ids), ((), ids), (EDITS["scaled"], ids)]
    decoders = [PlainDecoder(network), GraphDecoder(network)]
    for decoder in decoders:
        list(decoder.prefill(ids[:3], lambda n: network.controls([(edits, ids[:n]) for edits, _ in rows]), rows=3))
        decoder.step([3, 3, 3], network.controls(rows))
    close(decoders[1].logits, decoders[0].logits)
    assert not torch.allclose(decoders[1].logits[0], decoders[1].logits[1])


def test_steps_with_edits_and_without_may_alternate():
    network = language("backpack")
    decoders = [PlainDecoder(network), GraphDecoder(network)]
    for decoder in decoders:
        list(decoder.prefill([3, 4]))
        decoder.step([3], network.controls([(EDITS["scaled"], [3, 4, 3])]))
        decoder.step([5])
        decoder.step([3], network.controls([(EDITS["swapped"], [3, 4, 3, 5, 3])]))
        decoder.step([3], network.controls([(EDITS["added"], [3, 4, 3, 5, 3, 3])]))
    close(decoders[1].logits, decoders[0].logits)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", LANGUAGE)
def test_16_bit_weights_lose_no_more_than_the_readable_network_does(name, dtype):
    network, wide = language(name).to(dtype), language(name).to(dtype).float()
    ids = ids_for(network, 40)
    decoders = GraphDecoder(network), PlainDecoder(network), PlainDecoder(wide)
    for each in decoders:
        list(each.prefill(ids[:1]))
    steps = [torch.cat([each.step([token]).log_softmax(-1) for token in ids[1:]]) for each in decoders]
    ours, plain = ((steps[2].exp() * (steps[2] - found)).sum(-1).mean() for found in steps[:2])
    assert ours < max(plain, 1e-6)


def test_the_context_is_never_overrun():
    network = language("shard")
    decoder = begun(network, [1] * network.context_length)
    with pytest.raises(InvalidRequest, match="257"):
        decoder.step([1])


def test_the_last_place_of_the_context_is_filled(small):
    network = language("backpack")
    ids = ids_for(network, network.context_length)
    decoder = begun(network, ids[:-2])
    for token in ids[-2:]:
        decoder.step([token])
    with torch.inference_mode():
        close(decoder.logits[0], network(torch.tensor([ids]))[0, -1])


@pytest.mark.parametrize("name", LANGUAGE)
def test_steps_do_the_same_with_the_same_tensors_and_never_wait(name):
    network = language(name)
    edits = EDITS["all"] if name in BACKPACKS else ()
    ids = ids_for(network, 40)
    decoder = begun(network, ids[:5])
    decoder.select([0, 0])
    watched = []
    addresses = set()
    for end in range(6, 30):
        controls = network.controls([(edits, ids[:end]), ((), ids[:end])]) if edits else None
        decoder.step([ids[end - 1]] * 2, controls)
        machine = decoder._machine
        held = [machine.arena, machine.numbers, machine.weighing, machine.replacements, machine.carried]
        held += [machine.choices, machine.tokens.table, machine.positions.table]
        held += [half for pair in machine.buffers for half in pair]
        addresses.add(tuple(tensor.data_ptr() for tensor in held))
        assert [layer.keys.data_ptr() for layer in decoder.cache.layers] == [k.data_ptr() for k, _ in machine.buffers]
        with torch.inference_mode(), Watch() as watch:
            machine.step()
        watched.append(watch.seen)
    assert all(seen == watched[0] for seen in watched)
    assert len(addresses) == 1
    assert len(watched[0]) > len(machine.calls)
    assert not {name for name, _ in watched[0]} & WAITS


@pytest.mark.parametrize("name", LANGUAGE)
def test_a_network_on_another_device_is_stepped_there(name):
    network, away = language(name), moved(language(name))
    edits = EDITS["all"] if name in BACKPACKS else ()
    ids = [3, 4, 5]

    def logits(decoder, network):
        list(decoder.prefill(ids))
        decoder.step([6])
        decoder.select([0, 0])
        rows = [(edits, [*ids, 6, token]) for token in (6, 3)]
        return decoder.step([6, 3], network.controls(rows))

    expected = logits(PlainDecoder(network), network)
    with other_device():
        found = logits(GraphDecoder(away), away)
        assert found.device.type == NAME
        close(found.cpu(), expected)


def test_machines_are_lent_again_and_captured_once(captures, small):
    network = language("gelu-gpt")
    expected = None
    for _ in range(3):
        decoder = begun(network, [1, 2, 3], capture=True)
        logits = decoder.step([4])
        expected = logits if expected is None else expected
        close(logits, expected)
        del decoder
        gc.collect()
    assert captures == {"captures": 1, "replays": 3}


def test_runs_at_the_same_time_have_machines_of_their_own(captures):
    network = language("shard")
    prompts = [ids_for(network, 9, seed) for seed in (1, 2)]
    decoders = [begun(network, prompt, capture=True) for prompt in prompts]
    for token in (5, 6, 7):
        for decoder in decoders:
            decoder.step([token])
    assert captures["captures"] == 2
    with torch.inference_mode():
        expected = network(torch.tensor([[*prompt, 5, 6, 7] for prompt in prompts]))[:, -1]
    close(torch.cat([decoder.logits for decoder in decoders]), expected)


def test_growing_and_fewer_rows_capture_anew_only_at_powers_of_two(captures, small):
    network = language("pixel-lm of experts")
    ids = ids_for(network, 70)
    decoder = begun(network, ids[:10], capture=True)
    for token in ids[10:]:
        decoder.step([token])
    assert captures["captures"] == 4  # room for 16, 32, 64 and 128 positions
    decoder.select([0] * 8)
    for rows in (8, 7, 6, 5, 4, 3):
        decoder.select(range(rows))
        decoder.step([1] * rows)
    assert captures["captures"] == 6  # for 8 and for 4 rows
    with torch.inference_mode():
        close(decoder.logits[2], network(torch.tensor([[*ids, *[1] * 6]]))[0, -1])


def test_no_more_machines_are_kept_than_a_few(monkeypatch):
    network = language("shard")
    decoders = [begun(network, [1, 2]) for _ in range(6)]
    for decoder in decoders:
        decoder.step([3])
    del decoder, decoders
    gc.collect()
    assert len(machines_of(network, False, torch.device("cpu")).idle) == graph.IDLE


def test_what_a_run_left_behind_does_not_reach_the_next():
    network = language("backpack")
    first = begun(network, [1, 2, 3])
    first.step([4])
    with torch.inference_mode():
        for buffer in (*first._machine.buffers[0], *first._machine.buffers[-1], first._machine.weighing):
            buffer.fill_(torch.nan)
    del first
    gc.collect()
    second = begun(network, [5, 6])
    with torch.inference_mode():
        close(second.step([7])[0], network(torch.tensor([[5, 6, 7]]))[0, -1])


def test_a_step_that_cannot_be_captured_runs_call_by_call(monkeypatch, caplog):
    def fails(step, device):
        raise RuntimeError("operation not permitted when stream is capturing\nmore lines")

    monkeypatch.setattr(captured, "captured", fails)
    network = language("shard")
    decoder = begun(network, [1, 2, 3], capture=True)
    with caplog.at_level(logging.WARNING):
        decoder.step([4])
    assert [record.getMessage() for record in caplog.records] == [
        "Steps on cpu run without a captured graph: operation not permitted when stream is capturing"
    ]
    with torch.inference_mode():
        close(decoder.logits[0], network(torch.tensor([[1, 2, 3, 4]]))[0, -1])


def test_without_a_gpu_nothing_is_captured(captures):
    decoder = begun(language("shard"), [1, 2, 3])
    decoder.step([4])
    assert captures == {"captures": 0, "replays": 0}


def test_experts_share_their_memory_with_the_network():
    network = language("pixel-lm of experts")
    before = [parameter.clone() for parameter in network.parameters()]
    begun(network, [1, 2, 3]).step([4])
    assert all(torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True))
    gates = [expert.gate.weight for expert in network.layers[3].feed_forward.experts]
    assert len({gate.untyped_storage().data_ptr() for gate in gates}) == 1


def test_early_values_stay_within_their_bound_and_are_made_again():
    network = language("backpack")
    tape = record(network)
    rows = EarlyRows(tape, "token", network.vocab_size, 3, torch.device("cpu"), most_bytes=1)
    assert rows.table.shape[0] == 3
    first = rows.table[rows.slot(1)].clone()
    assert rows.slot(1) == 0
    assert [rows.slot(token) for token in (2, 3)] == [1, 2]
    rows.slot(1)
    assert rows.slot(4) == 1  # that of 2, which was not asked for longest
    assert rows.slot(2) == 2
    assert torch.equal(rows.table[rows.slot(1)], first)
    wide = EarlyRows(tape, "position", 40, 1, torch.device("cpu"))
    assert wide.table.shape[0] == 40


def test_a_machine_may_be_made_by_hand():
    """With room for two rows; nothing of the decoder is needed."""
    network = language("shard")
    tape = record(network)
    tables = [EarlyRows(tape, kind, 89, 2, torch.device("cpu")) for kind in ("token", "position")]
    windows = [layer.window for layer in network.new_cache().layers]
    machine = Captured(tape, 2, 8, windows, *tables)
    machine.numbers.copy_(torch.tensor([0, tables[1].slot(0), tables[0].slot(7), tables[0].slot(9), 0, 0]))
    machine.run()
    with torch.inference_mode():
        close(machine.logits, network(torch.tensor([[7], [9]]))[:, -1])
