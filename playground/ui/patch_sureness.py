"""The view *How sure is it* of the PIXEL lab: where predictions move when the model sees a little less."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from playground import limits
from playground.engine.patch_requests import ReconstructRequest, RenderRequest, Sureness, SureRequest
from playground.ui.charts.patches_sure import sure_figure
from playground.ui.patch_board import address, page_name, record_text, running_value
from playground.ui.patch_form import fitting_options, whole
from playground.ui.patch_runs import Lab
from playground.ui.theme import component_script

SCRIPTS = ("tokens.js", "patches/strip.js", "patches/saving.js", "patches/sure.js")
COMPANIONS = 8
TEMPLATE = """
<div class="patch-lab sure">
  <p class="sure-status" role="status" aria-live="polite"></p>
  <div class="sure-body" hidden>
    <div class="sure-lines"></div>
    <div class="patch-controls"><button type="button" class="sure-picture">⬇ PNG</button>
      <button type="button" class="sure-chart" title="The chart below as a picture">⬇ Chart</button>
      <button type="button" class="sure-record" title="The run as JSON">⬇ JSON</button></div>
    <details class="patch-numbers"><summary>Spread and error as a table</summary>
      <div><table><thead><tr><th scope="col">Patch</th><th scope="col">Spread</th><th scope="col">Error</th></tr>
      </thead><tbody></tbody></table></div></details>
  </div>
</div>
"""


def build_sureness(lab: Lab) -> None:
    """The view, inside the current tab."""
    gr.HTML(
        '<p class="hint">The model paints the hidden patches several times, and each time a random fifth of the rest '
        "is hidden as well. Where the paintings differ much, it is not sure. Each row is coloured by its own largest "
        "number.</p>",
        elem_classes="patch-view",
    )
    with gr.Row(elem_classes="patch-run"):
        companions = gr.Slider(*limits.COMPANIONS, value=COMPANIONS, step=1, label="Masks", min_width=300,
                               elem_id="sure-masks")  # fmt: skip
        run = gr.Button("Measure", min_width=150, elem_id="measure-sure")
        stop = gr.Button("Stop", min_width=70, elem_id="stop-sure")
    shown = gr.HTML(
        {}, html_template=TEMPLATE, js_on_load=component_script(*SCRIPTS), elem_id="patch-sure", padding=False,
        apply_default_css=False, elem_classes="patch-view",
    )  # fmt: skip
    chart = gr.Plot(visible=False, show_label=False, container=False, elem_id="sure-chart")

    def measure(run: str, companions: Any, **chosen: Any) -> Iterator[tuple[Any, Any]]:
        model, text, options = chosen["model"], chosen["text"], fitting_options(lab.engine, chosen)
        request = SureRequest(model, text, options, whole(companions))
        for event in lab.follow(request, run):
            if isinstance(event, dict):
                yield event, gr.skip()
            else:
                figure = sure_figure(event.spread, event.errors)
                yield sure_value(lab.engine, event, run, request), gr.update(value=figure, visible=True)

    lab.wire("sure", [run.click], measure, [shown, chart], {"companions": companions}, long=True)
    lab.stop_with(stop)


def sure_value(engine: Any, found: Sureness, run: str, request: SureRequest) -> dict[str, Any]:
    """What the component shows, and the JSON of the run."""
    asked = ReconstructRequest(request.model, request.text, request.mask)
    strip = engine.answer(RenderRequest(request.model, request.text))
    return running_value(run, "", running=False) | {
        "page": page_name(request.model, request.text), "picture": address(strip.picture), "patch": strip.patch_size,
        "shown": found.shown, "hidden": [*found.hidden], "spread": [*found.spread], "errors": [*found.errors],
        "model": request.model, "words": sure_words(found),
        "record": record_text(asked, engine.answer(asked), sure=(request, found)),
    }  # fmt: skip


def sure_words(found: Sureness) -> str:
    """Whether the model is wrong where it is unsure, in a sentence."""
    many = f"{len(found.hidden)} hidden patches under {found.companions} masks."
    if len(found.hidden) == 1:
        many = f"1 hidden patch under {found.companions} masks."
    if found.correlation is None:
        return f"{many} Too few, or too alike, to say whether spread and error go together."
    strength = "closely" if found.correlation >= 0.6 else "somewhat" if found.correlation >= 0.25 else "hardly"
    if found.correlation <= -0.25:
        return f"{many} Here it is wrong where it is sure: rank correlation {found.correlation:.2f}."
    return f"{many} Spread and error go together {strength}: rank correlation {found.correlation:.2f}."
