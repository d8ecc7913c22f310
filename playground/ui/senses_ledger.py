"""The ledger: what every word of a text, by each of its senses, adds to the logit of a next token, exactly.

Templates are static: text reaches the page through textContent alone (assets/senses/ledger*.js, alpha.js).
"""

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from playground import limits
from playground.engine.sense_requests import AlphaRequest, LedgerRequest, SensesRequest
from playground.ui.boundary import handler
from playground.ui.charts.ledger_waterfall import waterfall_figure
from playground.ui.senses_asking import (
    QUIET,
    READING,
    Work,
    asked,
    automatic,
    component,
    follow,
    identity,
    run_name,
    stopping,
    tell,
    word_or_id,
)
from playground.ui.senses_ledger_view import alpha_json, bars, ledger_json, shares_of
from playground.ui.story import Stops

EXAMPLES = [
    "Lily had a dog. One day, the dog ran away. Lily was very",
    "The mother was sad because",
    "Lily and her brother went to the beach. They played in the",
    "The boy saw a big dog and he was",
]
LISTED, PROMOTED = 12, 10  # next tokens to choose from, words that a sense promotes

TEMPLATE = """
<div class="led">
  <p class="led-status sx-status" role="status" aria-live="polite"></p>
  <div class="led-read" hidden>
    <div class="led-strip" role="group" aria-label="The text as the model reads it"></div>
    <p class="led-place"></p>
    <div class="led-choice led-a" role="group" aria-label="The next token to explain"></div>
    <div class="led-choice led-b" role="group" aria-label="The next token to compare it with"></div>
    <p class="led-sums"></p>
    <div class="led-heat">
      <div class="led-scroll"></div>
      <p class="led-told" role="status" aria-live="polite"></p>
      <p class="led-bound hint"></p>
      <div class="led-legend"><span class="led-low"></span><i class="led-ramp" aria-hidden="true"></i><span
        class="led-high"></span><span class="tip">orange − lowers it, blue + raises it; colour grows with the square
        root</span></div>
    </div>
  </div>
  <div class="tok-card sx-box" role="dialog" aria-label="About this square" hidden></div>
</div>
"""
ALPHA_TEMPLATE = f"""
<div class="al" data-cells="{limits.ALPHA_CELLS}">
  <h2 class="section">Where each sense looks</h2>
  <p class="hint">The weights alpha: from each place (a row) the weight that a sense of each word before it (a column)
    gets. Each row of a map sums to 1. They depend on the text alone, not on the next token.</p>
  <p class="al-status sx-status" role="status" aria-live="polite"></p>
  <p class="al-pages hint" hidden></p>
  <div class="al-body" hidden>
    <div class="al-smalls"></div>
    <figure class="al-figure"><figcaption class="al-title"></figcaption>
      <div class="al-plot"><div class="al-rows" aria-hidden="true"></div>
        <div class="al-large"><canvas tabindex="0" role="img"></canvas><i class="al-mark"></i></div></div>
      <p class="al-told" role="status" aria-live="polite"></p></figure>
  </div>
</div>
"""
VIEW = 'document.querySelector("#ledger .led")?.view'
MAPS = 'document.querySelector("#ledger-alpha .al")?.view'
HEAR = f"""watch("value", () => {VIEW}?.hear("words", props.value || {{}}));"""
STOP = f"() => {{ {VIEW}?.stop(); {MAPS}?.stop(); }}"


def build(engine: Any, model: gr.Dropdown) -> None:
    """Lay out the view inside the current ``gr.Tab``."""
    with gr.Row(equal_height=False, elem_id="ledger-row"):
        with gr.Column(scale=5, min_width=280):
            text = gr.Textbox(EXAMPLES[0], label="Text", lines=2, max_lines=8, elem_id="ledger-text",
                              placeholder="Type a text")  # fmt: skip
        with gr.Column(scale=1, min_width=170):
            run = gr.Button("Take apart", variant="primary", elem_id="ledger-run", elem_classes="key-run")
            stop = gr.Button("Stop", elem_id="ledger-stop", elem_classes="key-stop")
    examples = gr.Examples([[one] for one in EXAMPLES], [text], label="Examples", elem_id="ledger-examples")
    with gr.Row(equal_height=False, elem_id="ledger-views"):
        with gr.Column(scale=3, min_width=300):
            view = component(TEMPLATE, "ledger", "ledger.js", "ledger_heat.js")
        with gr.Column(scale=2, min_width=300, elem_id="ledger-side"):
            gr.HTML('<h2 class="section">The largest shares</h2>', padding=False)
            chart = gr.Plot(waterfall_figure((), 0.0, ""), show_label=False, elem_id="ledger-waterfall")
    maps = component(ALPHA_TEMPLATE, "ledger-alpha", "alpha.js")
    words = gr.HTML({}, html_template="<i></i>", js_on_load=HEAR, elem_id="ledger-words", visible="hidden")
    stops = Stops()

    @handler
    def read(event: gr.EventData, model: str) -> Iterator[tuple[Any, Any]]:
        of = asked(event)
        name, first = run_name(of), of.get("first") is True
        if first and not automatic(engine, model):
            yield {"run": name, "status": "Press Take apart.", "running": False}, waterfall_figure((), 0.0, "")
            return
        for news in tell(name, lambda: ledger(engine, model, of, name, stops), quiet=first):
            drawn, figure = news.pop("answer", (None, gr.skip()))
            yield (news if drawn is None else news | {"answer": drawn}), figure

    @handler
    def promoted(event: gr.EventData, model: str) -> Iterator[Any]:
        of = asked(event)
        name = run_name(of)
        yield from tell(name, lambda: sense_words(engine, model, of, name, stops), quiet=True)

    @handler
    def alpha(event: gr.EventData, model: str) -> Iterator[Any]:
        of = asked(event)
        name = run_name(of)
        yield from tell(name, lambda: weights(engine, model, of, name, stops), quiet=True)

    def leave(event: gr.EventData) -> None:
        """The page does not wait any more for what it asked."""
        stops.add(asked(event).get("run"))

    begin = f"(text) => {VIEW}?.read(text)"
    for begins in (run.click, examples.load_input_event.then):
        begins(None, text, None, js=begin, **QUIET)
    view.load(None, text, None, js=f"(text) => {VIEW}?.read(text, true)", **QUIET)
    model.change(None, None, None, js=f"() => {VIEW}?.changed()", **QUIET)
    stop.click(None, None, None, js=STOP, **QUIET)
    for asking, answering, output, part in (
        (view.submit, read, [view, chart], VIEW),
        (view.expand, promoted, words, VIEW),
        (maps.submit, alpha, maps, MAPS),
    ):
        asking(answering, inputs_kwargs={"model": model}, outputs=output, **READING).failure(
            None, None, None, js=f"() => {part}?.failed()", **QUIET
        )
    for each in (view, maps):
        each.stop(leave, None, None, **QUIET)


def ledger(engine: Any, model: str, of: dict[str, Any], name: str, stops: Stops) -> Work:
    """What the page and the chart show of the tokens ``a`` and, if there is one, ``b`` in ``of``."""
    a, b = of.get("a"), of.get("b")
    candidates = () if a is None else (a,) if b is None else (a, b)
    request = LedgerRequest(model, of.get("text"), of.get("position", -1), candidates, top=LISTED)
    known = yield from follow(engine, request, stopping(name, stops))
    if known is None:
        return None
    first, second = known.candidates[0], known.candidates[1] if len(candidates) == 2 else None
    shares = shares_of(first, second)
    what = first.text if second is None else f"{first.text} rather than {second.text}"
    return ledger_json(known, shares, identity(engine, model)), waterfall_figure(
        bars(known, shares), shares.total, what
    )


def sense_words(engine: Any, model: str, of: dict[str, Any], name: str, stops: Stops) -> Work:
    """JSON of what one sense of a token promotes, ``[[text, score, id], …]``."""
    request = SensesRequest(model, word_or_id(of), PROMOTED, as_typed=True)
    known = yield from follow(engine, request, stopping(name, stops))
    sense = of.get("sense")
    if known is None or not isinstance(sense, int) or not 0 <= sense < len(known.senses):
        return None
    return json.dumps([[word.text, round(word.score, 3), word.token_id] for word in known.senses[sense].promotes])


def weights(engine: Any, model: str, of: dict[str, Any], name: str, stops: Stops) -> Work:
    """JSON of the maps of the senses in ``of``."""
    known = yield from follow(engine, AlphaRequest(model, of.get("text"), of.get("senses", ())), stopping(name, stops))
    return None if known is None else alpha_json(known)
