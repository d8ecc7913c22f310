"""How every chart looks: colours that read on light and dark, no background of its own, quiet axes.

Text takes its colour from the page (style.css), so that a chart follows the page into the dark.
"""

from typing import Any

# Told apart by every kind of colour vision, and on white as on slate: Okabe & Ito's palette, the two ends exchanged.
COLOURS = ("#2f6fdf", "#e08214", "#1b9e77", "#b5179e")
BEFORE, AFTER = "#94a3b8", "#2f6fdf"  # the model's own probability; after the sampling settings
GRID = "rgba(148, 163, 184, 0.28)"
SHADE = "rgba(47, 111, 223, 0.10)"
CONFIG = {"displayModeBar": False, "responsive": True}


def layout(height: int, **more: Any) -> dict[str, Any]:
    """A figure's layout of ``height`` pixels; ``more`` is merged over it."""
    axis = {"gridcolor": GRID, "zerolinecolor": GRID, "linecolor": GRID, "fixedrange": True, "automargin": True}
    return {
        "template": "none",  # Plotly's own look would travel and be taken in with every redraw
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "#64748b"},
        "hoverlabel": {"font": {"family": "system-ui, sans-serif", "size": 12}},
        "showlegend": False,
        "xaxis": dict(axis),
        "yaxis": dict(axis),
        "uirevision": "same",  # a redraw keeps what a person has zoomed or hidden
    } | more
