"""The Backpack tab: the senses of a word, the ledger of a prediction, the mixer and the bias probe, of one model.

Views speak to each other on the page alone, by events on ``window``: ``sense-edit`` with an edit document adds it to
the mixer, ``sense-look`` with ``{word, id}`` opens a token in the explorer (without ``id``, a word).
"""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from playground.engine.requests import Models, ModelsRequest
from playground.ui import senses_explorer, senses_ledger, senses_mixer, senses_probe

ABILITY = "senses"


def with_senses(models: Models) -> list[str]:
    """Names of the models whose senses can be looked at, demos first."""
    return [state.name for state in models.models if ABILITY in state.abilities]


def refresh_choices(engine: Any) -> Sequence[str]:
    """The models with senses, as they are known now."""
    return with_senses(engine.answer(ModelsRequest()))


def build(engine: Any, models: Models, generations: int) -> gr.Dropdown:
    """Lay out the tab inside the current ``gr.Tab``; return its choice of a model, which the page keeps fresh."""
    names = with_senses(models)
    model = gr.Dropdown(names, value=names[0] if names else None, label="Model", elem_id="senses-model")
    with gr.Tabs(elem_id="senses-views"):
        with gr.Tab("Explorer", id="senses-explorer", elem_id="senses-explorer-tab"):
            senses_explorer.build(engine, model)
        with gr.Tab("Ledger", id="senses-ledger", elem_id="senses-ledger-tab"):
            senses_ledger.build(engine, model)
        with gr.Tab("Mixer", id="senses-mixer", elem_id="senses-mixer-tab"):
            senses_mixer.build(engine, model, generations)
        with gr.Tab("Bias probe", id="senses-probe", elem_id="senses-probe-tab"):
            senses_probe.build(engine, model)
    return model
