"""Bars of the next token: how likely each is to the model, and what the sampling settings make of it."""

import html
import math
from collections.abc import Sequence

import plotly.graph_objects as go

from playground.engine.requests import NextToken
from playground.ui.charts.look import AFTER, BEFORE, SHADE, layout

SHOWN = 20
HEIGHT = 250
MARGIN = {"l": 44, "r": 8, "t": 8, "b": 68}  # fixed: Plotly's own fitting draws everything several times


def next_token_figure(known: NextToken) -> go.Figure:
    """Two bars for each of the likeliest tokens; those that the settings leave stand on a shaded ground."""
    tokens = known.tokens[:SHOWN]
    places = list(range(len(tokens)))
    before, after = [math.exp(token.logprob) for token in tokens], [token.probability for token in tokens]
    names = [_label(token.text) for token in tokens]
    figure = go.Figure(layout=layout(HEIGHT, barmode="overlay", margin=MARGIN))
    for values, colour, width, words in (
        (before, BEFORE, 0.82, "by the model"),
        (after, AFTER, 0.46, "after the settings"),
    ):
        figure.add_bar(
            x=places, y=values, width=width, marker_color=colour, name=words, customdata=names,
            hovertemplate="%{customdata}<br>%{y:.2%} " + words + "<extra></extra>",
        )  # fmt: skip
    for start, end in _stretches([value > 0 for value in after]):
        figure.add_vrect(x0=start - 0.5, x1=end + 0.5, fillcolor=SHADE, line_width=0, layer="below")
    figure.update_xaxes(
        tickvals=places, ticktext=names, tickangle=-40, range=[-0.6, len(tokens) - 0.4], showgrid=False,
        ticklabeloverflow="allow",
        automargin=False,
    )  # fmt: skip
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", nticks=5, automargin=False)
    return figure


def next_token_words(known: NextToken) -> str:
    """The distribution in a sentence or two."""
    bits, choices = known.entropy_bits, known.effective_choices
    like = "nearly certain" if choices < 1.05 else f"like {choices:,.1f} equally likely tokens"
    if choices >= 10:
        like = f"like {choices:,.0f} equally likely tokens"
    left = "leave one token" if known.survivors == 1 else f"leave {known.survivors:,} tokens"
    return f"Entropy {bits:.2f} bits: {like}. The settings {left} (shaded)."


def _label(text: str, most: int = 12) -> str:
    """A token for an axis: visible, short, and escaped, since Plotly takes text for markup."""
    shown = text.replace("\n", "⏎").replace("\t", "⇥") or "·"
    shown = shown if len(shown) <= most else f"{shown[: most - 1]}…"
    return f"\u2068{html.escape(shown)}\u2069"  # isolated, so that it turns no neighbour around


def _stretches(kept: Sequence[bool]) -> list[tuple[int, int]]:
    """The first and last places of each run of True."""
    stretches: list[tuple[int, int]] = []
    for place, yes in enumerate(kept):
        if yes and stretches and stretches[-1][1] == place - 1:
            stretches[-1] = (stretches[-1][0], place)
        elif yes:
            stretches.append((place, place))
    return stretches
