"""The typo bench of the PIXEL lab: one text, disturbed more and more, read by a patch model and by a language model.

All shares are computed once, as one run; the slider only chooses which of them is on show.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple
from typing import Any

import gradio as gr

from playground.engine.patch_records import made_with
from playground.engine.patch_requests import RenderRequest, TypoPoint, TypoRequest
from playground.engine.requests import CardRequest, Models
from playground.ui.charts.patches_typos import Disturbed, typos_figure
from playground.ui.patch_board import address, page_name, running_value
from playground.ui.patch_runs import QUIET, Lab
from playground.ui.theme import component_script

SHARES = tuple(step / 20 for step in range(9))  # 0 to 40 %
KINDS = [("Typos", "typos"), ("Look-alike letters", "homoglyphs"), ("Upper and lower case", "case")]
SCRIPTS = ("tokens.js", "patches/strip.js", "patches/saving.js", "patches/typos.js")
TEMPLATE = """
<div class="patch-lab typos">
  <p class="typos-status" role="status" aria-live="polite"></p>
  <div class="typos-body" hidden>
    <label class="typos-share">Letters changed <input type="range" min="0" max="0" value="0"><output></output></label>
    <div class="typos-lines"></div>
    <p class="typos-text"></p>
    <p class="typos-facts"></p>
    <ul class="patch-notes typos-notes"></ul>
    <div class="patch-controls"><button type="button" class="typos-picture">⬇ PNG</button>
      <button type="button" class="typos-chart" title="The chart below as a picture">⬇ Chart</button>
      <button type="button" class="typos-record" title="All numbers as JSON">⬇ JSON</button></div>
    <details class="patch-numbers"><summary>All shares as a table</summary>
      <div><table><thead><tr><th scope="col">Changed</th><th scope="col">Error</th><th scope="col">Bits per byte</th>
      <th scope="col">Tokens</th></tr></thead><tbody></tbody></table></div></details>
  </div>
</div>
"""
AT = """() => document.querySelector("#patch-typos .typos").at()"""


def build_typos(lab: Lab, models: Models) -> gr.Dropdown:
    """The view, inside the current tab; return its choice of language models, which the page keeps fresh."""
    gr.HTML(
        '<p class="hint">The text above is disturbed more and more. The picture model hides every patch once and is '
        "judged by its error; the language model is judged by its bits for each byte, and by how many tokens it "
        "needs.</p>",
        elem_classes="patch-view",
    )
    names = writing(models)
    with gr.Row(elem_classes="patch-run"):
        kind = gr.Radio(KINDS, value="typos", label="What is changed", elem_id="typos-kind")
        peer = gr.Dropdown(names, value=names[0] if names else None, label="Language model", min_width=180,
                           elem_id="typos-peer")  # fmt: skip
    with gr.Row(elem_classes="patch-run"):
        run = gr.Button("Disturb the text", min_width=150, elem_id="disturb")
        stop = gr.Button("Stop", min_width=70, elem_id="stop-typos")
    shown = gr.HTML(
        {}, html_template=TEMPLATE, js_on_load=component_script(*SCRIPTS), elem_id="patch-typos", padding=False,
        apply_default_css=False, elem_classes="patch-view",
    )  # fmt: skip
    chart = gr.Plot(visible=False, show_label=False, container=False, elem_id="typos-chart")
    known = gr.State(None)  # what the chart shows: (points, names of both models)
    at = gr.Textbox("", visible="hidden", elem_id="typos-at")

    def disturb(run: str, peer: Any, typo_kind: Any, **chosen: Any) -> Iterator[tuple[Any, Any, Any]]:
        request = TypoRequest(chosen["model"], peer, chosen["text"], typo_kind, SHARES)
        about = _about(request)
        points: list[Disturbed] = []
        values: list[str] = []
        for event in lab.follow(request, run, "both models read"):
            if isinstance(event, dict):
                yield event | {"points": [*values], "about": about}, gr.skip(), gr.skip()
                continue
            if not points:  # both models are there now
                about = _about(request, **identities(lab.engine, request))
            points.append(Disturbed(event.share, event.error, event.bits_per_byte, event.tokens))
            values.append(point_value(lab.engine, event, request))
            words = "" if event.number == event.of else f"{event.number} of {event.of} shares …"
            news = running_value(run, words, event.number < event.of)
            figure = typos_figure(points, request.model, request.peer)
            state = ([astuple(point) for point in points], request.model, request.peer)
            yield news | {"points": [*values], "about": about}, gr.update(value=figure, visible=True), state

    def mark(at: Any, known: Any) -> Any:
        """The chart with the share that the slider chose."""
        if known is None or not str(at).isdecimal() or int(at) >= len(known[0]):
            return gr.skip()
        points = [Disturbed(*point) for point in known[0]]
        return typos_figure(points, known[1], known[2], points[int(at)].share)

    lab.wire("typos", [run.click], disturb, [shown, chart, known], {"peer": peer, "typo_kind": kind}, long=True)
    lab.stop_with(stop)
    shown.select(None, None, at, js=AT, **QUIET)
    shown.select(mark, [at, known], chart, trigger_mode="always_last", **QUIET)
    return peer


def writing(models: Models) -> Sequence[str]:
    """Names of the models that read and write text."""
    return [state.name for state in models.models if "generate" in state.abilities]


def identities(engine: Any, request: TypoRequest) -> dict[str, Any]:
    """Which weights answered, and what they ran on."""
    card = engine.answer(CardRequest(request.peer)).card
    return {
        "identity": asdict(engine.answer(RenderRequest(request.model, request.text)).identity),
        "peer_identity": {
            "model": card.name, "family": card.family, "fingerprint": card.fingerprint, "dtype": card.dtype,
            "tokenizer_fingerprint": card.tokenizer_fingerprint,
        },
        "made_with": made_with(),
    }  # fmt: skip


def _about(request: TypoRequest, **more: Any) -> str:
    """What was asked for, as JSON."""
    return json.dumps({
        "model": request.model, "peer": request.peer, "text": request.text, "kind": request.kind,
        "seed": request.seed, "ratio": request.ratio, "page": page_name(request.model, request.text),
    } | more)  # fmt: skip


def point_value(engine: Any, point: TypoPoint, request: TypoRequest) -> str:
    """A share as JSON, with the picture of its text."""
    strip = engine.answer(RenderRequest(request.model, point.text))
    return json.dumps({
        "share": point.share, "text": point.text, "changed": [[*span] for span in point.changed],
        "possible": point.possible, "error": point.error, "patches": point.patches, "tokens": point.tokens,
        "bits_per_byte": point.bits_per_byte, "total_bits": point.total_bits, "notes": [*point.notes],
        "picture": address(strip.picture), "patch": strip.patch_size, "shown": strip.shown,
    })  # fmt: skip
