"""Redraws: the numbers are right, a second look runs no model, and nothing waits behind a generation."""

import dataclasses
import json
import math
import threading
import time

import pytest
import torch
from model_folder import ENDLESS

from playground.engine.requests import (
    GenerateRequest,
    LoadRequest,
    ModelsRequest,
    NextToken,
    NextTokenRequest,
    Prefill,
    Token,
    UnloadRequest,
)
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.networks.backpack import Backpack
from playground.networks.shard import Shard
from playground.senses.edits import ScaleSense

PROMPT = "Once upon a time"
FULL = SamplingOptions(temperature=1.0)


@pytest.fixture
def forwards(monkeypatch):
    """Counts the forward passes of Shards and Backpacks."""
    count = [0]

    def counted(kind):
        plain = kind.hidden_states

        def hidden_states(self, *args, **kwargs):
            count[0] += 1
            return plain(self, *args, **kwargs)

        monkeypatch.setattr(kind, "hidden_states", hidden_states)

    counted(Shard)
    counted(Backpack)
    return count


def own_logits(engine, name, prompt):
    """The logits after the prompt by the teacher-forced forward, not by the decoder."""
    with engine.manager.lease(name) as model:
        ids = model.prompt_ids(prompt) if isinstance(prompt, str) else list(prompt)
        return model.logits(ids)[-1].double(), model.sampled_size


def test_a_second_look_runs_no_model(engine, forwards):
    first = engine.answer(NextTokenRequest("shard", PROMPT, FULL))
    assert not first.remembered
    ran = forwards[0]
    assert ran > 0
    second = engine.answer(NextTokenRequest("shard", PROMPT, FULL))
    assert second == dataclasses.replace(first, remembered=True)
    for options in (SamplingOptions(temperature=0.3), SamplingOptions(top_k=3), SamplingOptions(top_p=0.5, seed=9)):
        assert engine.answer(NextTokenRequest("shard", PROMPT, options, top=20)).remembered
    assert forwards[0] == ran
    assert not engine.answer(NextTokenRequest("shard", PROMPT + " there")).remembered


def test_a_redraw_holds_no_lease_and_moves_no_lever(engine, forwards):
    engine.answer(NextTokenRequest("shard", PROMPT))
    models = engine.answer(ModelsRequest())
    assert all(state.in_use == 0 for state in models.models)


def test_probabilities_are_those_of_the_model_and_of_the_warpers(engine):
    """Against the softmax written out in double precision."""
    logits, size = own_logits(engine, "shard", PROMPT)
    logprobs = logits - torch.logsumexp(logits, 0)
    best = torch.argsort(logits[:size], descending=True)[:50].tolist()
    seen = engine.answer(NextTokenRequest("shard", PROMPT, SamplingOptions(temperature=0.5, top_k=7), top=50))
    assert [token.token_id for token in seen.tokens] == best
    assert [token.logprob for token in seen.tokens] == pytest.approx(logprobs[best].tolist(), abs=1e-4)
    kept = torch.softmax(logits[best[:7]] / 0.5, 0).tolist()
    assert [token.probability for token in seen.tokens] == pytest.approx(kept + [0.0] * 43, abs=1e-4)
    assert seen.survivors == 7
    bits = float(-(logprobs.exp() * logprobs).sum() / math.log(2))
    assert seen.entropy_bits == pytest.approx(bits, abs=1e-4)
    assert seen.effective_choices == pytest.approx(2**bits, rel=1e-3)


def test_the_nucleus_is_the_fewest_tokens_that_reach_the_sum(engine):
    logits, size = own_logits(engine, "shard", PROMPT)
    probabilities = torch.softmax(logits[:size], 0).sort(descending=True).values
    wanted = int((probabilities.cumsum(0) < 0.7).sum()) + 1
    seen = engine.answer(NextTokenRequest("shard", PROMPT, SamplingOptions(temperature=1.0, top_p=0.7), top=200))
    assert seen.survivors == wanted
    assert sum(token.probability for token in seen.tokens) == pytest.approx(1.0, abs=1e-6)
    whole = engine.answer(NextTokenRequest("shard", PROMPT, FULL))
    assert whole.survivors == size
    greedy = engine.answer(NextTokenRequest("shard", PROMPT, SamplingOptions(temperature=0.0)))
    assert [token.probability for token in greedy.tokens] == [1.0] + [0.0] * 9
    assert greedy.survivors == 1


def test_it_agrees_with_the_first_step_of_a_generation(engine):
    options = SamplingOptions(temperature=0.7, top_p=0.9, repetition_penalty=1.3, max_new_tokens=1)
    step = next(e.step for e in engine.run(GenerateRequest("shard", PROMPT, (options,))) if isinstance(e, Token))
    seen = engine.answer(NextTokenRequest("shard", PROMPT, options))
    assert [token.token_id for token in seen.tokens] == [other.token_id for other in step.alternatives]
    for ours, theirs in zip(seen.tokens, step.alternatives, strict=True):
        assert ours.logprob == pytest.approx(theirs.logprob, abs=1e-4)
        assert ours.probability == pytest.approx(theirs.probability, abs=1e-4)
        assert ours.text == theirs.text


def test_how_many_tokens_are_shown(engine):
    assert len(engine.answer(NextTokenRequest("shard", PROMPT, top=1)).tokens) == 1
    assert len(engine.answer(NextTokenRequest("shard", PROMPT, top=200)).tokens) == 200


def test_edits_are_another_question(engine, forwards):
    ids = (5, 6, 7)
    plain = engine.answer(NextTokenRequest("backpack", ids))
    edited = engine.answer(NextTokenRequest("backpack", ids, edits=(ScaleSense(6, 3, 0.0),)))
    assert not edited.remembered
    assert edited.tokens != plain.tokens
    ran = forwards[0]
    assert engine.answer(NextTokenRequest("backpack", ids, edits=(ScaleSense(6, 3, 0.0),))).remembered
    assert engine.answer(NextTokenRequest("backpack", list(ids))).tokens == plain.tokens
    assert forwards[0] == ran
    assert [token.text for token in plain.tokens] == [str(token.token_id) for token in plain.tokens]


def test_a_model_loaded_anew_is_another_model(engine, models_folder, tmp_path):
    """Precision, choices and tokenizer change the answer, so nothing of the former load is shown."""
    request = NextTokenRequest("shard", PROMPT)
    before = engine.answer(request)
    engine.answer(LoadRequest("shard", choices={"rope_pairing": "half"}))
    half = engine.answer(request)
    assert not half.remembered
    assert half.tokens != before.tokens
    tokenizer = tmp_path / "tokenizer.json"
    text = (models_folder / "shard" / "models" / "tokenizer.json").read_text(encoding="utf-8")
    merges = json.loads(text)["model"]["merges"]
    assert merges
    spoken = json.loads(text)
    spoken["model"]["merges"] = []  # as many ids, but texts become other ids
    tokenizer.write_text(json.dumps(spoken), encoding="utf-8")
    engine.answer(LoadRequest("shard", tokenizer=str(tokenizer)))
    other = engine.answer(request)
    assert not other.remembered
    assert other.tokens != before.tokens
    engine.answer(UnloadRequest("shard"))
    assert engine.answer(request).tokens == other.tokens  # the last choices outlive the unloading


def test_what_is_remembered_stays_within_its_bound(open_over):
    engine = open_over(memory_gb=0.02)
    memo = engine.memo
    assert memo.most_bytes == 10**6
    for number in range(60):
        engine.answer(NextTokenRequest("shard", (1, 2, number)))
        assert 0 < memo.bytes <= memo.most_bytes
    assert not engine.answer(NextTokenRequest("shard", (1, 2, 0))).remembered  # long gone
    assert engine.answer(NextTokenRequest("shard", (1, 2, 59))).remembered


def test_a_long_prompt_can_be_given_up_halfway(engine, forwards):
    events = engine.run(NextTokenRequest(ENDLESS, (7,) * 4000))
    read = next(event for event in events if isinstance(event, Prefill))
    assert 0 < read.done < read.total == 4000
    ran = forwards[0]
    events.close()
    assert forwards[0] == ran
    assert all(state.in_use == 0 for state in engine.answer(ModelsRequest()).models)
    seen = [type(event) for event in engine.run(NextTokenRequest(ENDLESS, (7,) * 600))]
    assert seen == [Prefill] * (len(seen) - 1) + [NextToken]


def test_a_redraw_never_waits_behind_a_generation(engine):
    engine.answer(NextTokenRequest(ENDLESS, PROMPT))
    halt, tokens = threading.Event(), [0]

    def write():
        events = engine.run(GenerateRequest(ENDLESS, PROMPT, (SamplingOptions(max_new_tokens=4096),)))
        for event in events:
            tokens[0] += isinstance(event, Token)
            if halt.is_set():
                break
        events.close()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while tokens[0] < 3:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        times = []
        for k in range(1, 12):
            began = time.perf_counter()
            seen = engine.answer(NextTokenRequest(ENDLESS, PROMPT, SamplingOptions(top_k=k)))
            times.append(time.perf_counter() - began)
            assert seen.remembered
        assert sorted(times)[len(times) // 2] < 0.1, times
        fresh = engine.answer(NextTokenRequest(ENDLESS, PROMPT + " not seen before"))
        assert not fresh.remembered
        assert thread.is_alive()  # all of it happened while the generation ran
    finally:
        halt.set()
        thread.join(30)


def test_what_cannot_be_asked_is_refused_in_a_line(engine):
    for request in (
        NextTokenRequest("pixel-mae", "text"),
        NextTokenRequest("gelu-gpt", "text"),
        NextTokenRequest("shard", (999,)),
        NextTokenRequest("shard", (1,) * 257),
        NextTokenRequest("shard", "a", edits=(ScaleSense(1, 0, 0.0),)),
    ):
        with pytest.raises(InvalidRequest) as caught:
            engine.answer(request)
        assert "\n" not in str(caught.value)
    assert engine.answer(NextTokenRequest("shard", (1,) * 256)).tokens  # a full context still has a next token
