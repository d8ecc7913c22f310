"""The running text: prompt, coloured tokens and a line on how it goes. Text is set as text nodes, never as markup.

The template holds no ``${…}``: values reach the page through textContent alone (assets/story.js), so that no text can
become code.

Each run has a name of its own, made up by the page. What arrives late from a run that was stopped or cleared is not
drawn any more, whatever the order in which the server's answers come.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import gradio as gr

from playground.engine.requests import Step
from playground.ui.theme import component_script

TEMPLATE = """
<div class="story">
  <div class="story-bar"><span class="story-status" role="status" aria-live="polite"></span>
    <button class="story-copy" type="button" hidden>Copy</button></div>
  <div class="story-text" aria-label="Prompt and generated text"><span class="story-prompt"></span><span
    class="story-new"></span><span class="story-caret" hidden></span></div>
  <div class="story-legend" hidden>
    <span class="story-prompt">your prompt</span>
    <span class="scale">expected <i class="s0"></i><i class="s1"></i><i class="s2"></i><i class="s3"></i><i
      class="s4"></i><i class="s5"></i><i class="s6"></i><i class="s7"></i> surprising</span>
    <span class="tip">point at a token, or use the arrow keys, to see what else could have come</span></div>
  <div class="tok-card" role="dialog" aria-label="What else could have come" hidden></div>
</div>
"""
# What the page does to the story by itself, without asking the server. A run's name lives in a hidden field, the
# ticket: the story's own value may at any moment be overwritten by the last words of a run that is over.
AGAIN = "again:"  # on the ticket before the name of a run that is under way already
MOST_CHARACTERS = 64  # of a ticket
SHOWN = """
  const story = document.querySelector("#story .story"), run = story.dataset.run;
  const text = (name) => story.querySelector(name).textContent;
  const shown = { prompt: text(".story-text .story-prompt"), text: text(".story-text .story-new"), run, stopped: true };
"""
BEGIN = f"""(prompt, value) => {{ {SHOWN}
  if (run) return [value, "{AGAIN}" + run];
  const name = Math.random().toString(36).slice(2);
  return [{{ prompt, text: "", status: "Waiting …", running: true, begins: true, run: name }}, name];
}}"""
STOP = f"""(value) => {{ {SHOWN}
  return run ? {{ ...shown, status: text(".story-status") + " · stopped by you" }} : value;
}}"""
FAIL = f"""(value, ticket) => {{ {SHOWN}
  if (run !== ticket || (value.run === ticket && !value.running)) return value;  // the server has said it itself
  return {{ ...shown, status: "Nothing came back; the message says why." }};
}}"""
CLEAR = """() => [{ status: "%s" }, ""]"""


def story_value(
    prompt: str = "",
    text: str = "",
    status: str = "",
    running: bool = False,
    run: str | None = None,
    tokens: Sequence[str] = (),
) -> dict[str, Any]:
    """What the story shows: plain data. ``tokens`` are those of :func:`token_value`, joining to ``text``."""
    return {"prompt": prompt, "text": text, "status": status, "running": running, "run": run, "tokens": [*tokens]}


def token_value(step: Step) -> str:
    """A token as JSON, ``[text, logprob, probability, [[id, text, logprob, probability], …]]``.

    Text, because with every news of a stream all of the old and the new value are compared, item by item.
    """
    others = [[a.token_id, a.text, round(a.logprob, 4), round(a.probability, 4)] for a in step.alternatives]
    return json.dumps([step.text, round(step.logprob, 4), round(step.probability, 4), others])


def story(status: str) -> gr.HTML:
    """The component, at first with only a ``status``."""
    return gr.HTML(
        story_value(status=status), html_template=TEMPLATE, js_on_load=component_script("tokens.js", "story.js"),
        elem_id="story", padding=False, apply_default_css=False,
    )  # fmt: skip


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
