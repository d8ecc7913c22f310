"""The Score tab without a browser: what it asks of the engine, and what it makes of the answers."""

import math
import random

import pytest
from scores import scored

from playground import limits
from playground.engine.requests import Loading, Prefill, Score
from playground.errors import InvalidRequest, PlaygroundError
from playground.ui.score_view import extremes, mark_best, score_block, token_pieces
from playground.ui.tabs.score import score_requests, stream


class FakeEngine:
    """Answers each model's request with events written beforehand, and notes what was asked and closed."""

    def __init__(self, **answers):
        self.answers, self.asked, self.closed = answers, [], []

    def run(self, request):
        self.asked.append(request.model)
        try:
            for event in self.answers[request.model]:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed.append(request.model)


# What it asks.


def test_one_request_for_each_model_in_their_order():
    requests = score_requests(["b", "a"], "text")
    assert [(request.model, request.text) for request in requests] == [("b", "text"), ("a", "text")]


@pytest.mark.parametrize(
    ("models", "text", "parts"),
    [
        ([], "x", ["0 models", "1 to 4"]),
        (None, "x", ["Choose one"]),
        ("demo-shard", "x", ["Choose one"]),
        ({"a": 1}, "x", ["Choose one"]),
        (["a", "b", "c", "d", "e"], "x", ["5 models", "1 to 4"]),
        (["a", "b", "a"], "x", ["twice"]),
        (["a", ["b"]], "x", ["No model"]),
        (["a", ""], "x", ["No model"]),
        (["a" * 501], "x", ["501"]),
        (["a"], "", ["0 characters"]),
        (["a"], None, ["no text"]),
        (["a"], ["x"], ["no text"]),
        (["a"], "x" * 20_001, ["20,001", "20,000"]),
    ],
)
def test_what_a_browser_must_not_ask_is_refused_in_one_line(models, text, parts):
    with pytest.raises(InvalidRequest) as refusal:
        score_requests(models, text)
    message = str(refusal.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_the_limits_themselves_are_allowed():
    assert len(score_requests(["a", "b", "c", "d"], "x" * limits.PROMPT_CHARACTERS)) == limits.COLUMNS


# What it shows while it works.


def test_models_take_turns_and_one_that_fails_leaves_the_others_to_go_on():
    good = scored(["a", "b"], (1, 2), (None, -1.0))
    engine = FakeEngine(
        one=[Loading("one", "Reading", 0.5, 0.0), Prefill(1, 1), good],
        two=[PlaygroundError("The text has 9 tokens, but this model's context holds 4. Shorten it.")],
        three=[scored(["a", "b"], (1, 2), (None, -0.5))],
    )
    values = list(stream(engine, score_requests(["one", "two", "three"], "ab"), "run"))
    assert engine.asked == engine.closed == ["one", "two", "three"]
    totals, figure, strips = values[-1]
    assert totals["status"] == "2 bytes of text · scored by 2 of 3 models"
    assert [row.get("best") for row in totals["rows"]] == [False, False, True]
    assert [trace.line.color for trace in figure.data] == [totals["rows"][0]["colour"], totals["rows"][2]["colour"]]
    assert len(strips["blocks"]) == 3
    assert "9 tokens" in strips["blocks"][1]
    assert [value[0]["running"] for value in values] == [True] * (len(values) - 1) + [False]
    statuses = [value[0]["status"] for value in values]
    assert "one: Reading 50% …" in statuses
    counts = [len(value[2]["blocks"]) for value in values if "blocks" in value[2]]
    assert counts == [0, 1, 2, 3]  # each result is there as soon as its model is done


def test_without_any_score_the_status_says_so():
    engine = FakeEngine(one=[PlaygroundError("No.")])
    *_, (totals, figure, _) = stream(engine, score_requests(["one"], "ab"))
    assert totals["status"] == "No score; below it says why."
    assert len(figure.data) == 0


def test_a_probability_of_nothing_is_told_and_not_added_up():
    engine = FakeEngine(one=[scored(["a", "b"], (1, 2), (None, -math.inf))])
    *_, (totals, figure, strips) = stream(engine, score_requests(["one"], "ab"))
    assert "no probability at all" in strips["blocks"][0]
    assert "Infinity" not in strips["blocks"][0]
    assert len(figure.data) == 0 and "bits" not in totals["rows"][0]


@pytest.mark.parametrize("when", [1, 2, 3, 4])
def test_a_stopped_run_asks_no_more_of_any_model(when):
    stops, events = set(), [Prefill(i, 9) for i in range(9)]
    engine = FakeEngine(one=[*events, scored(["a", "b"], (1, 2), (None, -1.0))], two=[Prefill(1, 1)])
    run = stream(engine, score_requests(["one", "two"], "ab"), "run", stops)
    for _ in range(when):
        next(run)
    stops.add("run")
    last = list(run)[-1]
    assert (last[0]["status"], last[0]["running"]) == ("stopped by you", False)
    assert "two" not in engine.asked
    assert engine.closed == ["one"] if engine.asked else True


def test_closing_the_stream_closes_the_engines_work():
    engine = FakeEngine(one=[Prefill(1, 9), Prefill(2, 9)])
    run = stream(engine, score_requests(["one"], "ab"))
    for _ in range(3):
        next(run)
    assert engine.closed == []
    run.close()
    assert engine.closed == ["one"]


# What it makes of a score.


def test_the_most_surprising_and_the_most_expected_are_those_of_a_brute_force():
    draw = random.Random(5)
    for length in [*range(14), 300]:
        logprobs = [None, *(-draw.choice([0.0, 0.5, 1.0, draw.random() * 9]) for _ in range(length))]
        worst, best = extremes(logprobs)
        ranked = list(range(1, length + 1))
        for _ in range(length):  # bubble sort: stable, and nothing of Python's own
            for j in range(length - 1):
                if logprobs[ranked[j]] > logprobs[ranked[j + 1]]:
                    ranked[j], ranked[j + 1] = ranked[j + 1], ranked[j]
        assert len(worst) == min(5, math.ceil(length / 2))
        assert len(best) == min(5, length // 2)
        assert worst == ranked[: len(worst)]
        assert [logprobs[i] for i in best] == [logprobs[i] for i in ranked[::-1][: len(best)]]
        assert not {*worst} & {*best}
        if length == 300:
            assert len(worst) == len(best) == 5


def test_of_equal_tokens_the_earlier_comes_first():
    assert extremes([-1.0] * 12) == ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9])


def test_a_character_stands_where_its_last_token_stands():
    texts = ("H", "<0xC3>", "<0xA9>", " the")
    assert token_pieces(scored(texts, (1, 1, 3, 7), [None, -1, -1, -1]), "Hé the") == ["H", "", "é", " the"]


def test_a_begin_token_keeps_its_name_and_a_dropped_first_space_is_not_shown():
    texts = ("<s>", " Once", " upon")
    assert token_pieces(scored(texts, (0, 4, 9), [None, -1, -1]), "Once upon") == ["<s>", "Once", " upon"]


def test_where_the_tokenizer_writes_other_characters_its_own_words_are_shown():
    texts = (" ⁇ ", "ab", "cd")
    assert token_pieces(scored(texts, (5, 7, 8), [None, -1, -1]), "🦊abcd") == [" ⁇ ", "ab", "cd"]


def test_ids_without_a_tokenizer_are_shown_as_they_are():
    score = Score((7, 8), ("7", "8"), (None, -1.0), (None, 3), None, 1.4, None, None)
    assert token_pieces(score, "7 8") == ["7", "8"]
    assert '"numbers": true' in score_block("m", 0, score, ["7", "8"])


def test_the_best_is_marked_once_there_are_two():
    rows = [{"ratio": 2.0}, {"ratio": 1.5}, {"ratio": None}, {"words": "waiting"}]
    assert [row["best"] for row in mark_best(rows)] == [False, True, False, False]
    assert [row["best"] for row in mark_best(rows[1:])] == [False, False, False]
    assert [row["best"] for row in mark_best([{"ratio": 1.0}] * 2)] == [True, True]
