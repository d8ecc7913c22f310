"""The list of models and the card of one: components of our own, text set as text nodes only."""

from typing import Any

import gradio as gr

from playground.engine.requests import Models, ModelState
from playground.ui.wording import size_words

GROUPS = {"demo": "Come with the playground", "folder": "Your checkpoints", "hub": "Published on the Hub"}
STATES = {"not loaded": "not loaded", "loading": "loading", "loaded": "loaded", "failed": "failed"}

LIST_SCRIPT = """
const make = (tag, name, text) => {
  const node = document.createElement(tag);
  node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};
let chosen = null;
const draw = () => {
  const value = props.value || { models: [] };
  if (value.chosen !== undefined) chosen = value.chosen;  // news of a load leave the choice alone
  const focused = document.activeElement?.dataset?.model;
  const list = element.querySelector(".model-list");
  list.replaceChildren();
  let group = null;
  for (const model of value.models) {
    if (model.group !== group) {
      group = model.group;
      list.append(make("div", "section model-group", group));
    }
    const row = make("button", "model-row");
    row.type = "button";
    row.dataset.model = model.name;
    row.dataset.state = model.state;
    row.setAttribute("aria-pressed", String(model.name === chosen));
    row.append(make("span", "model-name", model.name), make("span", "model-state", model.words),
               make("span", "model-what", model.description));
    list.append(row);
    if (model.name === focused) row.focus();
  }
  element.querySelector(".memory-words").textContent = value.memory || "";
  element.querySelector(".memory-bar i").style.width = `${Math.round(100 * (value.share || 0))}%`;
};
watch("value", draw);
draw();
element.addEventListener("click", (event) => {
  const row = event.target.closest(".model-row");
  if (!row) return;
  trigger("click", { model: row.dataset.model });
  // On a narrow screen the card lies below the list.
  const card = document.querySelector("#model-card");
  if (card && card.getBoundingClientRect().top > window.innerHeight - 120) card.scrollIntoView({ behavior: "smooth" });
});
"""
LIST_TEMPLATE = """
<div class="memory"><span class="memory-words" role="status"></span><div class="memory-bar"><i></i></div></div>
<div class="model-list"></div>
"""
CARD_SCRIPT = """
let shown = {};
const draw = () => {
  const news = props.value || {};
  if (news.loading === undefined) shown = news;
  else if (news.loading === shown.title) shown = { ...shown, stage: news.stage, fraction: news.fraction };
  else return;  // of another model than the one on show
  const value = shown;
  const card = element.querySelector(".card");
  card.replaceChildren();
  const add = (parent, tag, text, name) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (name) node.className = name;
    parent.append(node);
    return node;
  };
  add(card, "h3", value.title || "");
  add(card, "p", value.subtitle || "");
  if (value.stage) {
    add(card, "p", value.stage, "stage");
    const bar = add(card, "progress");
    bar.max = 1;
    if (value.fraction !== null && value.fraction !== undefined) bar.value = value.fraction;
  }
  if (value.facts && value.facts.length) {
    const list = add(card, "dl");
    for (const [label, text] of value.facts) {
      add(list, "dt", label);
      add(list, "dd", text);
    }
  }
  if (value.notes && value.notes.length) {
    const list = add(card, "ul");
    for (const note of value.notes) add(list, "li", note);
  }
};
watch("value", draw);
draw();
"""


def list_value(models: Models, **chosen: str | None) -> dict[str, Any]:
    """Plain data for the list: models in groups, and memory in words. Without ``chosen`` the choice stays."""
    rows = [
        {
            "name": state.name,
            "group": GROUPS.get(state.kind, state.kind),
            "description": state.description,
            "state": state.state,
            "words": _state_words(state),
        }
        for kind in GROUPS
        for state in models.models
        if state.kind == kind
    ]
    taken = models.used + models.reserved
    words = f"{size_words(taken)} of {size_words(models.budget)} of model memory in use"
    return {"models": rows, "memory": words, "share": min(1.0, taken / max(1, models.budget)), **chosen}


def _state_words(state: ModelState) -> str:
    if state.state == "loading" and state.fraction is not None:
        return f"loading {state.fraction:.0%}"
    if state.state == "loaded":
        use = ", in use" if state.in_use else ""
        return f"{size_words(state.memory_bytes)}{use}"
    return STATES[state.state]


def card_value(state: ModelState | None) -> dict[str, Any]:
    """Plain data for the card of one model, loaded or not."""
    if state is None:
        return {"title": "Choose a model", "subtitle": "Its card appears here."}
    value: dict[str, Any] = {"title": state.name, "subtitle": state.description}
    if state.state == "loading":
        value |= progress_value(state.name, state.stage or "loading", state.fraction)
        del value["loading"]
    if state.card is not None:
        value |= {"facts": [list(line) for line in state.card.lines()], "notes": list(state.card.notes)}
        value["facts"].insert(1, ["Can", ", ".join(state.card.abilities)])
    elif state.state == "failed" and state.error:
        value["notes"] = [state.error]
    elif state.state == "not loaded":
        family = f"A {state.family} checkpoint. " if state.family else ""
        download = "Loading downloads it from the Hub first. " if state.kind == "hub" else ""
        value["notes"] = [f"{family}{download}Load it to see its card: what is counted, not what is claimed."]
    return value


def progress_value(name: str, stage: str, fraction: float | None) -> dict[str, Any]:
    """News of a load for the card, which shows them only while it is the card of that model."""
    percent = "" if fraction is None else f" {fraction:.0%}"
    return {"loading": name, "stage": f"{stage}{percent} …", "fraction": fraction}


def model_list(value: dict[str, Any]) -> gr.HTML:
    return gr.HTML(
        value, html_template=LIST_TEMPLATE, js_on_load=LIST_SCRIPT, elem_id="model-list", apply_default_css=False
    )


def model_card(value: dict[str, Any]) -> gr.HTML:
    return gr.HTML(
        value, html_template='<div class="card"></div>', js_on_load=CARD_SCRIPT, elem_id="model-card",
        apply_default_css=False,
    )  # fmt: skip
