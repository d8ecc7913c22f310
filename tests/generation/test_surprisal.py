import math

import pytest
import torch

from playground.errors import InvalidRequest, PlaygroundError
from playground.generation import surprisal
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample
from playground.generation.steps import Prefill
from playground.generation.surprisal import score, score_events


def test_scores_are_those_of_one_full_forward(tiny_model, monkeypatch):
    ids = torch.randint(0, 264, (300,), generator=torch.Generator().manual_seed(2)).tolist()
    logits = tiny_model.logits(ids)[:-1].double()
    targets = torch.tensor(ids[1:])[:, None]
    expected = logits.log_softmax(-1).gather(1, targets)[:, 0]
    ranks = (logits > logits.gather(1, targets)).sum(-1)
    for most in (2**24, 264 * 7, 1):
        monkeypatch.setattr(surprisal, "LOGITS", most)
        result = score(tiny_model, ids)
        assert result.token_ids == tuple(ids)
        assert (result.logprobs[0], result.ranks[0]) == (None, None)
        assert result.logprobs[1:] == pytest.approx(expected.tolist(), abs=1e-4)
        assert sum(a != b for a, b in zip(result.ranks[1:], ranks.tolist(), strict=True)) <= 2  # near-ties
        assert result.total_bits == pytest.approx(-expected.sum().item() / math.log(2), abs=1e-3)


def test_a_sampled_texts_logprobs_are_its_score(tiny_model):
    steps = list(sample(tiny_model, "abc", SamplingOptions(max_new_tokens=40, temperature=1.4, stop_ids=())))
    result = score(tiny_model, [*b"abc", *(step.token_id for step in steps)])
    assert sum(result.logprobs[3:]) == pytest.approx(sum(step.logprob for step in steps), abs=1e-4)


def test_a_certain_text_costs_what_the_script_says(scripted):
    result = score(scripted("Hello"), "Hello")
    each = math.log2(1 + 257 * math.exp(-9))
    assert result.texts == ("H", "e", "l", "l", "o")
    assert result.ranks == (None, 0, 0, 0, 0)
    assert result.total_bits == pytest.approx(4 * each, rel=1e-4)
    assert result.utf8_bytes == 4  # the first character is given, not predicted
    assert result.bits_per_byte == pytest.approx(each, rel=1e-4)


def test_with_a_begin_token_the_whole_text_is_scored(scripted):
    result = score(scripted([256, *b"Hi"], begin_id=256), "Hi")
    assert result.token_ids == (256, 72, 105)
    assert result.logprobs[0] is None
    assert None not in result.logprobs[1:]
    assert result.byte_ends == (0, 1, 2)
    assert result.utf8_bytes == 2


def test_bytes_are_counted_where_characters_become_complete(scripted):
    result = score(scripted([]), "aü🙂")
    assert result.byte_ends == (1, 1, 3, 3, 3, 3, 7)
    assert result.utf8_bytes == 6
    assert result.bits_per_byte == pytest.approx(6 * math.log2(258) / 6, rel=1e-5)


def test_ids_without_tokenizer_have_bits_but_no_bytes(scripted):
    result = score(scripted([], tokenizer=None), [3, 1, 2])
    assert result.texts == ("3", "1", "2")
    assert result.total_bits == pytest.approx(2 * math.log2(258), rel=1e-5)
    assert (result.byte_ends, result.utf8_bytes, result.bits_per_byte) == (None, None, None)


def test_one_token_has_nothing_to_be_scored_on(scripted):
    model = scripted("A")
    result = score(model, "A")
    assert (result.logprobs, result.total_bits, result.bits_per_byte) == ((None,), 0.0, None)
    assert model.network.calls == []


def test_a_text_may_fill_the_context(scripted):
    assert len(score(scripted([]), "x" * 64).logprobs) == 64
    with pytest.raises(InvalidRequest, match=r"65 tokens.*holds 64"):
        score(scripted([]), "x" * 65)


@pytest.mark.parametrize("text", ["", [], [258], [True], None, "half \ud83d"])
def test_texts_that_cannot_be_scored_are_refused(scripted, text):
    with pytest.raises(InvalidRequest):
        score(scripted([]), text)


def test_events_come_after_each_chunk_and_closing_stops(scripted):
    model = scripted([], context_length=1_000)
    events = score_events(model, [1] * 600)
    assert next(events) == Prefill(512, 599)
    calls = list(model.network.calls)
    events.close()
    assert model.network.calls == calls


def test_edits_are_compiled_from_the_whole_text(scripted):
    model = scripted([], context_length=1_000)
    score(model, [1] * 600, edits=["a"])
    assert model.network.edits_seen == [[(("a",), 600)]]
    assert model.network.calls == [(1, 600)]


def test_edits_for_a_network_without_senses_are_refused(tiny_model):
    with pytest.raises(InvalidRequest, match="no sense vectors"):
        score(tiny_model, "Hi", edits=["anything"])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_logits_that_are_not_finite_name_the_position(scripted, bad):
    model = scripted("Hello")
    plain = model.network.unembed

    def broken(hidden):
        logits = plain(hidden)
        logits[:, hidden[0, :, 0] == 2, 40] = bad
        return logits

    model.network.unembed = broken
    with pytest.raises(PlaygroundError, match="position 3 "):
        score(model, "Hello")


def test_ids_beyond_the_tokenizer_are_scored_and_shown_as_numbers(tiny_model):
    result = score(tiny_model, [*b"Hi", 260, *b"!"])
    assert result.texts == ("H", "i", "260", "!")
    assert result.byte_ends == (1, 2, 2, 3)
    assert None not in result.logprobs[1:]
