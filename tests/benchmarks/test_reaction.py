"""The app is started, asked and stopped again; what is measured is the same text on both sides."""

import shutil
from dataclasses import replace
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from browser import find_browser

from playground.benchmarks import browsing, reaction, running_app
from playground.benchmarks.measured import Left, line
from playground.benchmarks.plan import Plan
from playground.benchmarks.running_app import Answer
from playground.checkpoints.loader import load_model
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample
from playground.settings import PROJECT

TINY = Plan("tiny", tokens=6, rounds=1)
DEMO = PROJECT / "checkpoints" / "demo-backpack"
NO_BROWSER = "there is no browser"


@pytest.fixture
def demos(tmp_path):
    shutil.copytree(DEMO, tmp_path / "demos" / DEMO.name)
    return tmp_path / "demos"


@pytest.fixture
def opened(monkeypatch):
    """Addresses of the apps that were started."""
    addresses, own = [], running_app._page
    monkeypatch.setattr(running_app, "_page", lambda url: addresses.append(url) or own(url))
    return addresses


def gone(url):
    with pytest.raises(URLError):
        urlopen(url, timeout=5)
    return True


def test_everything_is_measured_and_nothing_stays(demos, opened, monkeypatch):
    monkeypatch.setattr(browsing, "_browser", find_browser)
    monkeypatch.setattr(browsing, "TOKENS", 4)
    monkeypatch.setattr(browsing, "SETTLE", 200)
    found = list(reaction.measure(TINY, demos))
    assert [each for each in found if isinstance(each, Left)] == []
    assert [(each.about, each.unit, each.target) for each in found] == [
        ("app.py", "s", reaction.START),
        (DEMO.name, "ms", reaction.FIRST_TOKEN),
        (DEMO.name, "x", reaction.STREAMING),
        (DEMO.name, "x", None),
        (DEMO.name, "ms", None),
        (DEMO.name, "ms", reaction.FIRST_TOKEN),
        (DEMO.name, "ms", reaction.REDRAW),
        ("mixer", "ms", reaction.REDRAW),
    ]
    assert all(each.value > 0 for each in found)
    assert found[2].facts["tokens"] == TINY.tokens
    assert "at most 300 ms" in line(found[1])
    assert len(set(opened)) == 1
    assert gone(opened[0])


def test_without_a_browser_the_rest_is_measured_and_says_so(demos, opened, monkeypatch):
    monkeypatch.setattr(browsing, "why_not", lambda: NO_BROWSER)
    monkeypatch.setattr(reaction, "streaming", lambda *args: iter(()))
    start, left = reaction.measure(replace(TINY, rounds=2), demos)
    assert start.seconds.count == 2
    assert left == Left("clicks and sliders in a browser", NO_BROWSER)
    assert len(set(opened)) == 2


def test_who_stops_listening_leaves_no_app_behind(demos, opened):
    found = reaction.measure(TINY, demos)
    next(found)
    found.close()
    assert gone(opened[0])


def test_an_app_that_does_not_open_says_why(tmp_path, monkeypatch):
    (tmp_path / "app.py").write_text("import sys; sys.exit('Error: no such luck')")
    monkeypatch.setattr(running_app, "PROJECT", tmp_path)
    with pytest.raises(RuntimeError, match="no such luck"), running_app.running_app(tmp_path, 1):
        pass


def test_without_a_demo_there_is_nothing_to_ask(tmp_path):
    (left,) = reaction.measure(TINY, tmp_path)
    assert isinstance(left, Left)


def test_only_the_same_text_is_compared():
    model, options = load_model(DEMO), SamplingOptions(max_new_tokens=3)
    ids = tuple(step.token_id for step in sample(model, reaction.PROMPT, options))
    answer = Answer(ids, "token limit", "plain", 0.1, 0.3, 0.4, early=1, updates=2)
    assert answer.pace == pytest.approx(10)
    assert len(reaction.alone(model, options, answer)) == 2
    with pytest.raises(RuntimeError, match="another text"):
        reaction.alone(model, options, replace(answer, ids=(*ids[:-1], ids[-1] + 1)))


def test_browsers_are_asked_for_only_where_playwright_is(monkeypatch):
    monkeypatch.setattr(browsing, "find_spec", lambda name: None)
    assert "Playwright" in browsing.why_not()
    monkeypatch.setattr(browsing, "find_spec", lambda name: name)
    monkeypatch.setattr(browsing, "_browser", lambda: None)
    assert "Chrome" in browsing.why_not()
