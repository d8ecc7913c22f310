import dataclasses
import itertools

import pytest
import torch

from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample, sample_rows
from playground.generation.steps import END_TOKEN, TOKEN_LIMIT, Row, Step
from playground.generation.surprisal import score
from playground.networks.backpack import Backpack, BackpackConfig


def drawn(model, prompt, rows):
    steps = [event for event in sample_rows(model, prompt, rows) if isinstance(event, Step)]
    return steps, {number: [step for step in steps if step.row == number] for number in range(len(rows))}


def test_rows_draw_what_they_would_draw_alone(tiny_model):
    settings = [
        SamplingOptions(seed=1, temperature=1.5, max_new_tokens=20),
        SamplingOptions(seed=2, temperature=1.5, max_new_tokens=5),
        SamplingOptions(seed=1, temperature=0.7, top_p=0.9, max_new_tokens=30),
        SamplingOptions(temperature=0, repetition_penalty=1.4, max_new_tokens=24),
        SamplingOptions(seed=1, temperature=1.5, max_new_tokens=20),
        SamplingOptions(seed=5, temperature=2.0, min_p=0.01, max_new_tokens=1),
    ]
    prompt = "Sliding window of eight"  # longer than the window
    steps, by_row = drawn(tiny_model, prompt, [Row(options) for options in settings])
    for number, options in enumerate(settings):
        alone = list(sample(tiny_model, prompt, options))
        assert [step.token_id for step in by_row[number]] == [step.token_id for step in alone]
        assert [step.text for step in by_row[number]] == [step.text for step in alone]
        assert [step.end for step in by_row[number]] == [step.end for step in alone]
        assert [step.logprob for step in by_row[number]] == pytest.approx([s.logprob for s in alone], abs=1e-4)
    order = [(step.position, step.row) for step in steps]
    assert order == sorted(order)
    assert [step.token_id for step in by_row[0]] == [step.token_id for step in by_row[4]]


def test_one_row_is_read_and_then_repeated_and_ended_rows_leave(scripted):
    model = scripted("Hi you", context_length=32)
    limits = [2, 4, 1, 4]
    rows = [Row(SamplingOptions(temperature=0, max_new_tokens=limit)) for limit in limits]
    steps, by_row = drawn(model, "Hi", rows)
    assert model.network.calls == [(1, 2), (3, 1), (2, 1), (2, 1)]
    assert model.network.cache.selected == ([0, 0, 0, 0], [0, 1, 3], [1, 2])
    assert [len(by_row[number]) for number in range(4)] == limits
    assert all(by_row[number][-1].end == TOKEN_LIMIT for number in range(4))
    assert [step.row for step in steps] == [0, 1, 2, 3, 0, 1, 3, 1, 3, 1, 3]


def test_rows_may_end_for_their_own_reasons(scripted):
    model = scripted([*b"Hi you", 257])
    rows = [Row(SamplingOptions(temperature=0, max_new_tokens=7, stop_ids=ids)) for ids in ((), None)]
    _, by_row = drawn(model, "Hi", rows)
    assert [by_row[0][-1].end, by_row[1][-1].end] == [TOKEN_LIMIT, END_TOKEN]


def test_controls_are_compiled_from_every_rows_edits_and_ids(scripted):
    model = scripted([], context_length=700)
    short, long = (SamplingOptions(temperature=0, max_new_tokens=count) for count in (1, 3))
    drawn(model, [1] * 600, [Row(long, ["a"]), Row(short), Row(long, ("b", "c"))])
    a, none, bc = ("a",), (), ("b", "c")
    assert model.network.edits_seen == [
        [(a, 512), (none, 512), (bc, 512)],
        [(a, 600), (none, 600), (bc, 600)],
        [(a, 601), (bc, 601)],
        [(a, 602), (bc, 602)],
    ]
    # Edits may change what the cache holds, so the prompt is read once per row.
    assert model.network.calls == [(3, 512), (3, 88), (2, 1), (2, 1)]


def test_rows_with_the_same_edits_share_the_prefill(scripted):
    model = scripted([])
    rows = [Row(SamplingOptions(temperature=0, max_new_tokens=2), edits) for edits in (["a"], ("a",))]
    drawn(model, [1, 2], rows)
    assert model.network.calls == [(1, 2), (2, 1)]
    assert model.network.edits_seen == [[(("a",), 2)], [(("a",), 3), (("a",), 3)]]


def test_without_edits_nothing_is_compiled(scripted):
    model = scripted([])
    drawn(model, [1, 2], [Row(SamplingOptions(max_new_tokens=2))] * 2)
    assert model.network.edits_seen == []


def test_options_of_one_row_do_not_touch_another(tiny_model):
    """Every pair of settings, side by side: the first row is as alone, whoever its neighbour is."""
    base = SamplingOptions(max_new_tokens=8, temperature=1.1, seed=3)
    settings = [base, *(dataclasses.replace(base, **change) for change in
        ({"temperature": 0.0}, {"top_k": 3}, {"top_p": 0.4}, {"min_p": 0.3}, {"repetition_penalty": 1.8}, {"seed": 4})
    )]  # fmt: skip
    alone = {options: [step.token_id for step in sample(tiny_model, "abc", options)] for options in settings}
    for pair in itertools.permutations(settings, 2):
        _, by_row = drawn(tiny_model, "abc", [Row(options) for options in pair])
        for number, options in enumerate(pair):
            assert [step.token_id for step in by_row[number]] == alone[options]


class Scale:
    """An edit as networks see it: sense 1 of one token id counts ``factor`` times."""

    def __init__(self, token_id, factor):
        self.token_id, self.factor = token_id, factor

    def scales(self, network, ids):
        table = torch.ones(len(ids), network.num_senses)
        table[torch.tensor(ids) == self.token_id, 1] = self.factor
        return table

    def vectors(self, network, replaced):
        return {}

    def added(self, network, replaced):
        return None


class Blank(Scale):
    """Every sense vector of one token id becomes zero."""

    def scales(self, network, ids):
        return torch.ones(len(ids), network.num_senses)

    def vectors(self, network, replaced):
        return {self.token_id: torch.zeros(network.num_senses, network.config.n_embd)}


def test_edited_rows_draw_from_the_edited_full_forward(scripted):
    """Prompt longer than a prefill chunk, three rows with their own edits, one of them ending early."""
    torch.manual_seed(2)
    config = BackpackConfig(vocab_size=40, n_positions=320, n_embd=24, n_layer=2, n_head=2, num_senses=3)
    model = scripted([], tokenizer=None, stop_ids=(), sampled_size=40)
    model.network = network = Backpack(config).eval().requires_grad_(False)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            parameter.normal_(0, 0.4)
    prompt = torch.randint(0, 40, (270,)).tolist()
    rows = [
        Row(SamplingOptions(max_new_tokens=9, seed=1, temperature=1.5), [Scale(prompt[0], 4.0)]),
        Row(SamplingOptions(max_new_tokens=3, seed=1, temperature=1.5), [Blank(prompt[1], 0), Scale(prompt[2], -2.0)]),
        Row(SamplingOptions(max_new_tokens=9, seed=1, temperature=1.5)),
    ]
    _, by_row = drawn(model, prompt, rows)
    sums = []
    for number, row in enumerate(rows):
        ids = prompt + [step.token_id for step in by_row[number]]
        with torch.inference_mode():
            logits = network(torch.tensor([ids]), controls=network.controls([(row.edits, ids)]))[0, 269:-1]
        forced = logits.double().log_softmax(-1).gather(1, torch.tensor(ids[270:])[:, None])[:, 0]
        assert [step.logprob for step in by_row[number]] == pytest.approx(forced.tolist(), abs=1e-4)
        assert score(model, ids, row.edits).logprobs[270:] == pytest.approx(forced.tolist(), abs=1e-4)
        sums.append(sum(forced[:3].tolist()))
    assert len({round(value, 2) for value in sums}) == 3  # the edits did something
