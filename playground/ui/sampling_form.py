"""The widgets of the sampling options, the same on every tab, and what their values ask for.

Limits, steps and descriptions are the options' own; a widget only mirrors them.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import gradio as gr

from playground.generation.options import SamplingOptions

PRESETS = {
    "Greedy": {"temperature": 0.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0},
    "Balanced": {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "min_p": 0.0},
    "Wild": {"temperature": 1.2, "top_p": 1.0, "top_k": 0, "min_p": 0.0},
}
DEFAULT_PRESET = "Balanced"
WARPERS = ("temperature", "top_p", "top_k", "min_p")
SLIDERS = (*WARPERS, "max_new_tokens")
LABELS = {
    "temperature": "Temperature",
    "top_p": "Top-p",
    "top_k": "Top-k (0 = off)",
    "min_p": "Min-p (0 = off)",
    "max_new_tokens": "Max new tokens",
    "repetition_penalty": "Repetition penalty (1 = off)",
}
OPTION = {option.name: option for option in fields(SamplingOptions)}
SHOWN_MOST = {"top_k": 200, "max_new_tokens": 1024, "temperature": 2.0}  # a slider's end; the limits allow more


def option_slider(name: str, value: float) -> gr.Slider:
    """A slider for the sampling option ``name``."""
    about = OPTION[name].metadata
    return gr.Slider(
        about["minimum"], SHOWN_MOST.get(name, about["maximum"]), value, step=about["step"], label=LABELS[name],
        info=about["description"], elem_id=name.replace("_", "-"),
    )  # fmt: skip


def chosen_options(chosen: Mapping[str, Any]) -> SamplingOptions:
    """The options as the widgets have them, or whatever a browser sent in their place; ``stop`` is a string to a line.

    Raises:
        InvalidRequest: a value that is not allowed.
    """
    values = {name: whole(value) for name, value in chosen.items() if name != "stop"}
    lines = str(chosen.get("stop") or "").splitlines()
    return SamplingOptions(**values, stop=tuple(line for line in lines if line))


def whole(value: Any) -> Any:
    """A number field's value as an int where it is one; what is not is left for the options to refuse."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
