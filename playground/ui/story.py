"""The running text: prompt, continuation and a line on how it goes. Text is set as text nodes, never as markup.

Each run has a name of its own, made up by the page. What arrives late from a run that was stopped or cleared is not
drawn any more, whatever the order in which the server's answers come.
"""

import threading
from collections import OrderedDict
from typing import Any

import gradio as gr

TEMPLATE = """
<div class="story">
  <div class="story-bar"><span class="story-status" role="status" aria-live="polite"></span>
    <button class="story-copy" type="button" hidden>Copy</button></div>
  <div class="story-text" tabindex="0" aria-label="Prompt and generated text"><span class="story-prompt"></span><span
    class="story-new"></span><span class="story-caret" hidden></span></div>
  <div class="story-legend" hidden>
    <span class="story-prompt">your prompt</span> <span class="story-new">the model</span></div>
</div>
"""
# The template holds no ${…}: values reach the page through textContent alone, so no text can become code.
SCRIPT = """
const find = (name) => element.querySelector(name);
let current;  // the run that is being shown
const draw = () => {
  const value = props.value || {};
  if (value.begins || value.stopped || !value.run || current === undefined) current = value.run || null;
  else if (value.run !== current) return;
  if (value.stopped) current = null;
  const story = find(".story");
  const begins = value.running && !story.dataset.run;
  if (value.running) story.dataset.run = value.run || "unnamed";
  else delete story.dataset.run;
  find(".story-prompt").textContent = value.prompt || "";
  find(".story-text .story-new").textContent = value.text || "";
  find(".story-status").textContent = value.status || "";
  find(".story-caret").hidden = !value.running;
  find(".story-copy").hidden = !value.text;
  find(".story-legend").hidden = !value.text;
  // On a narrow screen the text lies below the prompt: bring it into view once, when it begins.
  if (begins && element.getBoundingClientRect().top > window.innerHeight - 160)
    element.scrollIntoView({ behavior: "smooth", block: "center" });
};
watch("value", draw);
draw();
element.addEventListener("click", async (event) => {
  if (!event.target.matches(".story-copy")) return;
  try {
    await navigator.clipboard.writeText(find(".story-text").textContent);
    event.target.textContent = "Copied";
  } catch {
    event.target.textContent = "Select the text and copy it";
  }
  setTimeout(() => { event.target.textContent = "Copy"; }, 1500);
});
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
    prompt: str = "", text: str = "", status: str = "", running: bool = False, run: str | None = None
) -> dict[str, Any]:
    """What the story shows: plain data."""
    return {"prompt": prompt, "text": text, "status": status, "running": running, "run": run}


def story(status: str) -> gr.HTML:
    """The component, at first with only a ``status``."""
    return gr.HTML(
        story_value(status=status), html_template=TEMPLATE, js_on_load=SCRIPT, elem_id="story", padding=False,
        apply_default_css=False,
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
