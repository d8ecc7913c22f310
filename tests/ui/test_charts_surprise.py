"""The curve of cumulative surprise: where it begins and ends, and that it writes text as text."""

import math
import random

import pytest
from running_app import HOSTILE, HOSTILE_NAME

from playground.ui.charts.surprise import Curve, look_of, points, surprise_figure

MARKUP = "<b>bold</b> &amp; <a href='javascript:1'>link</a>"


def curve(ends, logprobs, name="model", place=0, pieces=None):
    return Curve(name, place, ends, logprobs, pieces or [f"t{i}" for i in range(len(ends))])


def test_counting_begins_behind_a_token_without_a_score():
    ends, bits, pieces = points(curve([4, 9, 11], [None, -math.log(2), -3 * math.log(2)]))
    assert ends == [4, 9, 11]
    assert bits == pytest.approx([0, 1, 4])
    assert pieces == ["", "t1", "t2"]


def test_counting_begins_before_the_text_where_the_first_token_has_a_score():
    ends, bits, pieces = points(curve([2, 2, 5], [-math.log(4), 0.0, -math.log(8)]))
    assert ends == [0, 2, 2, 5]
    assert bits == pytest.approx([0, 2, 2, 5])
    assert pieces == ["", "t0", "t1", "t2"]


@pytest.mark.parametrize("first", [None, -0.25])
def test_a_curve_only_rises_and_ends_at_the_total(first):
    draw = random.Random(3)
    steps = [draw.randrange(5) for _ in range(500)]
    ends = [sum(steps[: i + 1]) for i in range(500)]
    logprobs = [first, *(-draw.expovariate(0.3) for _ in range(499))]
    drawn = surprise_figure([curve(ends, logprobs)]).data[0]
    assert list(drawn.x) == sorted(drawn.x)
    assert list(drawn.y) == sorted(drawn.y)
    assert drawn.x[-1] == ends[-1]
    assert drawn.y[-1] == pytest.approx(math.fsum(-x for x in logprobs if x is not None) / math.log(2))
    assert len(drawn.x) == len(drawn.y) == len(drawn.customdata) == (500 if first is None else 501)


def test_all_curves_share_one_axis_of_bytes():
    short, long = curve([1, 8], [None, -1.0], "short"), curve([100, 200], [-1.0, -1.0], "long", 1)
    figure = surprise_figure([short, long])
    assert len(figure.data) == 2
    assert all(trace.xaxis in (None, "x") for trace in figure.data)
    low, high = figure.layout.xaxis.range
    assert low == 0
    assert 200 <= high < 205


def test_curves_differ_in_more_than_colour_and_keep_their_look_when_others_fail():
    looks = [look_of(place) for place in range(4)]
    assert len({look["colour"] for look in looks}) == len({look["dash"] for look in looks}) == 4
    (alone,) = surprise_figure([curve([1, 2], [None, -1.0], place=2)]).data
    assert {"colour": alone.line.color, "dash": alone.line.dash} == looks[2]


@pytest.mark.parametrize("text", [*HOSTILE, HOSTILE_NAME, MARKUP])
def test_names_and_tokens_are_escaped_and_cannot_turn_a_line_around(text):
    (trace,) = surprise_figure([curve([1, 9], [None, -1.0], name=text, pieces=["x", text])]).data
    shown = trace.customdata[1]
    for written in (shown, trace.name, trace.meta):
        assert "<" not in written and ">" not in written
        assert written.strip("“”")[0] == "\u2068" and written.strip("“”")[-1] == "\u2069"
    assert text not in trace.hovertemplate  # a template is where Plotly looks for %{…}


def test_long_names_and_tokens_are_cut_before_they_are_escaped():
    (trace,) = surprise_figure([curve([1, 9], [None, -1.0], name="&" * 900, pieces=["x", "<" * 900])]).data
    for written in (trace.name, trace.customdata[1]):
        assert len(written) < 200
        assert "…" in written
        assert written.count("&") == written.count(";")  # no entity is cut in two


@pytest.mark.parametrize(
    ("piece", "shown"), [("\n\t", "⏎⇥"), ("  ", "␣␣"), (" a", " a"), ("", "(part of a character)"), ("&", "&amp;")]
)
def test_what_has_no_ink_is_seen_all_the_same(piece, shown):
    (trace,) = surprise_figure([curve([1, 3], [None, -1.0], pieces=["x", piece])]).data
    assert trace.customdata[1] == f"“\u2068{shown}\u2069”"


def test_without_curves_there_are_empty_axes_that_say_what_comes():
    figure = surprise_figure([])
    assert len(figure.data) == 0
    assert figure.layout.annotations[0].text == "The curves appear here."
    assert figure.layout.showlegend is False
    assert len(surprise_figure([curve([1, 2], [None, -1.0])]).layout.annotations) == 0
