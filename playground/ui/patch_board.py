"""The patch board of the PIXEL lab: a component of our own that draws strips, and the news that reach it.

The page keeps what is on show (assets/patches): which patches are hidden, the last reconstruction, and whether they
still belong together. The server sends the strip and its mask (:func:`drawn_value`) and what a run found
(:func:`result_value`), each through a carrier of its own, so that neither waits for the other. Text is set as text
nodes, never as markup.
"""

import base64
import hashlib
import json
from dataclasses import asdict
from typing import Any

import gradio as gr

from playground.engine.patch_records import record_reconstruction
from playground.engine.patch_requests import ReadPatch, Reconstructed, ReconstructRequest, Rendered
from playground.ui.theme import component_script

SCRIPTS = ("tokens.js", *(f"patches/{name}.js" for name in ("strip", "saving", "board", "result", "lab")))
TEMPLATE = """
<div class="patch-lab">
  <div class="patch-bar">
    <div class="patch-tools" role="toolbar" aria-label="What to do with the picture">
      <button type="button" data-do="grid" aria-pressed="false" title="Show where patches begin and end">Grid</button>
      <button type="button" data-do="picture" title="These lines as a picture" disabled>⬇ PNG</button>
      <button type="button" data-do="record" title="Text, mask, model and numbers, to keep or to open again"
        disabled>⬇ JSON</button>
      <label class="patch-open" title="A run that was downloaded before">Open JSON <input type="file"
        accept=".json,application/json"></label>
    </div>
    <p class="patch-status" role="status" aria-live="polite"></p>
  </div>
  <div class="patch-lines" tabindex="0" role="application" aria-label="The patches of the text"
    aria-describedby="patch-readout"></div>
  <p class="patch-readout hint" id="patch-readout"></p>
  <p class="patch-said" aria-live="polite"></p>
  <ul class="patch-notes"></ul>
  <div class="patch-result" hidden>
    <div class="patch-views">
      <label class="patch-wipe"><span>original</span><input type="range" min="0" max="100" value="100"
        aria-label="Wipe between the original and the reconstruction"><span>reconstruction</span></label>
      <fieldset class="patch-shown"><legend>Shown</legend>
        <label><input type="radio" name="patch-shown" value="on_the_page" checked> on the page's contrast</label>
        <label><input type="radio" name="patch-shown" value="as_published"> as published (raw)</label></fieldset>
    </div>
    <p class="patch-rule hint"></p>
    <div class="patch-read" hidden></div>
    <details class="patch-numbers"><summary>Error per patch as a table</summary>
      <p class="patch-about hint"></p>
      <div><table><thead><tr><th scope="col">Patch</th><th scope="col">Error</th><th scope="col">It was</th>
        <th scope="col">Read back</th></tr></thead><tbody></tbody></table></div></details>
  </div>
</div>
"""
LAB = 'document.querySelector("#patch-board .patch-lab").lab'


def board() -> gr.HTML:
    return gr.HTML(
        {}, html_template=TEMPLATE, js_on_load=component_script(*SCRIPTS), elem_id="patch-board", padding=False,
        apply_default_css=False,
    )  # fmt: skip


def carrier(view: str) -> gr.HTML:
    """What carries the server's news of ``view`` to the board: "draw" or "reconstruct"."""
    script = f"""const news = () => Object.keys(props.value || {{}}).length && {LAB}.read("{view}", props.value);
watch("value", news);
news();"""  # the first may have come before this was there
    return gr.HTML({}, html_template="<i></i>", js_on_load=script, elem_id=f"patch-{view}-news", visible="hidden")


def begin(view: str) -> str:
    """Javascript that names a new run of ``view`` for the server."""
    return f"""() => {LAB}.begin("{view}")"""


def failed(view: str) -> str:
    """Javascript for a run that ended without news."""
    return f"""() => {LAB}.failed("{view}")"""


def address(picture: bytes) -> str:
    """A PNG as an address that the page can draw from."""
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")


def page_name(model: Any, text: Any) -> str:
    """The same for the same text drawn by the same model, so that the page knows what belongs together."""
    return hashlib.sha256(json.dumps([model, text]).encode()).hexdigest()[:24]


def drawn_value(rendered: Rendered, model: str, text: str, kind: str, by_hand: str) -> dict[str, Any]:
    """A strip and the patches that are hidden; ``by_hand`` is what the page asked with, so that it knows what is
    late."""
    return {
        "model": model, "page": page_name(model, text), "picture": address(rendered.picture),
        "patch": rendered.patch_size, "shown": rendered.shown, "text_patches": rendered.text_patches,
        "row": rendered.row, "separators": [*rendered.separators], "hideable": [*rendered.hideable],
        "characters": [*rendered.characters], "hidden": [*rendered.hidden], "summary": rendered.summary,
        "notes": [*rendered.notes], "kind": kind, "by_hand": by_hand,
    }  # fmt: skip


def read_values(reading: tuple[ReadPatch, ...]) -> list[list[Any]]:
    return [[one.patch, one.truth, one.read, one.right] for one in reading]


def result_value(found: Reconstructed, run: str, request: ReconstructRequest) -> dict[str, Any]:
    """What the model painted, and the JSON of the run."""
    return {
        "run": run, "running": False, "status": "", "page": page_name(request.model, request.text),
        "hidden": [*found.hidden],
        "pictures": {name: address(picture) for name, picture in found.pictures.items()}, "rules": dict(found.rules),
        "errors": [*found.errors], "standardised": found.standardised, "loss": found.loss, "seconds": found.seconds,
        "remembered": found.remembered, "reading": read_values(found.reading), "identity": asdict(found.identity),
        "notes": [*found.notes], "record": record_text(request, found),
    }  # fmt: skip


def record_text(request: ReconstructRequest, found: Reconstructed, **more: Any) -> str:
    """The JSON of a run; ``more`` is what :func:`playground.engine.patch_records.record_reconstruction` takes."""
    return json.dumps(record_reconstruction(request, found, **more), ensure_ascii=False, indent=1)


def running_value(run: str, status: str, running: bool = True) -> dict[str, Any]:
    """News of a run that has found nothing yet."""
    return {"run": run, "running": running, "status": status}
