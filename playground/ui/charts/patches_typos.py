"""The typo bench: how a patch model and a language model fare as more and more of a text is disturbed.

Three curves over one axis, the share of letters changed: the error of the reconstruction, and of the language model
the bits per byte and the number of tokens. A line marks the share that is on show.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from playground.ui.charts.look import COLOURS, GRID, layout

HEIGHT = 400  # pixels
NAME_CHARACTERS = 32
GAP = 0.11  # of the height, between two panels
FORMATS = (".3f", ".2f", ",d")


@dataclass(frozen=True)
class Disturbed:
    """What one share of changes did: error of the patch model; bits per byte and tokens of the language model."""

    share: float
    error: float
    bits_per_byte: float | None
    tokens: int


def typos_figure(points: Sequence[Disturbed], model: str, peer: str, at: float | None = None) -> go.Figure:
    """Three panels, one over the other; ``at`` is the share to mark."""
    figure = go.Figure(layout=layout(HEIGHT, margin={"l": 58, "r": 14, "t": 26, "b": 44}, hovermode="x"))
    shares = [100 * point.share for point in points]
    panels = (
        (f"{_shown(model)}: error", [point.error for point in points]),
        (f"{_shown(peer)}: bits per byte", [point.bits_per_byte for point in points]),
        (f"{_shown(peer)}: tokens", [point.tokens for point in points]),
    )
    high = (1 - 2 * GAP) / 3
    for number, (title, values) in enumerate(panels):
        axis = "" if number == 0 else str(number + 1)
        top = 1 - number * (high + GAP)
        figure.add_scatter(
            x=shares, y=values, yaxis=f"y{axis}", mode="lines+markers", name=title,
            line={"color": COLOURS[min(number, 1)], "width": 2.2, "dash": "solid" if number < 2 else "dot"},
            marker={"size": 7}, hovertemplate=f"%{{y:{FORMATS[number]}}}<extra></extra>",
        )  # fmt: skip
        figure.update_layout({
            f"yaxis{axis}": {
                "domain": [max(0, top - high), top], "gridcolor": GRID, "zerolinecolor": GRID, "nticks": 4,
                "fixedrange": True, "anchor": "x",
            }
        })  # fmt: skip
        figure.add_annotation(
            text=title, x=0, xref="paper", y=top, yref="paper", xanchor="left", yanchor="bottom", showarrow=False,
            font={"size": 12},
        )  # fmt: skip
    if at is not None:
        line = {"color": COLOURS[3], "width": 1.5, "dash": "dash"}
        figure.add_shape(type="line", x0=100 * at, x1=100 * at, y0=0, y1=1, xref="x", yref="paper", line=line)
    figure.update_xaxes(title={"text": "letters changed, %", "font": {"size": 12}}, range=[-1, 41], anchor="y3")
    return figure


def _shown(name: str) -> str:
    """A name for the chart: escaped, since Plotly reads markup, and isolated, so that it turns no line around."""
    short = name if len(name) <= NAME_CHARACTERS else f"{name[: NAME_CHARACTERS - 1]}…"
    return "\u2068" + html.escape(short) + "\u2069"
