"""A text read as if the model had written it, and tokens given to the loop, against the loop itself and the score."""

import pytest

from playground import limits
from playground.errors import InvalidRequest
from playground.generation import reading
from playground.generation.options import SamplingOptions
from playground.generation.reading import read_steps
from playground.generation.sampler import sample, sample_rows
from playground.generation.steps import END_TOKEN, Prefill, Row, Step
from playground.generation.surprisal import score

OPTIONS = SamplingOptions(max_new_tokens=40, temperature=1.3, top_p=0.9, seed=4, stop_ids=())


def read(*args, **kwargs):
    return [event for event in read_steps(*args, **kwargs) if isinstance(event, Step)]


def same(one, other):
    assert [step.token_id for step in one] == [step.token_id for step in other]
    assert "".join(step.text for step in one) == "".join(step.text for step in other)
    for a, b in zip(one, other, strict=True):
        assert (a.index, a.position) == (b.index, b.position)
        assert a.logprob == pytest.approx(b.logprob, abs=1e-4)
        assert a.probability == pytest.approx(b.probability, abs=1e-3)
        assert {x.token_id for x in a.alternatives[:8]} <= {x.token_id for x in b.alternatives}


@pytest.mark.parametrize("most", [2**22, 264 * 3, 1])
def test_reading_tells_what_the_loop_told(tiny_model, monkeypatch, most):
    monkeypatch.setattr(reading, "LOGITS", most)
    drawn = list(sample(tiny_model, "Once upon", OPTIONS))
    ids = [*b"Once upon", *(step.token_id for step in drawn)]
    same(read(tiny_model, ids, OPTIONS, start=9), drawn)


def test_reading_from_the_start_agrees_with_the_score(tiny_model):
    steps = read(tiny_model, "aü🙂 and so on", OPTIONS)
    scored = score(tiny_model, "aü🙂 and so on")
    assert [step.logprob for step in steps] == pytest.approx(scored.logprobs[1:], abs=1e-4)
    assert [step.position for step in steps] == list(range(1, len(scored.token_ids)))
    assert "".join(step.text for step in steps) == "ü🙂 and so on"


def test_an_unfinished_character_at_the_end_is_not_lost(tiny_model):
    steps = read(tiny_model, [97, *"🙂".encode()[:3]], OPTIONS)
    assert "".join(step.text for step in steps) == "\ufffd"
    assert [event.done for event in read_steps(tiny_model, "abc", OPTIONS) if isinstance(event, Prefill)] == [2]


@pytest.mark.parametrize("start", [0, 4, -1])
def test_reading_begins_inside_the_text(tiny_model, start):
    with pytest.raises(InvalidRequest, match=f"token {start} of 3"):
        read(tiny_model, "abc", OPTIONS, start=start)


def test_a_text_that_the_context_cannot_hold_is_refused(tiny_model, scripted):
    with pytest.raises(InvalidRequest, match=r"513 tokens.*512"):
        read(tiny_model, [1] * 513, OPTIONS)
    wide = scripted("", context_length=8_000)
    with pytest.raises(InvalidRequest, match=f"5,999 tokens.*{limits.NEW_TOKENS:,}"):
        read(wide, [1] * 6_000, OPTIONS)


def test_given_tokens_come_first_and_the_rest_is_drawn_after_them(tiny_model):
    free = list(sample(tiny_model, "Once", OPTIONS))
    kept = [step.token_id for step in free[:5]]
    other = (free[5].token_id + 1) % 256
    steps = list(sample_rows(tiny_model, "Once", [Row(OPTIONS, given=(*kept, other))]))[1:]
    assert [step.token_id for step in steps[:6]] == [*kept, other]
    assert steps[5].alternatives == free[5].alternatives
    assert len(steps) == 40
    # Drawn after the same ids with the same seed, it is what a prompt of those ids would give.
    options = SamplingOptions(34, 1.3, 0.9, seed=4, stop_ids=())
    again = list(sample(tiny_model, [*b"Once", *kept, other], options))
    assert [step.token_id for step in again] == [step.token_id for step in steps[6:]]


def test_a_given_token_that_the_warpers_remove_has_probability_zero(scripted):
    steps = list(sample_rows(scripted("abcdef"), "a", [Row(SamplingOptions(3, 1.0, top_k=1), given=[122])]))[1:]
    assert [step.token_id for step in steps] == [ord("z"), ord("c"), ord("d")]
    assert [step.probability for step in steps] == [0.0, 1.0, 1.0]


def test_only_the_last_given_token_can_end_the_text(scripted):
    ending = list(sample_rows(scripted("abc"), "a", [Row(SamplingOptions(9), given=[257, 98, 257])]))[1:]
    assert [step.end for step in ending] == [None, None, END_TOKEN]
    with pytest.raises(InvalidRequest, match="given holds the token id 258"):
        sample_rows(scripted("abc"), "a", [Row(given=[258])])


def test_an_unfinished_character_is_told_apart_from_the_text(scripted):
    script = scripted([97, *"🙂b".encode()])
    *_, last = sample_rows(script, "a", [Row(SamplingOptions(3, 0.0))])
    assert (last.text, last.unfinished) == ("\ufffd", "\ufffd")
    steps = list(sample_rows(script, [97, *"🙂".encode()[:3]], [Row(SamplingOptions(2, 0.0))]))[1:]
    assert "".join(step.text for step in steps) == "🙂b"
    assert {step.unfinished for step in steps} == {""}


def test_what_a_stop_string_cut_off_is_told(scripted):
    script = scripted("one two. And three")
    steps = list(sample_rows(script, "one ", [Row(SamplingOptions(20, 0.0, stop=(". And",)))]))[1:]
    assert "".join(step.text for step in steps) == "two"
    assert [step.cut for step in steps] == [""] * 7 + [". And"]
    rest = list(sample_rows(script, [*b"one ", *(step.token_id for step in steps)], [Row(SamplingOptions(6, 0.0))]))[1:]
    assert "".join(step.text + step.cut for step in [*steps, *rest]) == "two. And three"
