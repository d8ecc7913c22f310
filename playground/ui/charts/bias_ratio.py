"""How much likelier one group of words is than the other, word by word, before and after an edit, on a log scale."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from playground.engine.sense_requests import BiasRow
from playground.ui.charts.look import AFTER, BEFORE, layout

ROW, AROUND = 24, 70  # pixels of a word, and of all else
MARGIN = {"l": 96, "r": 14, "t": 8, "b": 52}
FEWEST, MOST = 1e-9, 1e9  # ratios beyond are drawn there: a probability may be 0 in float64
TICKS = (1, 2, 5)


@dataclass(frozen=True)
class WordRatio:
    """One word: p(A)/p(B) before and after, as the geometric mean over its templates, which are beside it."""

    word: str
    before: float
    after: float
    templates: tuple[BiasRow, ...]


def word_ratios(rows: Sequence[BiasRow]) -> list[WordRatio]:
    """``rows`` by word, the least before first."""
    words: dict[str, list[BiasRow]] = {}
    for row in rows:
        words.setdefault(row.word, []).append(row)
    found = [
        WordRatio(word, _mean([row.ratio for row in own]), _mean([row.ratio_after for row in own]), tuple(own))
        for word, own in words.items()
    ]
    return sorted(found, key=lambda each: each.before)


def bias_figure(words: Sequence[WordRatio], group_a: str, group_b: str) -> go.Figure:
    """A line for each word from before to after; 1, where both groups are as likely, is marked."""
    names = [_label(each.word) for each in words]
    places = list(range(len(words)))
    figure = go.Figure(layout=layout(AROUND + ROW * max(3, len(words)), margin=MARGIN, hovermode="closest"))
    for place, each in zip(places, words, strict=True):
        figure.add_scatter(
            x=[_log(each.before), _log(each.after)], y=[place, place], mode="lines", hoverinfo="skip",
            line={"color": BEFORE, "width": 2},
        )  # fmt: skip
    for values, colour, symbol, size, when in (
        ([each.before for each in words], BEFORE, "circle-open", 11, "before"),
        ([each.after for each in words], AFTER, "circle", 10, "after"),
    ):
        figure.add_scatter(
            x=[_log(value) for value in values], y=places, mode="markers", name=when,
            marker={"color": colour, "symbol": symbol, "size": size, "line": {"width": 2, "color": colour}},
            customdata=[[name, html.escape(ratio_words(value, group_a, group_b))]
                        for name, value in zip(names, values, strict=True)],
            hovertemplate="%{customdata[0]} " + when + ": %{customdata[1]}<extra></extra>",
        )  # fmt: skip
    low, high = _range(words)
    figure.add_vline(x=0, line_width=1.5, line_dash="dot", line_color=BEFORE)
    figure.update_xaxes(
        range=[low, high], tickvals=(ticks := _ticks(low, high)),
        ticktext=["equal" if tick == 0 else f"{10 ** abs(tick):,.0f}×" for tick in ticks],
        title={"text": f"← {_label(group_b)} likelier · {_label(group_a)} likelier →", "standoff": 8}, automargin=False,
    )  # fmt: skip
    figure.update_yaxes(tickvals=places, ticktext=names, range=[-0.7, max(2.5, len(words) - 0.3)], showgrid=False,
                        zeroline=False, automargin=False)  # fmt: skip
    return figure


def ratio_words(ratio: float, group_a: str, group_b: str) -> str:
    """A ratio in words: which group is likelier, and how many times."""
    times = max(ratio, 1 / max(ratio, FEWEST))
    if times < 1.05:
        return "about as likely"
    shown = f"{times:,.0f}" if times >= 9.95 else f"{times:.1f}"
    return f"{group_a if ratio > 1 else group_b} {shown} times as likely"


def _mean(ratios: Sequence[float]) -> float:
    """Geometric."""
    return math.exp(math.fsum(math.log(min(max(ratio, FEWEST), MOST)) for ratio in ratios) / len(ratios))


def _log(ratio: float) -> float:
    return math.log10(min(max(ratio, FEWEST), MOST))


def _range(words: Sequence[WordRatio]) -> tuple[float, float]:
    """Around all values and 1, with room for the marks."""
    values = [0.0, *(_log(value) for each in words for value in (each.before, each.after))]
    return min(*values, -0.3) - 0.12, max(*values, 0.3) + 0.12


def _ticks(low: float, high: float) -> list[float]:
    """Powers of ten and, on a short axis, 2 and 5 times them; about as many as there is room for."""
    whole = range(math.floor(low), math.ceil(high) + 1)
    fine = [sign * (math.log10(step) + abs(power)) for power in whole for step in TICKS for sign in (-1, 1)]
    steps = fine if high - low < 2.2 else [float(power) for power in whole]
    return sorted({tick + 0.0 for tick in steps if low <= tick <= high})


def _label(text: str, most: int = 14) -> str:
    """A word for an axis: visible, short, and escaped, since Plotly takes text for markup."""
    shown = text.strip().replace("\n", "⏎").replace("\t", "⇥") or "·"
    shown = shown if len(shown) <= most else f"{shown[: most - 1]}…"
    return f"\u2068{html.escape(shown)}\u2069"
