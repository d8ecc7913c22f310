"""The next-token distribution at a chosen place: a chart that follows the sliders without running the model again."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from playground import limits
from playground.engine.requests import Loading, NextTokenRequest, Prefill
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.ui.charts.next_token import SHOWN, next_token_figure, next_token_words
from playground.ui.runs import listed_ids

WORDS_TEMPLATE = '<div class="next-words"><div class="section"></div><p></p></div>'
WORDS_SCRIPT = """
const draw = () => {
  const value = props.value || {};
  element.querySelector(".section").textContent = value.title || "";
  element.querySelector("p").textContent = value.words || "";
};
watch("value", draw);
draw();
"""
UNASKED = {
    "title": "What could come next",
    "words": "Generate a text, then click any token in it to see the odds there.",
}
TITLE_CHARACTERS = 60
PLACE_CHARACTERS = 20 * limits.PROMPT_TOKENS


def words(value: dict[str, str] = UNASKED) -> gr.HTML:
    """The title and the sentence over the chart."""
    return gr.HTML(
        value, html_template=WORDS_TEMPLATE, js_on_load=WORDS_SCRIPT, elem_id="next-words", padding=False,
        apply_default_css=False,
    )  # fmt: skip


def look(engine: Any, place: Any, options: SamplingOptions) -> Iterator[tuple[Any, Any]]:
    """The chart and its words at ``place``, JSON of ``model``, ``ids`` and ``title`` as the page sent it."""
    if not place:
        yield gr.skip(), gr.skip()
        return
    asked = _place(place)
    title = f"What could come after {str(asked.get('title'))[-TITLE_CHARACTERS:]}"
    request = NextTokenRequest(asked.get("model"), listed_ids(asked.get("ids")), options, top=SHOWN)
    with closing(engine.run(request)) as events:
        for event in events:
            if isinstance(event, Loading | Prefill):
                yield gr.skip(), gr.skip()  # a place to stop
            else:
                shown = {"title": title, "words": next_token_words(event)}
                yield gr.update(value=next_token_figure(event), visible=True), shown


def _place(text: Any) -> dict[str, Any]:
    try:
        place = json.loads(text) if isinstance(text, str) and len(text) <= PLACE_CHARACTERS else None
    except (ValueError, RecursionError):
        place = None
    if not isinstance(place, dict):
        raise InvalidRequest("The place to look at is no JSON of a model and ids. Click a token.")
    return place
