"""What the story is told while a run goes on, without a browser or a model."""

import json
from types import SimpleNamespace

import pytest

from playground import limits
from playground.engine.requests import Ended, GenerateRequest, Loading, Prefill, ReadRequest, Replayed, Started, Token
from playground.errors import InvalidRequest, PlaygroundError
from playground.generation.options import SamplingOptions
from playground.generation.steps import Alternative, Step
from playground.ui.runs import continued, read, replay, replayed_words, run_name, stream
from playground.ui.story import Stops

REQUEST = GenerateRequest("model", "Once", given=(7,))
CARD = SimpleNamespace(family="shard", fingerprint="f" * 64, dtype="float32", tokenizer="t")
STARTED = Started(CARD, (1, 2), 1, "plain")


class Engine:
    """Answers with events that are given to it; knows what was asked and when it was closed."""

    def __init__(self, *events):
        self.events, self.closed, self.asked = events, False, None

    def run(self, request):
        self.asked = request
        try:
            for event in self.events:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed = True


def token(text, seconds):
    return Token(Step(0, 0, 1, 5, text, -1.25, 0.5, (Alternative(5, text, -1.25, 0.5),), None), seconds)


def text_of(value):
    return "".join(json.loads(one)[0] for one in value["tokens"])


def test_a_stream_tells_how_it_goes(monkeypatch):
    monkeypatch.setattr("playground.ui.runs.REFRESH_SECONDS", 0)
    engine = Engine(
        Loading("model", "Reading the weights", 0.5, 1.0), STARTED, Prefill(256, 300), Prefill(300, 300),
        token(" upon", 0.1), token(" a", 0.6), Ended(0, "stop string", 2, 0.5, 2.0),
    )  # fmt: skip
    seen = list(stream(engine, REQUEST, "run"))
    assert [(value["status"], text_of(value), value["running"], value["end"]) for value in seen] == [
        ("Reading the weights 50% …", "", True, None),
        ("Reading the weights 50% …", "", True, None),
        ("Reading the prompt …", "", True, None),
        ("Writing …", "", True, None),
        ("1 token", " upon", True, None),
        ("2 tokens · 2 tokens/s", " upon a", True, None),
        ("2 tokens · 2 tokens/s · reached a stop string", " upon a", False, "stop string"),
    ]
    assert {value["run"] for value in seen} == {"run"}
    assert json.loads(seen[-1]["tokens"][1]) == [" a", -1.25, 0.5, [[5, " a", -1.25, 0.5]], 5]
    head = json.loads(seen[-1]["head"])
    assert (head["model"]["name"], head["model"]["fingerprint"], head["prompt_ids"]) == ("model", "f" * 64, [1, 2])
    (part,) = seen[-1]["parts"]
    assert (part["given"], part["count"], part["options"]["seed"]) == (1, None, 0)


def test_a_stream_travels_at_most_twenty_times_a_second():
    engine = Engine(*(token("x", i / 1000) for i in range(500)), Ended(0, "token limit", 500, 0.5, 1000.0))
    seen = list(stream(engine, REQUEST, "run"))
    assert len(seen) < 10
    assert text_of(seen[-1]) == "x" * 500


def test_a_stream_ends_when_its_run_is_stopped():
    stops = Stops()
    engine = Engine(token("x", 0.0), token("y", 0.1), token("z", 0.2))
    events = stream(engine, REQUEST, "run", stops)
    next(events)
    stops.add("run")
    (last,) = list(events)
    assert (text_of(last), last["running"]) == ("x", False)
    assert last["status"].endswith("stopped by you")
    assert engine.closed


def test_a_stream_shows_its_error_and_keeps_the_text():
    events = stream(Engine(token("x", 0.0), PlaygroundError("It broke.")), REQUEST, "run")
    assert text_of(next(events)) == "x"
    last = next(events)
    assert (text_of(last), last["status"], last["running"]) == ("x", "It broke.", False)
    with pytest.raises(PlaygroundError):
        next(events)


def test_a_replay_says_how_it_came_out():
    part = {"options": {"seed": 3}, "given": 1, "tokens": [{"id": 5}, {"id": 6}], "end": None}
    document = {
        "format": "playground run", "version": 2, "prompt": "Once", "prompt_ids": [1], "edits": [],
        "parts": [part, part], "model": {"name": "model", "fingerprint": "f", "dtype": "float32"},
        "made_with": {"threads": 1},
    }  # fmt: skip
    engine = Engine(STARTED, token("a", 0.0), Ended(0, "token limit", 1, 0.0, None), Replayed(False, 1234))
    *_, last = replay(engine, json.dumps(document), "run")
    assert last["status"].startswith("From token 1,235 on another text than in the file")
    assert [(one["given"], one["count"], one["options"]["seed"]) for one in last["parts"]] == [(1, 2, 3)] * 2
    assert engine.asked.document == document
    assert replayed_words(Replayed(True, None), 1) == "1 token, the same as in the file, every one"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "at most"),
        ("x" * (limits.RECORD_BYTES + 1), "at most"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no recorded run"),
        ("{}", "no recorded run"),
    ],
)
def test_what_is_no_recorded_run_is_refused(text, message):
    with pytest.raises(InvalidRequest, match=message):
        list(replay(Engine(), text, "run"))


def test_a_text_is_read_whole():
    engine = Engine(STARTED, Prefill(2, 2), token("a", 0.0), token("b", 0.1))
    *_, last = read(engine, "model", [1, 2, 3], 1, SamplingOptions(), "text:x")
    assert (last["run"], last["start"], [json.loads(one)[0] for one in last["tokens"]]) == ("text:x", 1, ["a", "b"])
    assert engine.asked == ReadRequest("model", (1, 2, 3), SamplingOptions(), start=1)


def test_what_goes_on_from_a_place_is_checked():
    request = continued("model", [1, 2], [3], SamplingOptions())
    assert (request.prompt, request.given) == ((1, 2), (3,))
    for ids, given in (("12", []), ([1], None), ([1], ["a"]), ([-1], []), ([1] * (limits.PROMPT_TOKENS + 1), [])):
        with pytest.raises(InvalidRequest):
            continued("model", ids, given, SamplingOptions())
    assert len(run_name("x" * 1000)) == 64
