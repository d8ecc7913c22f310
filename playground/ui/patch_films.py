"""Two filmstrips of the PIXEL lab: hidden patches filled the surest first, and a text written on from left to right.

Each frame reaches the page once, as JSON; the page keeps them, plays them and lets one step through them.
"""

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from playground.engine.patch_requests import Filled, FillRequest, ReconstructRequest, RenderRequest, WriteOnRequest
from playground.errors import InvalidRequest
from playground.pixels.masking import MaskOptions
from playground.ui.patch_board import address, page_name, read_values, record_text, running_value
from playground.ui.patch_form import fitting_options, whole
from playground.ui.patch_runs import QUIET, Lab
from playground.ui.theme import component_script

SCRIPTS = ("tokens.js", "patches/strip.js", "patches/saving.js", "patches/film.js")
STEPS = 8  # frames of a film, unless somebody asks for others
MOST_STEPS = 32  # of a film
BEGINS = """
  <div class="film-start"><label>Begin at <input type="range" min="1" max="1" value="1"></label><output></output>
    <button type="button">From the cursor</button></div>
"""
TEMPLATE = """
<div class="patch-lab film" data-view="VIEW">
  BEGINS
  <p class="film-status" role="status" aria-live="polite"></p>
  <div class="film-body" hidden>
    <div class="film-lines"></div>
    <div class="film-scrub" hidden><button type="button" class="film-play">▶ Play</button>
      <input type="range" min="0" max="1" value="0" aria-label="Step">
      <button type="button" class="film-picture" title="All steps as a picture">⬇ PNG</button>
      <button type="button" class="film-record" title="The run as JSON" disabled>⬇ JSON</button></div>
    <p class="film-caption"></p>
    <div class="film-reel" role="group" aria-label="All steps"></div>
  </div>
</div>
"""
START = """() => document.querySelector("#patch-write .film").start()"""


def film(view: str) -> gr.HTML:
    """The component of ``view``, "fill" or "write"."""
    template = TEMPLATE.replace("VIEW", view).replace("BEGINS", BEGINS if view == "write" else "")
    return gr.HTML(
        {}, html_template=template, js_on_load=component_script(*SCRIPTS), elem_id=f"patch-{view}", padding=False,
        apply_default_css=False, elem_classes="patch-view",
    )  # fmt: skip


def build_filling(lab: Lab) -> None:
    """The view *Step by step*, inside the current tab."""
    gr.HTML(
        '<p class="hint">The hidden patches are filled a few at a time, those first on which the model agrees with '
        "itself when it sees a little less. What is filled is part of the page that it sees next.</p>",
        elem_classes="patch-view",
    )
    with gr.Row(elem_classes="patch-run"):
        steps = gr.Slider(1, MOST_STEPS, value=STEPS, step=1, label="Steps", min_width=300, elem_id="fill-steps")
        run = gr.Button("Fill step by step", min_width=150, elem_id="fill")
        stop = gr.Button("Stop", min_width=70, elem_id="stop-fill")
    shown = film("fill")

    def fill(run: str, steps: Any, **chosen: Any) -> Iterator[dict[str, Any]]:
        model, text, options = chosen["model"], chosen["text"], fitting_options(lab.engine, chosen)
        begun = lab.engine.answer(RenderRequest(model, text, options))
        count = whole(steps)
        if not isinstance(count, int) or not 1 <= count <= MOST_STEPS:
            raise InvalidRequest(
                f"{steps!r:.40} steps were asked for, but it must be a whole number from 1 to {MOST_STEPS}."
            )
        request = FillRequest(model, text, options, at_a_time=max(1, -(-len(begun.hidden) // count)))
        yield from _stream(lab, request, run, options, begun)

    lab.wire("fill", [run.click], fill, [shown], {"steps": steps}, long=True)
    lab.stop_with(stop)


def build_writing(lab: Lab) -> None:
    """The view *Write on*, inside the current tab."""
    gr.HTML(
        '<p class="hint">The text is hidden from a patch on, and the model continues it from left to right. It was '
        "taught to mend short gaps, so a long tail turns vague.</p>",
        elem_classes="patch-view",
    )
    with gr.Row(elem_classes="patch-run"):
        run = gr.Button("Write on", min_width=150, elem_id="write-on")
        stop = gr.Button("Stop", min_width=70, elem_id="stop-write")
    shown = film("write")
    start = gr.Textbox("", visible="hidden", elem_id="write-start")

    def write(run: str, start: Any, **chosen: Any) -> Iterator[dict[str, Any]]:
        model, text = chosen["model"], chosen["text"]
        known = lab.engine.answer(RenderRequest(model, text))
        if not str(start).isdecimal() or not 1 <= int(start) <= known.text_patches:
            raise InvalidRequest(
                f"Writing is to begin at patch {str(start)[:20]!r}, but the text has patches 1 to "
                f"{known.text_patches:,}. Move the slider."
            )
        tail = tuple(patch for patch in known.hideable if patch >= int(start) - 1)
        options = MaskOptions(kind="manual", patches=tail)
        begun = lab.engine.answer(RenderRequest(model, text, options))
        request = WriteOnRequest(model, text, int(start) - 1, at_a_time=max(1, -(-len(tail) // MOST_STEPS)))
        yield from _stream(lab, request, run, options, begun)

    run.click(None, None, start, js=START, **QUIET)
    lab.wire("write", [run.click], write, [shown], {"start": start}, long=True)
    lab.stop_with(stop)


def _stream(
    lab: Lab, request: FillRequest | WriteOnRequest, run: str, options: MaskOptions, begun: Any
) -> Iterator[dict[str, Any]]:
    """The component's values while the film is made: the beginning, every frame so far, and the record in the end."""
    begin = json.dumps({
        "picture": address(begun.picture), "patch": begun.patch_size, "shown": begun.shown,
        "hidden": [*begun.hidden], "text_patches": begun.text_patches, "model": request.model, "text": begun.text,
        "page": page_name(request.model, request.text),
    })  # fmt: skip
    steps: list[Filled] = []
    frames: list[str] = []
    for event in lab.follow(request, run):
        if isinstance(event, Filled):
            steps.append(event)
            frames.append(frame_value(event))
            event = running_value(run, f"Step {event.number} of {event.of} …", event.number < event.of)
        yield event | {"begin": begin, "frames": [*frames]}
    if steps and steps[-1].number == steps[-1].of:
        asked = ReconstructRequest(request.model, request.text, options)
        record = record_text(asked, lab.engine.answer(asked), filled=(request, steps))
        done = running_value(run, "", running=False)
        yield done | {"begin": begin, "frames": [*frames], "record": record}


def frame_value(step: Filled) -> str:
    """A frame as JSON: text, because with every news all of the old and the new value are compared."""
    return json.dumps({
        "picture": address(step.frame), "number": step.number, "of": step.of, "filled": [*step.filled],
        "left": [*step.left], "loss": step.loss, "reading": read_values(step.reading),
    })  # fmt: skip
