"""Edits in requests: the next token without a forward pass, text with the same dice, records, comparisons."""

import json
import time
from itertools import pairwise

import pytest
import torch
from sense_models import TEXT, write_sense_models

import playground as pg
from playground.engine.local import open_engine
from playground.engine.records import read_record, record_run
from playground.engine.requests import (
    ColumnEvent,
    CompareRequest,
    GenerateRequest,
    Loading,
    ModelsRequest,
    NextTokenRequest,
    ReadRequest,
    ReplayRequest,
    Started,
    Token,
)
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.networks.backpack import Encoder
from playground.senses import topics
from playground.senses.edit_documents import read_edits
from playground.settings import Settings

OPTIONS = SamplingOptions(max_new_tokens=15, temperature=1.0, top_p=0.95, seed=5)
SCALE = {"kind": "scale_sense", "word": " sea", "sense": 1, "factor": -2.0}
EDITS = {
    "scale": [SCALE],
    "scale at a place": [SCALE | {"position": 5}],
    "add": [{"kind": "add_sense", "word": " ship", "sense": 3, "weight": 0.8}],
    "swap": [{"kind": "swap_direction", "word": " sea", "out": " he", "in": " she"}],
    "topic": [{"kind": "topic_boost", "words": [" ship", " hill"], "strength": 3}],
    "several": [
        {"kind": "topic_boost", "words": [" ship"], "multipliers": [3, 2, 1.5, 0.5], "anneal": False},
        {"kind": "swap_direction", "word": " ship", "out": " he", "in": " she"},
        {"kind": "add_sense", "word": " ship", "sense": 3, "weight": 0.8},
        SCALE,
        SCALE | {"factor": 0.5},
    ],
}
SHOUT = {"kind": "add_sense", "word": " ship", "sense": 3, "weight": 90}
IDENTITY = [
    {"kind": "scale_sense", "word": " sea", "sense": 1, "factor": 1.0},
    {"kind": "add_sense", "word": " ship", "sense": 3, "weight": 0.0},
    {"kind": "swap_direction", "word": " sea", "out": " he", "in": " he"},
    {"kind": "topic_boost", "words": [" ship"], "strength": 0},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, models_folder):
    folder = write_sense_models(tmp_path_factory.mktemp("mixer"))
    (folder / "shard").symlink_to(models_folder / "shard")
    return folder


def drawn(engine, request):
    return [event.step.token_id for event in engine.run(request) if isinstance(event, Token)]


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_the_distribution_is_that_of_a_full_forward(lab, name, model, edits):
    objects = read_edits(edits, model.network, model.tokenizer)
    ids = model.tokenizer.encode(TEXT)
    before, after = model.logits(ids)[-1].log_softmax(-1), model.logits(ids, objects)[-1].log_softmax(-1)
    assert (before - after).abs().max() > 1e-3
    for asked in (edits, objects, [edits[0], *objects[1:]]):
        seen = lab.answer(NextTokenRequest(name, TEXT, OPTIONS, asked, top=12))
        for side, logprobs in ((seen, after), (seen.before, before)):
            best = logprobs[: model.sampled_size].topk(12)
            assert [token.token_id for token in side.tokens] == best.indices.tolist()
            assert [token.logprob for token in side.tokens] == pytest.approx(best.values.tolist(), abs=1e-4)
            bits = -float((logprobs.double().exp() * logprobs.double()).sum()) / torch.log(torch.tensor(2.0)).item()
            assert side.entropy_bits == pytest.approx(bits, abs=1e-4)
        p, q = before.double().exp(), after.double().exp()  # of the whole vocabulary, however few tokens are shown
        assert seen.moved_share == pytest.approx(float((p - q).abs().sum() / 2), abs=1e-5)
        assert seen.kl_bits == pytest.approx(float((q * (q / p).log2()).sum()), abs=1e-4)


def test_moved_tokens_tell_both_sides(lab, name):
    seen = lab.answer(NextTokenRequest(name, TEXT, OPTIONS, EDITS["scale"], top=9))
    both = {token.token_id: token for token in seen.moved}
    assert set(both) == {token.token_id for token in (*seen.tokens, *seen.before.tokens)}
    for token in seen.tokens:
        assert both[token.token_id].logprob_after == pytest.approx(token.logprob, abs=1e-9)
        assert both[token.token_id].probability_after == token.probability
    for token in seen.before.tokens:
        assert both[token.token_id].logprob_before == pytest.approx(token.logprob, abs=1e-9)
        assert both[token.token_id].probability_before == token.probability
    for one, other in pairwise(seen.moved):
        assert one.logprob_after >= other.logprob_after
    assert seen.before.before is None
    plain = lab.answer(NextTokenRequest(name, TEXT, OPTIONS, top=9))
    assert [token.token_id for token in plain.tokens] == [token.token_id for token in seen.before.tokens]
    assert (plain.before, plain.moved, plain.moved_share, plain.kl_bits) == (None, (), None, None)


def test_moving_a_slider_runs_no_model(lab, name, monkeypatch):
    text = TEXT + " king"
    first = list(lab.run(NextTokenRequest(name, text, edits=EDITS["scale"])))
    assert (len(first), first[-1].remembered) == (2, False)
    for edits in EDITS.values():  # topics compare all senses once
        lab.answer(NextTokenRequest(name, text, edits=edits))
    monkeypatch.setattr(Encoder, "forward", lambda *_: pytest.fail("the encoder ran"))
    monkeypatch.setattr(topics, "largest_logits", lambda *_: pytest.fail("the senses were compared again"))
    for edits in EDITS.values():
        for factor in (0.0, 1.0, 4.0):
            seen = lab.answer(NextTokenRequest(name, text, edits=[*edits, SCALE | {"factor": factor}]))
            assert seen.remembered
            assert seen.before.remembered


def test_a_slider_is_fast(lab):
    times = []
    for step in range(15):
        began = time.thread_time()  # of this thread alone, however busy the machine is
        lab.answer(NextTokenRequest("gpt2", TEXT, edits=[SCALE | {"factor": step / 10}], top=15))
        times.append(time.thread_time() - began)
    assert sorted(times)[len(times) // 2] < 0.03, times


def test_edits_that_change_nothing_change_nothing(lab, name):
    seen = lab.answer(NextTokenRequest(name, TEXT, OPTIONS, IDENTITY, top=50))
    assert [token.token_id for token in seen.tokens] == [token.token_id for token in seen.before.tokens]
    assert [token.logprob for token in seen.tokens] == pytest.approx(
        [token.logprob for token in seen.before.tokens], abs=1e-5
    )
    for edits in (*([one] for one in IDENTITY), IDENTITY):
        options = SamplingOptions(max_new_tokens=12, temperature=1.2, seed=9)
        assert drawn(lab, GenerateRequest(name, TEXT, (options,), edits)) == drawn(
            lab, GenerateRequest(name, TEXT, (options,))
        )


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_text_is_written_as_the_library_writes_it(lab, name, model, edits):
    options = SamplingOptions(max_new_tokens=8, temperature=0.0)
    objects = read_edits(edits, model.network, model.tokenizer)
    ids = model.tokenizer.encode(TEXT)
    expected = [step.token_id for step in pg.sample(model, ids, options, objects)]
    assert drawn(lab, GenerateRequest(name, TEXT, (options,), edits)) == expected
    assert [step.token_id for step in pg.sample(model, ids, options, edits)] == expected  # documents are as good
    slow = list(ids)
    for _ in expected:
        slow.append(int(model.logits(slow, objects)[-1][: model.sampled_size].argmax()))
    if "anneal" in str(edits) or "topic" not in str(edits):  # else what fades depends on how far the text had come
        assert slow[len(ids) :] == expected


def test_columns_share_dice_with_and_without_edits(lab, name):
    plain, edited = GenerateRequest(name, TEXT, (OPTIONS,)), GenerateRequest(name, TEXT, (OPTIONS,), [SHOUT])
    columns = ([], [])
    for event in lab.run(CompareRequest((plain, edited))):
        if isinstance(event, ColumnEvent) and isinstance(event.event, Token):
            columns[event.column].append(event.event.step.token_id)
    assert list(columns) == [drawn(lab, plain), drawn(lab, edited)]
    assert columns[0] != columns[1]


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_a_recorded_run_with_edits_is_drawn_again(lab, name, edits):
    request, started, steps = GenerateRequest(name, TEXT, (OPTIONS,), edits), None, []
    for event in lab.run(request):
        started = event if isinstance(event, Started) else started
        steps += [event.step] if isinstance(event, Token) else []
    document = json.loads(json.dumps(record_run(request, started, steps), allow_nan=False))
    assert document["edits"] == edits
    assert read_record(document).parts[0][0].edits == tuple(edits)
    *_, last = lab.run(ReplayRequest(document))
    assert last.same
    *_, other = lab.run(ReplayRequest(document | {"edits": [SCALE | {"factor": 40}]}))
    assert not other.same
    with pytest.raises(InvalidRequest, match="sense must be a whole number"):
        read_record(document | {"edits": [SCALE | {"sense": -1}]})


def test_a_text_read_under_edits(lab, name, model):
    ids = model.tokenizer.encode(TEXT)
    logits = model.logits(ids, read_edits(EDITS["several"], model.network, model.tokenizer)).log_softmax(-1)
    steps = [event.step for event in lab.run(ReadRequest(name, TEXT, edits=EDITS["several"])) if type(event) is Token]
    assert [step.logprob for step in steps] == pytest.approx(
        [float(logits[place, ids[place + 1]]) for place in range(len(ids) - 1)], abs=1e-4
    )


def test_the_first_topic_tells_what_it_costs_and_can_be_stopped(folder, monkeypatch):
    monkeypatch.setattr("playground.senses.vocabulary.SQUARE", 16 * 211 * 16)
    engine = open_engine(Settings(checkpoints=folder, models=(), memory_gb=1.0))
    request = NextTokenRequest("gpt2", TEXT, edits=EDITS["topic"])
    events = engine.run(request)
    told = next(event for event in events if isinstance(event, Loading) and "senses" in event.stage)
    assert told.stage.startswith("Comparing 3,376 senses with every word")
    assert told.fraction == pytest.approx(16 / 211)
    events.close()
    assert all(state.in_use == 0 for state in engine.answer(ModelsRequest()).models)
    kinds = [type(event).__name__ for event in engine.run(request)]
    assert kinds == ["Loading"] * 15 + ["Prefill", "NextToken"]
    other = [{"kind": "topic_boost", "words": [" king"], "strength": 1}]
    told, answer = engine.run(NextTokenRequest("gpt2", TEXT, edits=other))
    assert told.stage == "Comparing 3,376 senses with the topic"
    assert answer.remembered
    kinds = [type(event) for event in engine.run(GenerateRequest("gpt2", TEXT, (OPTIONS,), EDITS["topic"]))]
    assert kinds[0] is Started
    engine.close()


def test_few_topics_are_kept(model, name):
    for target in range(1, topics.TOPICS_KEPT + 9):
        topics.topic_multipliers(model.network, (target,), (2, 2, 1, 1))
        kept = [key for key in model.network.derived if key[0] == "topic bands"]
        assert len(kept) <= topics.TOPICS_KEPT
    assert kept[-1] == ("topic bands", ((target,), None))


@pytest.mark.parametrize(
    ("kind", "more"), [(NextTokenRequest, {}), (GenerateRequest, {}), (ReadRequest, {})], ids=["next", "write", "read"]
)
@pytest.mark.parametrize(
    ("name", "edits", "said"),
    [
        ("shard", [SCALE], "no sense vectors, so edits do not apply"),
        ("gpt2", [SCALE | {"word": "sea"}], "With a blank in front"),
        ("gpt2", [SCALE | {"sense": 16}], "senses go from 0 to 15"),
        ("gpt2", [SCALE | {"word": " sea ship"}], "is 2 tokens"),
    ],
)
def test_what_does_not_suit_the_model_is_refused_in_a_line(lab, kind, more, name, edits, said):
    with pytest.raises(InvalidRequest, match=said) as caught:
        list(lab.run(kind(name, TEXT, edits=edits, **more)))
    assert "\n" not in str(caught.value)
