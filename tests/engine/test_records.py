"""Runs are recorded as JSON and drawn again token for token; what is wrong with a document is said in a line."""

import copy
import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.engine.local import with_threads
from playground.engine.records import read_record, record_run
from playground.engine.replay import first_difference
from playground.engine.requests import (
    Ended,
    GenerateRequest,
    Loading,
    ModelsRequest,
    Replayed,
    ReplayRequest,
    Started,
    Token,
)
from playground.errors import InvalidRequest, PlaygroundError
from playground.generation.options import SamplingOptions
from playground.senses.edits import AddSense, ScaleSense, SwapDirection, TopicBoost

OPTIONS = SamplingOptions(max_new_tokens=20, temperature=1.1, top_p=0.9, seed=11)


def recorded(engine, request, stop_after=None):
    started, steps = None, []
    events = engine.run(request)
    for event in events:
        if isinstance(event, Started):
            started = event
        elif isinstance(event, Token):
            steps.append(event.step)
            if len(steps) == stop_after:
                events.close()
                break
    return json.loads(json.dumps(record_run(request, started, steps), allow_nan=False))


@pytest.fixture(scope="module")
def document(shared_engine):
    return recorded(shared_engine, GenerateRequest("shard", "Once upon a time", (OPTIONS,)))


def changed(document, *path, value):
    document = copy.deepcopy(document)
    at = document
    for name in path[:-1]:
        at = at[name]
    if value is KeyError:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return document


def test_a_record_says_what_a_reader_needs(document):
    assert document["model"]["name"] == "shard"
    assert len(document["model"]["fingerprint"]) >= 16
    assert document["model"]["dtype"] == "float32"
    assert document["prompt"] == "Once upon a time"
    (part,) = document["parts"]
    assert part["options"]["temperature"] == 1.1
    assert part["given"] == 0
    assert document["made_with"]["torch"].startswith("2.")
    assert document["made_with"]["threads"] == torch.get_num_threads()
    assert all(token["logprob"] <= 0 < token["probability"] <= 1 for token in part["tokens"])


def test_a_replay_draws_the_same(shared_engine, document):
    *events, last = shared_engine.run(ReplayRequest(document))
    assert last == Replayed(True, None)
    drawn = [event.step for event in events if isinstance(event, Token)]
    assert [step.token_id for step in drawn] == [token["id"] for token in document["parts"][0]["tokens"]]
    assert [step.logprob for step in drawn] == [token["logprob"] for token in document["parts"][0]["tokens"]]


def test_a_stopped_run_is_replayed_as_far_as_it_went(shared_engine):
    request = GenerateRequest("shard", "Once upon a time", (OPTIONS,))
    part = recorded(shared_engine, request, stop_after=7)
    *events, last = shared_engine.run(ReplayRequest(part))
    assert sum(isinstance(event, Token) for event in events) == 7
    assert last.same


def test_a_replay_uses_the_recorded_precision(open_over):
    engine = open_over()
    text = recorded(engine, GenerateRequest("shard", "Once", (OPTIONS,)))
    *events, last = engine.run(ReplayRequest(changed(text, "model", "dtype", value="bfloat16")))
    assert any(isinstance(event, Loading) for event in events)
    started = next(event for event in events if isinstance(event, Started))
    assert started.card.dtype == "bfloat16"
    assert isinstance(last, Replayed)


def test_what_differs_is_told(shared_engine, document):
    other = (document["parts"][0]["tokens"][5]["id"] + 1) % 50
    *_, last = shared_engine.run(ReplayRequest(changed(document, "parts", 0, "tokens", 5, "id", value=other)))
    assert last == Replayed(False, 5)
    ids = read_record(document).token_ids
    assert first_difference(ids, ids) is None
    assert first_difference(ids, ids[:4]) == 4
    assert first_difference(ids, (*ids, 3)) is None


def branched(engine, document, cut, given, seed):
    """``document`` left after ``cut`` tokens for the token ``given``, and drawn on from there."""
    (part,) = document["parts"]
    kept = [token["id"] for token in part["tokens"][:cut]]
    options = SamplingOptions(max_new_tokens=9, temperature=0.7, seed=seed)
    request = GenerateRequest("shard", (*document["prompt_ids"], *kept), (options,), given=(given,))
    other = recorded(engine, request)
    parts = [part | {"tokens": part["tokens"][:cut], "end": None}, *other["parts"]]
    return document | {"parts": parts}


def test_a_run_that_was_taken_another_way_is_replayed_whole(shared_engine, document):
    other = branched(shared_engine, document, 6, 123, 5)
    assert other["parts"][1]["given"] == 1
    wanted = [token["id"] for part in other["parts"] for token in part["tokens"]]
    assert wanted[6] == 123
    *events, last = shared_engine.run(ReplayRequest(other))
    steps = [event.step for event in events if isinstance(event, Token)]
    assert [step.token_id for step in steps] == wanted
    assert [step.index for step in steps] == list(range(15))
    assert [step.logprob for step in steps] == pytest.approx(
        [token["logprob"] for part in other["parts"] for token in part["tokens"]], abs=1e-6
    )
    assert sum(isinstance(event, Started) for event in events) == 1
    assert [event.tokens for event in events if isinstance(event, Ended)] == [15]
    assert last == Replayed(True, None)
    for at, change in ((2, 0), (8, 1)):  # in the first part, in the second
        wrong = copy.deepcopy(other)
        token = wrong["parts"][change]["tokens"][at - 6 * change]
        token["id"] = (token["id"] + 1) % 50
        *events, last = shared_engine.run(ReplayRequest(wrong))
        assert last == Replayed(False, at)


def test_a_prompt_that_the_model_never_read_is_refused(shared_engine, document):
    with pytest.raises(InvalidRequest, match=r"'Twice'.*'Once upon a time'"):
        list(shared_engine.run(ReplayRequest(document | {"prompt": "Twice"})))
    *_, last = shared_engine.run(ReplayRequest(document | {"prompt": None}))
    assert last.same


def test_what_was_kept_of_a_part_is_all_that_is_drawn_of_it(shared_engine, document):
    other = branched(shared_engine, document, 6, 123, 5)
    first, second = read_record(other).parts
    assert first[0].rows[0].max_new_tokens == 6
    assert (second[0].given, second[0].prompt[-6:]) == ((123,), first[1])


def test_other_weights_are_refused(shared_engine, document):
    other = changed(document, "model", "fingerprint", value="0" * 64)
    with pytest.raises(InvalidRequest, match="identity 0000000000000000"):
        list(shared_engine.run(ReplayRequest(other)))
    with pytest.raises(PlaygroundError):
        list(shared_engine.run(ReplayRequest(changed(document, "model", "name", value="../../etc/passwd"))))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), "something", "no recorded run"),
        (("version",), 1, "version 1"),
        (("model",), KeyError, "no model"),
        (("model", "dtype"), "float8", "float8"),
        (("model", "name"), 7, "No model"),
        (("made_with", "threads"), 10**9, "threads"),
        (("made_with", "threads"), True, "threads"),
        (("made_with", "decode"), "fastest", "decode must be one of plain, torch, compiled, int8"),
        (("made_with", "decode"), ["plain"], "decode"),
        (("parts", 0, "options", "temperature"), "hot", "temperature"),
        (("parts", 0, "options", "temperature"), 1e9, "temperature"),
        (("parts", 0, "options", "__class__"), 1, "unknown option"),
        (("prompt",), 5, "prompt"),
        (("prompt",), "x" * 30_000, "prompt"),
        (("prompt_ids",), [1, -2], "-2"),
        (("prompt_ids",), KeyError, "prompt_ids"),
        (("prompt_ids",), "abc", "list of token ids"),
        (("parts", 0, "tokens"), [1.5], "tokens"),
        (("parts", 0, "tokens"), [{}], "tokens"),
        (("parts", 0, "tokens"), "abc", "list"),
        (("edits",), [{"kind": "Eval", "code": "1"}], "unknown kind"),
        (("edits",), [{"kind": "ScaleSense", "token_id": 1}], "nothing else"),
        (("edits",), [{"kind": "ScaleSense", "token_id": 1, "sense": 0, "factor": "x"}], "no number"),
        (("edits",), 3, "list"),
        (("parts",), [], "must have a part"),
        (("parts",), [3], "no part"),
        (("parts",), [{}] * 257, "at most 256"),
        (("parts", 0, "given"), 21, "given must be 0 to 20"),
        (("parts", 0, "given"), True, "given"),
        (("parts", 0, "given"), KeyError, "given"),
    ],
)
def test_bad_documents_are_refused_in_a_line(document, path, value, message):
    with pytest.raises(InvalidRequest, match=message) as caught:
        read_record(changed(document, *path, value=value))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    where=st.sampled_from(
        ["model", "made_with", "parts", "options", "tokens", "given", "end", "edits", "prompt_ids", "prompt"]
    ),
    value=json_values,
)
def test_no_document_does_harm(document, where, value):
    (part,) = document["parts"]
    changes = {"parts": [part | {where: value}]} if where in part else {where: value}
    try:
        record = read_record(document | changes)
    except PlaygroundError:
        return
    assert record.model


def test_edits_come_back_as_they_were(document):
    edits = (
        ScaleSense(3, 1, 2.5),
        ScaleSense(4, 0, 0.0, position=2),
        SwapDirection(3, 4, 5),
        TopicBoost((3, 4)),
        AddSense(5, 0, 0.5),
    )
    started = Started(
        type("Card", (), {"family": "backpack", "fingerprint": "f" * 64, "dtype": "float32", "tokenizer": None})(),
        (1, 2), 1, "plain",
    )  # fmt: skip
    request = GenerateRequest("backpack", (1, 2), (OPTIONS,), edits)
    record = read_record(json.loads(json.dumps(record_run(request, started, []))))
    assert record.parts[0][0].edits == edits
    assert record.prompt is None


def test_threads_are_set_for_the_work_alone():
    own = torch.get_num_threads()
    seen = []

    def work():
        for _ in range(3):
            seen.append(torch.get_num_threads())
            yield 1

    for _ in with_threads(own + 1, work()):
        assert torch.get_num_threads() == own
    assert seen == [own + 1] * 3


@pytest.mark.parametrize("path", ["plain", "torch", "compiled", "int8"])
def test_a_run_is_drawn_again_on_the_path_that_it_was_drawn_on(open_over, path):
    engine = open_over()
    document = recorded(engine, GenerateRequest("shard", "Once upon a time", (OPTIONS,), decode=path))
    assert document["made_with"]["decode"] == path
    (card,) = (model.card for model in engine.answer(ModelsRequest()).models if model.name == "shard")
    assert dict(card.lines())["Token steps"].startswith(path)
    events = list(engine.run(ReplayRequest(document)))
    assert [event.decode for event in events if isinstance(event, Started)] == [path]
    assert events[-1] == Replayed(True, None)


def test_older_records_are_drawn_on_the_readable_path(shared_engine, document):
    older = changed(document, "made_with", "decode", value=KeyError)
    events = list(shared_engine.run(ReplayRequest(older)))
    assert [event.decode for event in events if isinstance(event, Started)] == ["plain"]
    assert events[-1].same


def test_a_path_that_nobody_knows_is_refused():
    with pytest.raises(InvalidRequest, match="fastest"):
        GenerateRequest("shard", "a", decode="fastest")
