"""Columns of a comparison without a browser: what they say, where they part, and which requests the widgets make."""

import json
import math
from types import SimpleNamespace

import pytest

from playground.engine.requests import (
    ColumnEvent,
    ColumnFailed,
    CompareRequest,
    Ended,
    GenerateRequest,
    Loading,
    Prefill,
    Started,
    Token,
)
from playground.engine.same_dice import Dice
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.generation.steps import Alternative, Step
from playground.ui.column_state import ColumnState, column_values
from playground.ui.columns_view import PROMPT_CHARACTERS, columns_value, dice_words, prompt_end
from playground.ui.compare_setups import NEUTRAL, SETTINGS, SETUPS, preset_of, settings_words
from playground.ui.sampling_form import PRESETS
from playground.ui.story import Stops
from playground.ui.tabs.compare import requests, stream

CARD = SimpleNamespace(name="model", fingerprint="f", tokenizer="bytes, 256 ids", tokenizer_fingerprint="t")


def token(text, seconds=0.0, end=None, logprob=-1.25):
    step = Step(0, 0, 1, 5, text, logprob, 0.5, (Alternative(5, text, logprob, 0.5),), end)
    return Token(step, seconds)


def column(number, *texts, ended=True, tokenizer="bytes"):
    state = ColumnState(number, f"model {number}", "temperature 1")
    state.take(Started(SimpleNamespace(tokenizer=tokenizer), (1,), 1, "plain"))
    for place, text in enumerate(texts):
        state.take(token(text, float(place)))
    if ended:
        state.take(Ended(0, "token limit", len(texts), 4.0, 2.0 if len(texts) > 1 else None))
    return state


def parting(*columns):
    return [(value["parting"], value["byte"], value["mark"]) for value in column_values(columns)]


FIRST = ("the others are compared with this column", None, None)


def test_columns_part_where_their_texts_do():
    columns = column(1, "a", "né", "x"), column(2, "an", "è"), column(3, "ané", "x"), column(4, "a", "n")
    assert parting(*columns) == [
        FIRST,
        ("parts from column 1 at byte 3", 3, [1, 0]),  # é is C3 A9, è C3 A8: bytes 2 and 3
        ("the same as column 1 to the end", None, None),
        ("parts from column 1 at byte 2", 2, [2, 0]),  # it ends, the other goes on
    ]


def test_what_may_still_agree_does_not_part_yet():
    one, other = column(1, "ab", ended=False), column(2, "a", ended=False)
    assert parting(one, other)[1] == ("the same as column 1 so far", None, None)
    other.take(token("b"))
    assert parting(one, other)[1] == ("the same as column 1 so far", None, None)
    other.take(token("cd"))  # ahead of the first
    assert parting(one, other)[1] == ("the same as column 1 so far", None, None)
    one.take(token("ce"))
    assert parting(one, other)[1] == ("parts from column 1 at byte 3", 3, [2, 1])
    other.take(token("zzz"))
    assert parting(one, other)[1] == ("parts from column 1 at byte 3", 3, [2, 1])


def test_the_first_that_has_not_failed_is_what_the_others_part_from():
    columns = column(1, ended=False), column(2, "ab"), column(3, "ac")
    columns[0].fail("It broke.")
    values = column_values(columns)
    assert [value["parting"] for value in values] == ["", FIRST[0], "parts from column 2 at byte 1"]
    assert (values[0]["state"], values[0]["failed"], values[0]["going"]) == ("It broke.", True, False)
    columns[1].fail("This one too.")
    assert column_values(columns)[2]["parting"] == FIRST[0]


def test_a_column_tells_how_it_goes():
    state = ColumnState(1, "model", "greedy")
    said = [state.state]
    for event in (Loading("m", "Reading", 0.5, 1.0), Prefill(1, 2), Prefill(2, 2)):
        state.take(event)
        said.append(state.state)
    assert said == ["Waiting …", "Reading 50% …", "Reading the prompt …", "Writing …"]
    for seconds, text in ((1.0, "a"), (1.5, ""), (2.0, "é")):
        state.take(token(text, seconds, logprob=-2.0))
    value = state.value(None)
    bits = 2 / math.log(2)  # of each token, and so of each of the three bytes
    assert value["speed"] == "3 tokens · 2 tokens/s"
    assert [value["mean"], value["bits"]] == pytest.approx([bits, bits], abs=1e-3)
    assert [json.loads(each)[0] for each in value["tokens"]] == ["a", "", "é"]
    state.take(Ended(0, "context full", 3, 1.0, 2.0))
    assert state.value(None)["state"] == "the model's context is full"


def test_ids_are_no_text_to_count_bytes_of():
    assert column(1, "17", " 4").value(None)["bits"] is not None
    assert column(1, "17", " 4", tokenizer=None).value(None)["bits"] is None


@pytest.mark.parametrize(
    ("dice", "said"),
    [
        (Dice("token", True, (1, 1)), "Same dice, one tokenizer"),
        (Dice("position", False, (1, 1)), "Same dice, different tokenizers"),
        (Dice("position", True, (1, 1)), "begin a prompt differently"),
        (Dice("own", True, (3, 4)), "a seed of its own (3, 4)"),
    ],
)
def test_the_dice_in_words(dice, said):
    assert said in dice_words(dice)
    assert columns_value("", dice=dice)["dice"] == dice_words(dice)


def test_only_the_end_of_a_long_prompt_is_shown():
    assert prompt_end("short") == "short"
    assert prompt_end("x" * 5000 + "end") == "… " + "x" * (PROMPT_CHARACTERS - 3) + "end"


def cells(count, **changes):
    settings = {f"{name}_{n}": NEUTRAL[name] for name in SETTINGS for n in range(count)}
    return settings | {f"model_{n}": "model" for n in range(count)} | changes


COMMON = {"seed": 3, "max_new_tokens": 9}


def test_widgets_become_requests():
    made = requests("Once", 2, COMMON, cells(4, temperature_1=0.25, top_p_1=0.5, top_k_1=7, min_p_1=0.1, model_1="b"))
    assert made == [
        GenerateRequest("model", "Once", (SamplingOptions(9, 1.0, seed=3),)),
        GenerateRequest("b", "Once", (SamplingOptions(9, 0.25, 0.5, 7, 0.1, seed=3),)),
    ]
    assert [len(requests("Once", count, COMMON, cells(4))) for count in (2, 3, 4)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("count", "common", "changes", "message"),
    [
        (1, {}, {}, "1 columns were asked for, but 2 to 4 can be compared"),
        (5, {}, {}, "2 to 4"),
        (None, {}, {}, "2 to 4"),
        ("2", {}, {}, "2 to 4"),
        (2, {"seed": None}, {}, "^seed must be a whole number"),
        (2, {"max_new_tokens": 10**6}, {}, "^max_new_tokens"),
        (2, {}, {"temperature_1": 9}, "^Column 2: temperature is 9"),
        (2, {}, {"top_p_0": None}, "^Column 1: top_p"),
        (2, {}, {"model_1": None}, "^Column 2: No model was chosen"),
        (2, {}, {"model_0": ["x"]}, "^Column 1: No model was chosen"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(count, common, changes, message):
    with pytest.raises(InvalidRequest, match=message):
        requests("Once", count, COMMON | common, cells(2, **changes))


def test_a_prompt_that_is_too_long_is_refused():
    with pytest.raises(InvalidRequest, match="20,001 characters"):
        requests("x" * 20_001, 2, COMMON, cells(2))


class Engine:
    """Lets each column begin, then answers a comparison with events that are given to it."""

    def __init__(self, *events):
        self.events, self.open = events, 0

    def run(self, request):
        self.open += 1
        try:
            if isinstance(request, CompareRequest):
                yield from self.events
            else:
                yield Loading(request.model, "Reading the weights", 0.5, 1.0)
                yield Started(CARD, (1,), 1, "plain")
        finally:
            self.open -= 1


TWO = requests("Once", 2, COMMON, cells(2, temperature_1=0.0))


def test_a_stream_tells_how_the_columns_go(monkeypatch):
    monkeypatch.setattr("playground.ui.tabs.compare.REFRESH_SECONDS", 0)
    engine = Engine(
        ColumnEvent(0, token("a")), ColumnEvent(1, token("b")), ColumnFailed(1, "It broke."),
        ColumnEvent(0, Ended(0, "token limit", 1, 0.0, None)),
    )  # fmt: skip
    seen = list(stream(engine, TWO, True, "run"))
    assert all(value["run"] == "run" and value["prompt"] == "Once" for value in seen)
    assert [value["running"] for value in seen] == [True] * (len(seen) - 1) + [False]
    assert {value["status"] for value in seen[:-1]} == {"Waiting …", "Preparing …", "Writing …"}
    assert "Reading the weights 50% …" in [value["columns"][1]["state"] for value in seen]
    last = seen[-1]
    assert last["status"] == "1 of 2 columns failed, and says why."
    assert [each["settings"] for each in last["columns"]] == ["temperature 1", "greedy"]
    assert [each["state"] for each in last["columns"]] == ["reached the limit of new tokens", "It broke."]
    assert last["dice"].startswith("Same dice, one tokenizer")
    assert engine.open == 0


def test_a_stream_ends_when_its_run_is_stopped_or_closed(monkeypatch):
    monkeypatch.setattr("playground.ui.tabs.compare.REFRESH_SECONDS", 0)
    for by_name in (True, False):
        engine = Engine(*(ColumnEvent(n % 2, token("x")) for n in range(100)))
        stops = Stops()
        events = stream(engine, TWO, True, "run", stops)
        while next(events)["columns"][1]["tokens"] == []:
            pass
        assert engine.open == 1
        if by_name:
            stops.add("run")
            (last,) = list(events)
            assert (last["running"], last["status"]) == (False, "Stopped by you")
        events.close()
        assert engine.open == 0


def test_a_stream_travels_at_most_twenty_times_a_second():
    engine = Engine(*(ColumnEvent(n % 2, token("x")) for n in range(500)))
    seen = list(stream(engine, TWO, True, "run"))
    assert len(seen) < 15
    assert [len(each["tokens"]) for each in seen[-1]["columns"]] == [250, 250]


def test_ready_made_comparisons_stay_within_the_limits():
    for setup in SETUPS.values():
        assert 2 <= len(setup.columns) <= 4
        for each in setup.columns:
            SamplingOptions(**each.settings())
    for name, options in PRESETS.items():
        assert preset_of(NEUTRAL | options) == name
    assert preset_of(NEUTRAL | {"temperature": 0.37}) is None


def test_settings_in_words():
    assert settings_words(NEUTRAL | {"temperature": 0.0, "top_p": 0.5}) == "greedy"
    assert settings_words(NEUTRAL) == "temperature 1"
    words = settings_words({"temperature": 0.8, "top_p": 0.95, "top_k": 40, "min_p": 0.05})
    assert words == "temperature 0.8 · top-p 0.95 · top-k 40 · min-p 0.05"
