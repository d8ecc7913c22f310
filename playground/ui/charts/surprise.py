"""Cumulative surprise: the bits a model has spent on a text so far, over the bytes of the text.

Bytes are the same for every tokenizer, so the curves of different models share the axis. A curve ends at the text's
bytes and at the total of its bits; the lower it ends, the better the model expected the text.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import plotly.graph_objects as go

from playground.ui.charts.look import COLOURS, layout

DASHES = ("solid", "dash", "dot", "dashdot")  # so that colour is not all that tells curves apart
HEIGHT = 300  # pixels
NAME_CHARACTERS, TOKEN_CHARACTERS = 24, 24  # of what the chart writes; the page has all of it beside the chart
LABEL, RIM, WORDS = "#0f172a", "#64748b", "#f8fafc"  # of the hover's label, on light and dark alike
INVITATION = "The curves appear here."


@dataclass(frozen=True)
class Curve:
    """One model's curve; all sequences have one entry per token.

    Attributes:
        place: of the model among those that were chosen, from 0; it decides colour and dash.
        byte_ends: UTF-8 bytes of the text up to and with each token.
        logprobs: natural log-probabilities; None for a first token that has no score.
        pieces: the text that each token stands for.
    """

    name: str
    place: int
    byte_ends: Sequence[int]
    logprobs: Sequence[float | None]
    pieces: Sequence[str]


def points(curve: Curve) -> tuple[list[int], list[float], list[str]]:
    """Bytes so far, bits so far, and the token that ends there.

    The first point is where counting begins: behind a first token without a score, else before the text.
    """
    unscored = curve.logprobs[0] is None
    scored = slice(int(unscored), None)
    bits = accumulate((-logprob / math.log(2) for logprob in curve.logprobs[scored]), initial=0.0)
    return [curve.byte_ends[0] if unscored else 0, *curve.byte_ends[scored]], [*bits], ["", *curve.pieces[scored]]


def surprise_figure(curves: Sequence[Curve]) -> go.Figure:
    """All ``curves`` over one axis of bytes; without any, empty axes that say what will come."""
    figure = go.Figure([_trace(curve) for curve in curves], layout(HEIGHT, hovermode="x unified"))
    figure.update_layout(
        showlegend=bool(curves),
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False,
                "itemdoubleclick": False},
        hoverlabel={"bgcolor": LABEL, "bordercolor": RIM, "font": {"color": WORDS}},
    )  # fmt: skip
    figure.update_xaxes(
        title={"text": "bytes of the text", "font": {"size": 12}},
        unifiedhovertitle={"text": "around byte %{x:,d}"},
        spikecolor=RIM,
        spikethickness=1,
        spikedash="dot",
    )
    figure.update_yaxes(title={"text": "bits so far", "font": {"size": 12}}, rangemode="tozero")
    if curves:
        figure.update_xaxes(range=[0, 1.01 * max(curve.byte_ends[-1] for curve in curves)])
    else:
        figure.update_xaxes(range=[0, 1], showticklabels=False)
        figure.update_yaxes(range=[0, 1], showticklabels=False)
        figure.add_annotation(text=INVITATION, x=0.5, y=0.5, showarrow=False, font={"size": 14})
    return figure


def look_of(place: int) -> dict[str, str]:
    """Colour and dash of the curve at ``place``, so that tables can show the same sign."""
    return {"colour": COLOURS[place % len(COLOURS)], "dash": DASHES[place % len(DASHES)]}


def _trace(curve: Curve) -> go.Scatter:
    bytes_, bits, pieces = points(curve)
    look, name = look_of(curve.place), _shown(curve.name, NAME_CHARACTERS)
    return go.Scatter(
        x=bytes_, y=bits, mode="lines", name=name, meta=name,
        customdata=["begin", *(f"“{_shown(piece, TOKEN_CHARACTERS)}”" for piece in pieces[1:])],
        line={"color": look["colour"], "dash": look["dash"], "width": 2.2},
        hovertemplate="%{meta}: %{customdata}<br>byte %{x:,d} · %{y:,.1f} bits so far<extra></extra>",
    )  # fmt: skip


def _shown(text: str, most: int) -> str:
    """Text for the chart: escaped, since Plotly reads markup, and isolated, so that it turns no line around."""
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    seen = short.replace("\n", "⏎").replace("\t", "⇥") or "(part of a character)"
    return "\u2068" + html.escape(seen if seen.strip() else seen.replace(" ", "␣")) + "\u2069"
