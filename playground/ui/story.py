"""The running text: prompt, continuation and a line on how it goes. Text is set as text nodes, never as markup."""

from typing import Any

import gradio as gr

TEMPLATE = """
<div class="story">
  <div class="story-bar"><span class="story-status" role="status" aria-live="polite"></span>
    <button class="story-copy" type="button" hidden>Copy</button></div>
  <div class="story-text" tabindex="0" aria-label="Prompt and generated text"><span class="story-prompt"></span><span
    class="story-new"></span><span class="story-caret" hidden></span></div>
  <div class="story-legend" hidden><span class="story-prompt">your prompt</span> <span class="story-new">the model</span></div>
</div>
"""
# The template holds no ${…}: values reach the page through textContent alone, so no text can become code.
SCRIPT = """
const find = (name) => element.querySelector(name);
const draw = () => {
  const value = props.value || {};
  find(".story-prompt").textContent = value.prompt || "";
  find(".story-text .story-new").textContent = value.text || "";
  find(".story-status").textContent = value.status || "";
  const starts = value.running && find(".story-caret").hidden;
  find(".story-caret").hidden = !value.running;
  // On a narrow screen the text lies below the settings: bring it into view once, when it begins.
  if (starts && element.getBoundingClientRect().top > window.innerHeight - 120) element.scrollIntoView({ behavior: "smooth" });
  find(".story-copy").hidden = !value.text;
  find(".story-legend").hidden = !value.text;
  find(".story").classList.toggle("story-empty", !value.prompt && !value.text);
};
watch("value", draw);
draw();
element.addEventListener("click", async (event) => {
  if (!event.target.matches(".story-copy")) return;
  const value = props.value || {};
  try {
    await navigator.clipboard.writeText((value.prompt || "") + (value.text || ""));
    event.target.textContent = "Copied";
  } catch {
    event.target.textContent = "Select the text and copy it";
  }
  setTimeout(() => { event.target.textContent = "Copy"; }, 1500);
});
"""


def story_value(prompt: str = "", text: str = "", status: str = "", running: bool = False) -> dict[str, Any]:
    """What the story shows: plain data."""
    return {"prompt": prompt, "text": text, "status": status, "running": running}


def story(status: str) -> gr.HTML:
    """The component, at first with only a ``status``."""
    return gr.HTML(
        story_value(status=status), html_template=TEMPLATE, js_on_load=SCRIPT, elem_id="story", padding=False,
        apply_default_css=False,
    )  # fmt: skip
