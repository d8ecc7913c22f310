"""Steps replayed from a tape are the steps of the readable network: every family, row, window and edit."""

import weakref
from functools import partial

import pytest
import torch
from step_checks import (
    LENGTH,
    close,
    edits_are_those_of_the_readable_network,
    ids_for,
    rows_part_leave_and_change_places,
)
from tiny_networks import LANGUAGE, language

from playground.decode import fast, paths
from playground.decode.compiled import Compiled, CompiledInt8, program_of
from playground.decode.fast import TapeDecoder, prepare, tape_of
from playground.decode.layout import matrices_of
from playground.decode.plain import PlainDecoder
from playground.decode.replay import Replay
from playground.decode.tape import MatVec, Tape
from playground.errors import InvalidRequest
from playground.senses.edits import AddSense, ScaleSense, SwapDirection, TopicBoost

MACHINES = {"torch": Replay, "compiled": Compiled}
BACKPACKS = [name for name in LANGUAGE if name.startswith("backpack")]
EDITS = {
    "scaled": (ScaleSense(3, 1, 2.5), ScaleSense(4, 0, 0.0, position=2)),
    "swapped": (SwapDirection(3, 5, 7),),
    "added": (AddSense(6, 2, 0.7),),
    "topic": (TopicBoost((3, 9), (3.3, 3.3, 3.0, 1.0)),),
    "all": (ScaleSense(3, 1, 2.5), SwapDirection(3, 5, 7), AddSense(6, 2, -0.7)),
}


@pytest.fixture(params=MACHINES)
def machine(request):
    return MACHINES[request.param]


@pytest.fixture(params=[False, True], ids=["as loaded", "repacked"])
def repacked(request):
    return request.param


def prepared(name, repacked, dtype=torch.float32):
    network = language(name).to(dtype)
    if repacked:
        prepare(network, by_inputs=True)
    return network


def begun(network, machine, ids, **settings):
    decoder = TapeDecoder(network, machine)
    assert list(decoder.prefill(ids, **settings))
    return decoder


@pytest.mark.parametrize("name", LANGUAGE)
def test_every_step_equals_the_full_forward(name, machine, repacked):
    network = prepared(name, repacked)
    ids = ids_for(network)
    with torch.inference_mode():
        expected = network(torch.tensor([ids]))[0]
    decoder = begun(network, machine, ids[:5])
    found = torch.cat([decoder.step([token]) for token in ids[5:]])
    close(found, expected[5:])
    assert decoder.cache.length == LENGTH


@pytest.mark.parametrize("name", LANGUAGE)
def test_rows_part_leave_and_change_places(name, machine):
    rows_part_leave_and_change_places(language(name), partial(TapeDecoder, machine=machine))


@pytest.mark.parametrize("edits", EDITS)
@pytest.mark.parametrize("name", BACKPACKS)
def test_edits_of_senses_are_those_of_the_readable_network(name, edits, machine):
    edits_are_those_of_the_readable_network(language(name), EDITS[edits], partial(TapeDecoder, machine=machine))


def test_rows_have_edits_of_their_own(machine):
    network = language("backpack")
    ids = [3, 4, 5, 3]
    rows = [(EDITS["all"], ids), ((), ids), (EDITS["scaled"], ids)]
    decoders = [PlainDecoder(network), TapeDecoder(network, machine)]
    for decoder in decoders:
        list(decoder.prefill(ids[:3], lambda n: network.controls([(edits, ids[:n]) for edits, _ in rows]), rows=3))
        decoder.step([3, 3, 3], network.controls(rows))
    close(decoders[1].logits, decoders[0].logits)
    assert not torch.allclose(decoders[1].logits[0], decoders[1].logits[1])


def test_a_step_without_edits_may_follow_one_with_them(machine):
    network = language("backpack")
    decoders = [PlainDecoder(network), TapeDecoder(network, machine)]
    for decoder in decoders:
        list(decoder.prefill([3, 4]))
        decoder.step([3], network.controls([(EDITS["scaled"], [3, 4, 3])]))
        decoder.step([5])
    close(decoders[1].logits, decoders[0].logits)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", LANGUAGE)
def test_16_bit_weights_lose_less_than_16_bit_numbers_do(name, dtype, repacked):
    """Against the same weights in float32: the compiled step rounds no more than the readable network does."""
    network, wide = prepared(name, repacked, dtype), prepared(name, repacked, dtype).float()
    ids = ids_for(network, 40)
    decoders = TapeDecoder(network, Compiled), PlainDecoder(network), PlainDecoder(wide)
    for each in decoders:
        list(each.prefill(ids[:1]))
    steps = [torch.cat([each.step([token]).log_softmax(-1) for token in ids[1:]]) for each in decoders]
    ours, plain = ((steps[2].exp() * (steps[2] - found)).sum(-1).mean() for found in steps[:2])
    assert ours < max(plain, 1e-6)


def test_a_longer_context_moves_the_buffers(machine):
    network = language("pixel-lm")
    ids = ids_for(network, 140)
    decoder = begun(network, machine, ids[:60])
    before = decoder.cache.layers[0].keys.shape[2]
    for token in ids[60:]:
        decoder.step([token])
    assert decoder.cache.layers[0].keys.shape[2] > before
    with torch.inference_mode():
        close(decoder.logits[0], network(torch.tensor([ids]))[0, -1])


def test_the_context_is_never_overrun(machine):
    network = language("shard")
    decoder = begun(network, machine, [1] * network.context_length)
    with pytest.raises(InvalidRequest, match="257"):
        decoder.step([1])


@pytest.mark.parametrize("name", LANGUAGE)
def test_laying_matrices_out_anew_changes_no_number(name):
    network, same = language(name), language(name)
    for by_inputs in (True, False, True):
        prepare(network, by_inputs)
        whole = {parameter.data_ptr(): parameter.numel() for parameter in network.parameters()}
        laid = [(m, lies) for m, lies in matrices_of(tape_of(network, False)[0]) if min(m.shape) > 1]
        laid = [lies for matrix, lies in laid if whole[matrix.data_ptr()] == matrix.numel()]
        assert len(laid) > 10 and laid == [by_inputs] * len(laid)
        for (which, parameter), other in zip(network.named_parameters(), same.named_parameters(), strict=True):
            assert torch.equal(parameter, other[1]), which


def test_tokens_that_are_new_pass_the_sense_network_by_the_same_products(machine):
    network = language("backpack")
    decoder = begun(network, machine, [1, 2])
    decoder.step([3])
    senses = network.sense_network
    layers = (senses.block.mlp.c_fc, senses.block.mlp.c_proj, senses.final_mlp.c_fc, senses.final_mlp.c_proj)
    read = [running.tape.matrices[0].data_ptr() for *_, running in decoder._linear._tapes.values()]
    assert read == [layer.weight.data_ptr() for layer in layers]
    runs = []
    for *_, running in decoder._linear._tapes.values():
        running.run = lambda run=running.run: (runs.append(1), run())
    decoder.step([3])
    assert not runs
    decoder.step([4])
    assert len(runs) == len(layers)


def test_early_values_stay_within_their_bound():
    tape = fast.record(language("backpack"))
    values = fast.EarlyValues(tape, most_bytes=3000)
    first = [value.clone() for _, value in values.of("token", 1)]
    for token in range(2, 40):
        values.of("token", token)
    assert values.bytes <= 3000
    assert all(torch.equal(value, before) for (_, value), before in zip(values.of("token", 1), first, strict=True))


def rounded(matrix, group):
    """Weights as int8 numbers stand for them, a factor for each ``group`` of a row: worked out number by number."""
    out = matrix.clone()
    for row in out:
        for first in range(0, len(row), group):
            part = row[first : first + group]
            factor = part.abs().max() / 127
            part.copy_((part / factor).round() * factor)
    return out


@pytest.mark.parametrize("name", LANGUAGE)
def test_weights_of_8_bits_are_those_of_their_formula(name):
    network, same = language(name), language(name)
    decoder = TapeDecoder(network, CompiledInt8, Compiled)
    tape, _ = tape_of(same, False)
    matrices = {id(m): m for m in tape.matrices}
    head = id(tape.matrices[[each.matrix for each in tape.instructions if isinstance(each, MatVec)][-1]])
    with torch.inference_mode():
        expected_to_change = [m for number, m in matrices.items() if number != head]
        ids = ids_for(network, 20)
        assert list(decoder.prefill(ids[:10]))
        plain = PlainDecoder(same)
        assert list(plain.prefill(ids[:10]))  # the prompt is read with the weights as they are
        lying = {id(tape.matrices[i.matrix]) for i in tape.instructions if isinstance(i, MatVec) and i.transposed}
        for matrix in expected_to_change:
            lies = id(matrix) in lying
            matrix.copy_(rounded(matrix.t(), 32).t() if lies else rounded(matrix, 32))
        unembed, table = same.unembed, matrices[head]
        same.unembed = lambda hidden: with_table(unembed, hidden, table, rounded(table, 16))
        for token in ids[10:]:  # inputs of 16 bits make a difference too, far smaller than that of the weights
            torch.testing.assert_close(decoder.step([token]), plain.step([token]), atol=5e-3, rtol=0)


@pytest.mark.parametrize("name", LANGUAGE)
def test_bytes_of_8_bit_weights_are_those_that_are_there(name):
    network = language(name)
    pairs, _ = program_of(tape_of(network, False)[0], True)._kept
    there = sum(whole.nbytes + scale.nbytes for whole, scale in pairs)
    assert paths.bytes_besides(network, "int8") == there
    assert paths.bytes_besides(network, "compiled") == 0


@pytest.mark.parametrize("width", [8, 32, 40, 64, 80, 96])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_product_of_8_bits_is_that_of_its_formula(width, threads):
    dice = torch.Generator().manual_seed(width)
    x = 3 * torch.randn(width, generator=dice)
    inner, head = (torch.randn(50, size, generator=dice) for size in (width, 50))
    tape = Tape()
    given, middle, out = tape.place(width), tape.place(50), tape.place(50)
    tape.matrices += [inner, head]
    tape.instructions += [MatVec(middle, given, 0, None, False), MatVec(out, middle, 1, None, False)]
    running = CompiledInt8(tape, 1, threads)
    running.arena[0, given.offset : given.offset + width] = x
    running.run()
    first, second = (running.arena[0, place.offset : place.offset + 50] for place in (middle, out))
    torch.testing.assert_close(first, rounded(inner, 32) @ rounded_input(x), atol=1e-4, rtol=0)
    torch.testing.assert_close(second, rounded(head, 16) @ rounded_input(first), atol=1e-4, rtol=0)


def rounded_input(x):
    """``x`` as 16-bit numbers stand for it, the largest being 32,767; what lies beyond whole blocks of 32 as it is."""
    out, whole = x.clone(), len(x) // 32 * 32
    worth = x.abs().max() / 32767
    out[:whole] = (x[:whole] / worth).round() * worth
    return out


def with_table(unembed, hidden, table, other):
    """Logits with the numbers of ``other`` in place of the table's, which the embedding may share."""
    before = table.clone()
    table.copy_(other)
    logits = unembed(hidden)
    table.copy_(before)
    return logits


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["shard", "gelu-gpt", "backpack", "pixel-lm of experts"])
def test_many_texts_at_once_are_what_each_is_alone(name, dtype):
    network = language(name).to(dtype)
    prompt, tails = ids_for(network, 9), [ids_for(network, 6, seed) for seed in range(2, 8)]  # four, and two more
    together = begun(network, Compiled, prompt)
    together.select([0] * len(tails))
    alone = [begun(network, Compiled, prompt) for _ in tails]
    for tokens in zip(*tails, strict=True):
        rows = [decoder.step([token]) for decoder, token in zip(alone, tokens, strict=True)]
        close(together.step(tokens), torch.cat(rows))


@pytest.mark.parametrize("lies", ["(outputs, inputs)", "(inputs, outputs)"])
def test_a_weight_is_kept_as_long_as_its_id_stands_for_it(machine, lies):
    linear, x = fast.Linears(machine, 1), torch.randn(1, 1, 16)
    weight = torch.randn(16, 8).t() if lies == "(inputs, outputs)" else torch.randn(8, 16)
    close(linear(x, weight), torch.nn.functional.linear(x, weight))
    kept = weakref.ref(weight)
    del weight
    assert kept() is not None
