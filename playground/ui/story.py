"""The text of the Generate tab: its tokens, what else could have come, the ways it was taken, and earlier runs.

The page itself keeps the tree of runs (assets/story): the server only streams what one run writes, as
:func:`run_value`. Each run has a name of its own, made up by the page; what arrives late from a run that was stopped
or cleared is not drawn any more, whatever the order in which the server's answers come.

Text is set as text nodes, never as markup. The template holds no ``${…}``: values reach the page through textContent
alone, so that no text can become code.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import gradio as gr

from playground.engine.requests import Step
from playground.ui.theme import SCALE, component_script

TEMPLATE = f"""
<div class="story">
  <div class="story-bar">
    <div class="story-tools" role="toolbar" aria-label="What to do with this text">
      <button type="button" data-do="undo" title="Back to what was shown before (Alt-Z)" disabled>↶ Undo</button>
      <button type="button" data-do="redo" title="Forward again (Alt-Shift-Z)" disabled>↷ Redo</button>
      <button type="button" data-do="carryOn" title="Write on from the end" disabled>Continue</button>
      <button type="button" data-do="again" title="Draw this part again with the next seed" disabled>Regenerate</button>
      <button type="button" data-do="save" title="This run as JSON, to keep or to replay" disabled>⬇ Download</button>
      <button type="button" data-do="share" title="A link with the prompt and the settings" disabled>Share</button>
      <button type="button" data-do="copy" title="Copy the text" disabled>Copy</button>
    </div>
    <div class="story-words"><span class="story-status" role="status" aria-live="polite"></span><span
      class="story-rate"></span></div>
  </div>
  <div class="story-text" aria-label="Prompt and generated text"><span class="story-prompt"></span><span
    class="story-new"></span><span class="story-caret" hidden></span></div>
  <div class="story-legend" hidden>
    <span class="story-prompt">your prompt</span>
    {SCALE}
    <label><input type="checkbox" class="show-prompt"> the prompt's tokens too</label>
    <span class="tip">Point at a token to see what else could have come; click one of those to go on from there.</span>
  </div>
  <div class="branches" hidden><div class="section">Branches</div><ul></ul></div>
  <details class="runs"><summary>Earlier runs in this browser</summary>
    <p class="hint">They stay in this browser. <button type="button" data-do="forget">Forget them all</button>
      <label class="replay">Replay a downloaded run <input type="file" accept=".json,application/json"></label></p>
    <ul></ul></details>
  <div class="tok-card" role="dialog" aria-label="What else could have come" hidden></div>
</div>
"""
SCRIPTS = ("tokens.js", "story/tree.js", "story/history.js", "story/strip.js", "story/lab.js")

# What the page does by itself, without asking the server; each returns what the server is then told.
AGAIN = "again:"  # on the ticket before the name of a run that is under way already
MOST_CHARACTERS = 64  # of a ticket
LAB = 'document.querySelector("#story .story").lab'
BEGIN = f"(prompt, model) => {LAB}.begin(prompt, model)"
STOP = f"() => {LAB}.stop()"
CLEAR = f"""() => {{ const name = {LAB}.stop(); {LAB}.clear(); return name; }}"""
FAILED = f"() => {LAB}.failed()"
PLACE = f"() => {LAB}.place()"
READ = f"""watch("value", () => {LAB}.read(props.value || {{}}));"""


def run_value(
    run: str,
    status: str = "",
    running: bool = False,
    tokens: Sequence[str] = (),
    head: str | None = None,
    parts: Sequence[dict[str, Any]] = (),
    end: str | None = None,
) -> dict[str, Any]:
    """News of one run.

    Args:
        tokens: of this run, as :func:`token_value` writes them.
        head: JSON of what a record tells of the model and the prompt's ids; None until the model has begun.
        parts: how the run is asked for: ``options``, and how many tokens are ``given`` and in all (``count``, None for
            all that come).
        end: why it ended, None where it goes on or was stopped.
    """
    return {
        "run": run, "status": status, "running": running, "tokens": [*tokens], "head": head, "parts": [*parts],
        "end": end,
    }  # fmt: skip


def token_value(step: Step) -> str:
    """A token as JSON, ``[text, logprob, probability, [[id, text, logprob, probability], …], id, unfinished, cut]``.

    Text, because with every news of a stream all of the old and the new value are compared, item by item.
    """
    others = [[a.token_id, a.text, round(a.logprob, 4), round(a.probability, 4)] for a in step.alternatives]
    known = [step.text, round(step.logprob, 4), round(step.probability, 4), others, step.token_id]
    return json.dumps([*known, step.unfinished, step.cut] if step.unfinished or step.cut else known)


def story(invitation: str) -> gr.HTML:
    """The component; while nothing was written it shows the ``invitation``."""
    return gr.HTML(
        {"invitation": invitation}, html_template=TEMPLATE, js_on_load=component_script(*SCRIPTS), elem_id="story",
        padding=False, apply_default_css=False,
    )  # fmt: skip


def reader() -> gr.HTML:
    """What carries the tokens of texts that were read, rather than drawn, to the story."""
    return gr.HTML({}, html_template="<i></i>", js_on_load=READ, elem_id="story-reader", visible="hidden")


class Stops:
    """The runs that somebody asked to stop, by name; only the last ``most`` are kept."""

    def __init__(self, most: int = 1000):
        self.most = most
        self._names: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, ticket: Any) -> None:
        """Stop the run that a ``ticket`` names; it comes from a browser and may be anything."""
        name = str(ticket).removeprefix(AGAIN)[:MOST_CHARACTERS]
        if not name:
            return
        with self._lock:
            self._names[name] = None
            while len(self._names) > self.most:
                self._names.popitem(last=False)

    def __contains__(self, name: object) -> bool:
        with self._lock:
            return name in self._names
