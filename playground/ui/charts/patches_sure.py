"""Spread against error: one point for each hidden patch, so that one sees whether an unsure model is a wrong one."""

from collections.abc import Sequence

import plotly.graph_objects as go

from playground.ui.charts.look import COLOURS, layout

HEIGHT = 260  # pixels


def sure_figure(spread: Sequence[float | None], errors: Sequence[float | None]) -> go.Figure:
    """Both sequences have an entry for each patch of the strip, None where it was not hidden."""
    points = [
        (i, one, other)
        for i, (one, other) in enumerate(zip(spread, errors, strict=True))
        if one is not None and other is not None
    ]
    figure = go.Figure(layout=layout(HEIGHT, margin={"l": 52, "r": 12, "t": 10, "b": 40}))
    figure.add_scatter(
        x=[point[1] for point in points], y=[point[2] for point in points], mode="markers",
        marker={"color": COLOURS[0], "size": 9, "opacity": 0.75}, customdata=[point[0] + 1 for point in points],
        hovertemplate="patch %{customdata}<br>spread %{x:.3f} · error %{y:.3f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title={"text": "spread of a patch", "font": {"size": 12}}, rangemode="tozero")
    figure.update_yaxes(title={"text": "its error", "font": {"size": 12}}, rangemode="tozero")
    return figure
