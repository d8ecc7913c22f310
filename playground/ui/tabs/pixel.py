"""The PIXEL tab: hide patches of a text drawn as a picture, and watch a model paint them back."""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import gradio as gr

from playground import limits
from playground.engine.patch_requests import ReconstructRequest, RenderRequest
from playground.engine.requests import CardRequest, Loading, Models, ModelsRequest, ModelState
from playground.errors import PlaygroundError
from playground.ui import patch_board as view
from playground.ui import patch_form as form
from playground.ui.boundary import READERS, handler
from playground.ui.patch_films import build_filling, build_writing
from playground.ui.patch_opening import open_record
from playground.ui.patch_runs import QUIET, Lab, run_name
from playground.ui.patch_sureness import build_sureness
from playground.ui.patch_typos import build_typos, writing
from playground.ui.story import Stops
from playground.ui.wording import loading_words

NO_MODEL = (
    "No checkpoint here reconstructs pictures of text. Start the playground with --models and the folder of a "
    "pixel-mae checkpoint, or load Team-PIXEL/pixel-base on the Models tab."
)
NOT_HERE = "This model is not in memory yet, and may have to be downloaded. Reconstruct loads it."
EMPTY = "There is no text. Type some, or choose an example."
READ_BACK = (
    "This model draws one character to half a patch, and what it paints is read back as plain Latin letters, digits "
    "and signs alone: other characters never come out right."
)
UNSHAPED = (
    "Drawn as the published models were trained: one character after the other from left to right, none joined, "
    "turned around or moved."
)
CHOOSE = f"(kind) => {view.LAB}.choose(kind)"
PAINTED = f"""() => ["manual", {view.LAB}.hand()]"""
CLEAR = f"""() => ["manual", {view.LAB}.clear()]"""
NEW = f"""(kind) => {{
  const other = kind === "manual" ? "span" : kind;
  {view.LAB}.choose(other);
  return [other, "", Math.floor(Math.random() * {limits.SEED[1]})];
}}"""
QUICK_BYTES = 100_000_000  # of a model that reconstructs at once, so that the first visit shows what it can do


def reconstructing(models: Models) -> list[str]:
    """Names of the models that reconstruct pictures of text, those that come with the playground first."""
    return [state.name for state in models.models if "reconstruct" in state.abilities]


def refresh_choices(engine: Any) -> Sequence[str]:
    """The models that reconstruct, as they are known now."""
    return reconstructing(engine.answer(ModelsRequest()))


def build(engine: Any, models: Models, generations: int) -> gr.Dropdown:
    """Lay out the tab inside the current ``gr.Tab``; return its model dropdown, which the page keeps fresh."""
    with gr.Row(equal_height=False, elem_id="pixel-row"):
        with gr.Column(scale=3, min_width=300, elem_id="pixel-settings"):
            widgets, options, (run, stop, fresh, clear) = _settings(reconstructing(models))
        with gr.Column(scale=7, min_width=300, elem_id="pixel-results"):
            board = view.board()
            drawn, found = view.carrier("draw"), view.carrier("reconstruct")
            lab = Lab(engine, widgets, Stops(), generations)
            with gr.Tabs(elem_id="pixel-more"):
                with gr.Tab("Step by step"):
                    build_filling(lab)
                with gr.Tab("Write on"):
                    build_writing(lab)
                with gr.Tab("How sure"):
                    build_sureness(lab)
                with gr.Tab("Typo bench") as bench:
                    peer = build_typos(lab, models)

    @handler
    def open_board(**chosen: Any) -> Iterator[dict[str, Any]]:
        yield from opened(engine, chosen)

    @handler
    def draw(**chosen: Any) -> Any:
        if None in (chosen[name] for name in ("ratio", "longest", "every", "seed")):
            return gr.skip()  # a field that is being typed in
        return drawn_board(engine, chosen)

    def reconstruct(run: str, **chosen: Any) -> Iterator[dict[str, Any]]:
        options = form.fitting_options(engine, chosen)
        request = ReconstructRequest(chosen["model"], chosen["text"], options)
        yield view.running_value(run, "The model is at work …")
        for event in lab.follow(request, run):
            yield event if isinstance(event, dict) else view.result_value(event, run, request)

    shown = [getattr(widgets, name) for name in widgets.inputs]

    @handler
    def open_file(event: gr.EventData) -> Iterator[list[Any]]:
        asked = event._data if isinstance(event._data, dict) else {}
        names = list(refresh_choices(engine))
        for strip, result, values in open_record(lab, asked.get("text"), run_name(asked.get("run")), names):
            fields = [gr.skip() if values is None else values[name] for name in widgets.inputs]
            yield [gr.skip() if strip is None else strip, result, *fields]

    drawing = {"inputs_kwargs": widgets.inputs, "outputs": drawn}
    redraws = [
        widgets.text.change, widgets.kind.input, widgets.ratio.change, widgets.longest.change, widgets.every.change,
        widgets.over.input, widgets.seed.change, fresh.click,
    ]  # fmt: skip
    fresh.click(None, widgets.kind, [widgets.kind, widgets.by_hand, widgets.seed], js=NEW, **QUIET)
    widgets.kind.input(None, widgets.kind, widgets.by_hand, js=CHOOSE, **QUIET)
    gr.on(redraws, draw, **drawing, **QUIET, trigger_mode="always_last")
    widgets.kind.change(form.seen_options, widgets.kind, options, **QUIET)
    board.select(None, None, [widgets.kind, widgets.by_hand], js=PAINTED, **QUIET)
    clear.click(None, None, [widgets.kind, widgets.by_hand], js=CLEAR, **QUIET)

    started = lab.wire("reconstruct", [run.click, board.play], reconstruct, [found])
    started.success(draw, **drawing, **QUIET)  # a model that was not there before could not draw
    lab.stop_with(stop)
    opening = board.upload(
        open_file, None, [drawn, found, *shown], trigger_mode="multiple", show_progress="hidden",
        api_visibility="private", **READERS,
    )  # fmt: skip
    opening.failure(None, None, None, js=view.failed("reconstruct"), **QUIET)
    bench.select(lambda: gr.update(choices=writing(engine.answer(ModelsRequest()))), None, peer, **QUIET)
    # The first visit, and every other model, begin with something to look at.
    first = gr.on(
        [board.load, widgets.model.change], open_board, **drawing, **READERS, show_progress="hidden",
        api_visibility="private",
    )  # fmt: skip
    first.success(draw, **drawing, **QUIET)  # what was set meanwhile
    return widgets.model


def opened(engine: Any, chosen: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the board shows for a model that was just chosen, loaded first unless that would download it."""
    state = state_of(engine, chosen["model"])
    if state is None:
        yield {"error": NO_MODEL}
        return
    if not at_hand(state):
        yield {"status": NOT_HERE}
        return
    try:
        with closing(engine.run(CardRequest(state.name))) as events:
            for event in events:
                if isinstance(event, Loading):
                    yield {"status": loading_words(event)}
    except PlaygroundError as error:
        yield {"error": str(error)}
        return
    yield drawn_board(engine, chosen)


def drawn_board(engine: Any, chosen: dict[str, Any]) -> dict[str, Any]:
    """The strip and its mask as they are set, or why there is none."""
    model, text = chosen["model"], chosen["text"]
    state = state_of(engine, model)
    if state is None:
        return {"error": NO_MODEL}
    if not at_hand(state):
        return {"status": NOT_HERE}
    try:
        form.mask_options(chosen)
    except PlaygroundError as error:
        return {"refused": str(error)}  # the strip and its mask stay
    try:
        options = form.fitting_options(engine, chosen)
        request = RenderRequest(model, text, options)
        rendered = engine.answer(request)
    except PlaygroundError as error:
        return {"error": str(error)}
    value = view.drawn_value(rendered, model, request.text, options.kind, chosen["by_hand"])
    value["notes"] = [*_remarks(text, rendered.style, rendered.characters), *value["notes"]]
    return value | {"plays": state.memory_bytes <= QUICK_BYTES}


def _remarks(text: str, style: str, characters: Sequence[str]) -> list[str]:
    if not text.strip():
        return [EMPTY]
    if style == "pixel" and any(map(_is_shaped, text)):
        return [UNSHAPED]
    return [READ_BACK] if not all(map(str.isascii, characters)) else []


def _is_shaped(character: str) -> bool:
    """Whether a script would turn the character around, stack it or move it."""
    return unicodedata.bidirectional(character) in ("R", "AL") or unicodedata.category(character) in ("Mn", "Mc")


def state_of(engine: Any, model: Any) -> ModelState | None:
    """What is known of the model of that name, if it reconstructs."""
    known = engine.answer(ModelsRequest()).models
    return next((state for state in known if state.name == model and "reconstruct" in state.abilities), None)


def at_hand(state: ModelState) -> bool:
    """Whether drawing with the model downloads nothing."""
    return state.kind != "hub" or state.state == "loaded"


def _settings(names: Sequence[str]) -> tuple[form.Form, list[Any], tuple[gr.Button, ...]]:
    """The left column: what is set, the options that come and go with the kind of mask, and the buttons."""
    model = gr.Dropdown(list(names), value=names[0] if names else None, label="Model", elem_id="pixel-model")
    text = gr.Textbox(
        form.EXAMPLES["English"], label="Text", lines=3, max_lines=10, elem_id="pixel-text", placeholder="Type a text",
    )  # fmt: skip
    gr.Examples([[one] for one in form.EXAMPLES.values()], [text], example_labels=list(form.EXAMPLES),
                label="Examples", elem_id="pixel-examples", examples_per_page=20)  # fmt: skip
    with gr.Row(elem_id="pixel-buttons"):
        run = gr.Button("Reconstruct", variant="primary", min_width=110, elem_id="reconstruct",
                        elem_classes="key-run")  # fmt: skip
        stop = gr.Button("Stop", min_width=70, elem_id="patch-stop", elem_classes="key-stop")
        fresh = gr.Button("New mask", min_width=90, elem_id="new-mask")
        clear = gr.Button("Clear mask", min_width=90, elem_id="clear-mask")
    gr.HTML('<p class="hint">Ctrl-Enter reconstructs, Esc stops.</p>', elem_id="pixel-hint")
    with gr.Group(elem_id="pixel-mask"):
        kind = gr.Radio(form.KINDS, value="span", label="Hide", elem_id="patch-kind")
        ratio = form.slider("ratio", "Ratio", 0.25, 0, 1, 0.01)
        longest = form.slider("longest", "Longest span", form.LONGEST, 1, limits.SPAN, 1)
        every = form.slider("every", "Every n-th patch: n", 4, 1, form.MOST_EVERY, 1)
        over = gr.Radio(form.OVERS, value="text", label="The ratio counts", elem_id="patch-over")
        seed = form.unchecked(gr.Number(form.SEED, label="Seed", precision=0, elem_id="patch-seed"))
    by_hand = gr.Textbox("", visible="hidden", elem_id="patch-by-hand")
    widgets = form.Form(model, text, kind, ratio, longest, every, over, seed, by_hand)
    return widgets, [getattr(widgets, name) for name in form.USES], (run, stop, fresh, clear)
