"""The chart of the next token: bars, shading and words from plain numbers."""

import math

import pytest

from playground.engine.requests import NextToken
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.generation.steps import Alternative
from playground.ui.charts.next_token import SHOWN, next_token_figure, next_token_words
from playground.ui.distribution import look

HOSTILE = "<b>${7*7}</b>"


def known(probabilities, after, survivors=None):
    tokens = tuple(
        Alternative(i, HOSTILE if i == 1 else f" t{i}", math.log(p), q)
        for i, (p, q) in enumerate(zip(probabilities, after, strict=True))
    )
    bits = -sum(p * math.log2(p) for p in probabilities)
    return NextToken(tokens, bits, 2**bits, survivors or sum(q > 0 for q in after), False)


def test_each_token_has_a_bar_before_and_after():
    figure = next_token_figure(known([0.5, 0.25, 0.25], [0.8, 0.2, 0.0]))
    before, after = figure.data
    assert before.y == pytest.approx([0.5, 0.25, 0.25])
    assert after.y == pytest.approx([0.8, 0.2, 0.0])
    assert "before" not in before.name
    assert "&lt;b&gt;" in before.customdata[1]
    assert all("<b>" not in label for label in figure.layout.xaxis.ticktext)


@pytest.mark.parametrize(
    ("after", "stretches"),
    [
        ([0.6, 0.4, 0, 0], [(-0.5, 1.5)]),
        ([0.6, 0, 0.2, 0.2], [(-0.5, 0.5), (1.5, 3.5)]),  # a repetition penalty can remove any token
        ([0, 0, 0, 0], []),
    ],
)
def test_what_the_settings_leave_is_shaded(after, stretches):
    figure = next_token_figure(known([0.25] * 4, after))
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == stretches


def test_only_the_likeliest_are_drawn():
    figure = next_token_figure(known([1 / 40] * 40, [1 / 40] * 40))
    assert len(figure.data[0].y) == SHOWN


def test_the_words_tell_the_entropy_and_what_is_left():
    assert next_token_words(known([0.25] * 4, [1, 0, 0, 0])) == (
        "Entropy 2.00 bits: like 4.0 equally likely tokens. The settings leave one token (shaded)."
    )
    assert "like 64 equally" in next_token_words(known([1 / 64] * 64, [1 / 64] * 64, 4_000))
    assert "leave 4,000 tokens" in next_token_words(known([1 / 64] * 64, [1 / 64] * 64, 4_000))
    assert "nearly certain" in next_token_words(known([0.9999, 0.0001], [1, 0]))


@pytest.mark.parametrize("place", ["{", "[]", "3", "[" * 100_000, '{"model": "m"}', '{"model": "m", "ids": "1"}'])
def test_a_place_that_no_page_sends_is_refused(place):
    with pytest.raises(InvalidRequest):
        list(look(None, place, SamplingOptions()))


def test_without_a_place_nothing_is_drawn():
    ((chart, words),) = look(None, "", SamplingOptions())
    assert chart == words
