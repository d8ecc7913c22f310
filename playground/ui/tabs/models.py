"""The Models tab: what exists, what is in memory, what each model is, loading and unloading."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from playground.engine.requests import Loading, LoadRequest, Models, ModelsRequest, ModelState, UnloadRequest
from playground.ui.boundary import checked_tokenizer, handler
from playground.ui.model_list import card_value, list_value, model_card, model_list, progress_value

DEFAULT_PRECISION = "float32 (default)"
STOPPING = "stopping"  # the manager's word for a load that was given up and has yet to end
SETTLE_SECONDS = 20
PRECISIONS = {DEFAULT_PRECISION: None, "bfloat16": "bfloat16", "float16": "float16"}


def build(engine: Any, models: Models, local: bool, tab: gr.Tab) -> None:
    """Lay out the tab inside ``tab``. A ``local`` page lets its user name tokenizer files on this machine."""
    names = [state.name for state in models.models]
    first = names[0] if names else None
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=300):
            chosen = gr.State(first)
            listed = model_list(list_value(models, chosen=first))
        with gr.Column(scale=5, min_width=300, elem_id="model-side"):
            card = model_card(card_value(_state(models, first)))
            with gr.Row():
                load = gr.Button("Load", variant="primary", min_width=80, elem_id="load", elem_classes="key-run")
                cancel = gr.Button("Stop loading", min_width=130, elem_id="stop-loading", elem_classes="key-stop")
                unload = gr.Button("Unload", min_width=80, elem_id="unload")
                refresh = gr.Button("Refresh", min_width=80, elem_id="refresh")
            with gr.Accordion("How to load it", open=False):
                precision = gr.Dropdown(list(PRECISIONS), value=DEFAULT_PRECISION, label="Precision",
                                        info="16 bit halves the memory.", elem_id="precision")  # fmt: skip
                tokenizer = gr.Textbox(
                    label="Tokenizer", elem_id="tokenizer",
                    info="For a checkpoint that ships none: "
                    + ("a file or folder on this machine, or a Hub id." if local else "a Hub id."),
                )  # fmt: skip

    def show(name: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
        now = engine.answer(ModelsRequest())
        return list_value(now, chosen=name), card_value(_state(now, name))

    @handler
    def choose(event: gr.EventData) -> tuple[Any, Any, Any]:
        name = str(event.model)[:500]
        return name, *show(name)

    @handler
    def load_model(name: str | None, precision: str, tokenizer: str) -> Iterator[tuple[Any, Any]]:
        request = LoadRequest(name or "", PRECISIONS.get(precision), checked_tokenizer(tokenizer, local))
        with closing(engine.run(request)) as events:
            for event in events:
                if isinstance(event, Loading):
                    news = progress_value(event.model, event.stage, event.fraction)
                    yield list_value(engine.answer(ModelsRequest())), news

    @handler
    def settle(name: str | None) -> Iterator[tuple[Any, Any]]:
        """Shows how a load ended; one that is being stopped takes a moment."""
        patience = time.monotonic() + SETTLE_SECONDS
        while True:
            rows, value = show(name)
            yield rows, value
            if not value.get("stage", "").startswith(STOPPING) or time.monotonic() > patience:
                return
            time.sleep(0.1)

    @handler
    def unload_model(name: str | None) -> tuple[Any, Any]:
        engine.answer(UnloadRequest(name or ""))
        return show(name)

    shown = [listed, card]
    plain = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    listed.click(choose, None, [chosen, *shown], **plain)
    started = load.click(
        load_model, inputs_kwargs={"name": chosen, "precision": precision, "tokenizer": tokenizer}, outputs=shown,
        concurrency_id="loads", concurrency_limit=4, trigger_mode="once", show_progress="hidden",
        api_visibility="private",
    )  # fmt: skip
    for ended in (started.then, started.failure):  # however the load ended, the card says so
        ended(settle, chosen, shown, concurrency_limit=None, show_progress="hidden", api_visibility="private")
    cancel.click(None, cancels=[started], api_visibility="private")
    # In the queue, because Gradio shows the errors only of what went through it.
    unload.click(unload_model, chosen, shown, concurrency_limit=None, show_progress="hidden", api_visibility="private")
    gr.on([refresh.click, tab.select], handler(show), chosen, shown, **plain)


def _state(models: Models, name: str | None) -> ModelState | None:
    return next((state for state in models.models if state.name == name), None)
