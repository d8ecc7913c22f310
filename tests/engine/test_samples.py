"""Several samples at once: their seeds, and that each is what it would be alone."""

import math

import pytest

from playground.engine.requests import GenerateRequest, Token
from playground.engine.samples import begin_samples, seeded_rows
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions

OPTIONS = SamplingOptions(max_new_tokens=16, temperature=1.1, top_p=0.95, seed=7)


def draw(engine, rows):
    samples = begin_samples(rows)
    for event in engine.run(GenerateRequest("shard", "Once upon a time", rows)):
        if isinstance(event, Token):
            samples[event.step.row].add(event.step)
    return samples


def test_rows_differ_in_their_seeds_alone():
    rows = seeded_rows(OPTIONS, 3)
    assert [row.seed for row in rows] == [7, 8, 9]
    assert len({(row.temperature, row.top_p, row.max_new_tokens) for row in rows}) == 1
    assert seeded_rows(OPTIONS, 1) == (OPTIONS,)
    assert len(seeded_rows(OPTIONS, 16)) == 16


@pytest.mark.parametrize("count", [0, -1, 17, 10**12, 2.5, 3.0, "4", None, True, [3], math.nan])
def test_other_counts_are_refused(count):
    with pytest.raises(InvalidRequest, match="1 to 16"):
        seeded_rows(OPTIONS, count)


def test_seeds_beyond_the_last_are_refused():
    last = SamplingOptions(seed=2**32 - 1)
    assert seeded_rows(last, 1) == (last,)
    with pytest.raises(InvalidRequest, match="seed is 4294967296"):
        seeded_rows(last, 2)


@pytest.mark.parametrize("temperature", [0.0, 1.1])
def test_a_sample_is_what_it_would_be_alone(shared_engine, temperature):
    rows = seeded_rows(SamplingOptions(max_new_tokens=16, temperature=temperature, seed=7), 3)
    for sample, row in zip(draw(shared_engine, rows), rows, strict=True):
        (alone,) = draw(shared_engine, (row,))
        assert (sample.text, sample.end, sample.options) == (alone.text, alone.end, row)
        assert [step.token_id for step in sample.steps] == [step.token_id for step in alone.steps]
        assert sample.logprob == pytest.approx(sum(step.logprob for step in alone.steps), abs=1e-4)
        assert all(step.alternatives == () for step in sample.steps)


def test_facts_of_a_sample(shared_engine):
    (sample,) = draw(shared_engine, (OPTIONS,))
    bits = -sum(step.logprob for step in sample.steps) / math.log(2)
    assert sample.end == "token limit"
    assert sample.as_json()["bits_per_token"] == pytest.approx(bits / 16)
    assert sample.as_json()["bits_per_byte"] == pytest.approx(bits / len(sample.text.encode()))
    assert f"seed 7, 16 tokens, log-probability {sample.logprob:.2f}" in sample.line()
    assert sample.line().endswith("ended by token limit")


def test_a_sample_that_has_not_begun():
    (sample,) = begin_samples((OPTIONS,))
    assert (sample.end, sample.logprob, sample.text) == (None, 0.0, "")
    assert sample.line() == "seed 7, 0 tokens, log-probability 0.00, not ended"
