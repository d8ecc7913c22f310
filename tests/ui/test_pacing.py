"""Streams tell what is new together: the first token at once, the rest by the clock."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from playground.engine.requests import Ended, GenerateRequest, Started, Step, Token
from playground.generation.options import SamplingOptions
from playground.settings import PROJECT
from playground.ui import draws, pacing, runs
from playground.ui.pacing import LONGEST, TIMES, Pace

CARD = SimpleNamespace(
    name="a", family="b", fingerprint="c", dtype="float32", source="d", files=(), parameters=1, versions={}
)
LAZY = ("transformers", "numba", "matplotlib", "scipy")


class Clock:
    """Seconds that pass only when they are told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(pacing.time, "monotonic", made)
    monkeypatch.setattr(Pace.__init__, "__defaults__", (made,))
    return made


def test_news_wait_for_the_pause_and_longer_where_they_weigh_more(clock):
    pace = Pace(0.05)
    assert not pace.due()
    clock.now += 0.06
    assert pace.due()
    assert not pace.due(weight=2)
    with pace.sending():
        pass
    assert not pace.due()


def test_the_first_token_waits_for_nothing(clock):
    pace = Pace(0.05)
    assert not pace.due(begun=False)
    assert pace.due(begun=True)
    assert not pace.due(begun=True)


@pytest.mark.parametrize(("sending", "pause"), [(0.01, TIMES * 0.01), (4, LONGEST)])
def test_sending_takes_a_small_share_of_the_time_but_a_slow_page_still_gets_news(clock, sending, pause):
    pace = Pace(0.05)
    with pace.sending():
        clock.now += sending
    clock.now += pause - 0.001
    assert not pace.due()
    clock.now += 0.002
    assert pace.due()


def test_without_a_pause_all_news_go_out(clock):
    pace = Pace(0)
    with pace.sending():
        clock.now += 1
    assert pace.due()


class Engine:
    """Writes ``count`` tokens, one each ``seconds`` of the clock."""

    def __init__(self, clock, count, seconds):
        self.clock, self.count, self.seconds = clock, count, seconds

    def run(self, request):
        yield Started(CARD, (1,), 1, "plain")
        for index in range(self.count):
            self.clock.now += self.seconds
            last = index == self.count - 1
            step = Step(0, index, index + 1, 7, "x", -1.0, 0.5, (), "token limit" if last else None)
            yield Token(step, self.clock.now)
        yield Ended(0, "token limit", self.count, 1.0, 1.0)


@pytest.fixture
def heads(monkeypatch):
    """Records are not what these tests are about."""
    for module in (runs, draws):
        monkeypatch.setattr(module, "record_head", lambda *args: {})


REQUEST = GenerateRequest("a", "b", (SamplingOptions(),))


@pytest.mark.usefixtures("heads")
def test_tokens_within_one_pause_are_one_piece_of_news(clock):
    # 1,000 tokens a second: the first at once, 49 in the first pause of 0.05 s, then 50 in each, and the end.
    news = list(runs.stream(Engine(clock, 201, 0.001), REQUEST, "run"))
    counts = [len(value["tokens"]) for value in news]
    assert counts[0] == 1
    assert counts[-1] == 201
    assert len(counts) <= 6
    assert [value["running"] for value in news] == [True] * (len(news) - 1) + [False]


@pytest.mark.usefixtures("heads")
def test_a_slow_model_shows_every_token(clock):
    counts = [len(value["tokens"]) for value in runs.stream(Engine(clock, 5, 0.06), REQUEST, "run")]
    assert counts == [1, 2, 3, 4, 5, 5]


@pytest.mark.usefixtures("heads")
def test_cards_begin_with_the_first_token(clock):
    news = list(draws.stream(Engine(clock, 101, 0.001), REQUEST, "run"))
    written = [value["rows"][0]["lines"].count("\n") for value in news]
    assert written[0] == 1
    assert len(written) <= 4


def test_a_start_leaves_what_only_models_need_for_later(tmp_path):
    code = "import sys, app; print(','.join(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True,
    ).stdout.strip().split(",")  # fmt: skip
    assert [name for name in LAZY if name in found] == []
    assert "playground.decode.kernel" not in found
    assert "gradio" in found
