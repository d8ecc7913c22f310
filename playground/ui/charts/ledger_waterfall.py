"""A waterfall of the largest shares of a logit, or of the log odds of two tokens: where it comes from, bar by bar."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from playground.ui.charts.look import GRID, layout

MORE, LESS, SUM = "#2f6fdf", "#e08214", "#94a3b8"  # raises, lowers, the total
SHOWN = 12  # shares with a bar of their own
ROW = 24  # pixels
LABEL_CHARACTERS = 14
INVITATION = "The largest shares appear here."


@dataclass(frozen=True)
class Share:
    """What one sense of one context word adds: the word's text, its place in the text, the sense, and how much."""

    word: str
    place: int
    sense: int
    amount: float


def largest(shares: Sequence[Share], most: int = SHOWN) -> tuple[list[Share], float]:
    """The ``most`` shares of the largest size, largest first, the earlier one first where two are equal; and the sum of
    all others."""
    order = sorted(shares, key=lambda share: (-abs(share.amount), share.place, share.sense))
    return order[:most], sum(share.amount for share in order[most:])


def waterfall_figure(shares: Sequence[Share], total: float, what: str) -> go.Figure:
    """Bars from 0 to ``total``, ``what`` says of what; without shares, empty axes that say what will come."""
    figure = go.Figure(layout=layout((SHOWN + 2) * ROW + 50))
    if not shares:
        figure.update_xaxes(range=[0, 1], showticklabels=False)
        figure.update_yaxes(range=[0, 1], showticklabels=False)
        figure.add_annotation(text=INVITATION, x=0.5, y=0.5, showarrow=False, font={"size": 14})
        return figure
    own, others = largest(shares)
    rest = len(shares) - len(own)
    names = [f"{_shown(one.word)} · {one.sense}" for one in own]
    hints = [f"{_shown(one.word)} (token {one.place}), sense {one.sense}" for one in own]
    amounts = [one.amount for one in own]
    if rest:
        names.append("all others")
        hints.append(f"the other {rest:,} shares")
        amounts.append(others)
    places = list(range(len(names) + 1))
    figure.add_waterfall(
        y=places, x=[*amounts, total], orientation="h", measure=["relative"] * len(amounts) + ["total"],
        increasing_marker_color=MORE, decreasing_marker_color=LESS, totals_marker_color=SUM,
        connector_line={"color": GRID, "width": 1}, text=[f"{value:+.2f}" for value in [*amounts, total]],
        textposition="outside", cliponaxis=False, customdata=[*hints, f"total: {_shown(what, 60)}"],
        hovertemplate="%{customdata}<br>%{text}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(height=len(places) * ROW + 50, bargap=0.3)
    figure.update_yaxes(
        tickvals=places, ticktext=[*names, "total"], range=[len(places) - 0.4, -0.6], showgrid=False, zeroline=False,
    )  # fmt: skip
    low, high = _span(amounts, total)
    room = 0.16 * max(high - low, 1e-9)  # for the numbers beside the bars
    figure.update_xaxes(range=[low - room, high + room], zerolinecolor=SUM)
    return figure


def _span(amounts: Sequence[float], total: float) -> tuple[float, float]:
    """The least and the greatest place that the bars reach."""
    at, reached = 0.0, [0.0, total]
    for amount in amounts:
        at += amount
        reached.append(at)
    return min(reached), max(reached)


def _shown(text: str, most: int = LABEL_CHARACTERS) -> str:
    """Text for the chart: visible, short, escaped, since Plotly reads markup, and isolated, so that it turns no
    neighbour around."""
    seen = text.replace("\n", "⏎").replace("\t", "⇥") or "(part of a character)"
    seen = seen.strip() or seen.replace(" ", "␣")
    short = seen if len(seen) <= most else f"{seen[: most - 1]}…"
    return "\u2068" + html.escape(short) + "\u2069"
