"""The sense explorer: what each sense of a word promotes and demotes, two words side by side, and the way back from a
word to the senses that promote it.

Templates are static: words reach the page through textContent alone (assets/senses/explorer*.js). Names and pins that a
person gives to senses stay in the browser.
"""

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr

from playground.engine.sense_requests import (
    LookedUp,
    NearestRequest,
    PromotersRequest,
    Scored,
    SensesRequest,
    WordPairRequest,
    WordSenses,
)
from playground.errors import InvalidRequest
from playground.ui.boundary import handler
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
from playground.ui.story import Stops

WORDS = ["mother", "river", "bread", "afraid", "king", "said"]
TEXT = (
    "The mother looked for her little boy. He was sad because he lost his red ball. The mother found the ball "
    "under the bed and gave it to him. The boy was happy. He hugged his mother and said thank you."
)
LISTED, NEAREST, FOUND = 10, 24, 24  # words of a sense, nearest words, (token, sense) pairs

TEMPLATE = """
<div class="sx">
  <p class="sx-status" role="status" aria-live="polite"></p>
  <div class="sx-pieces" hidden></div>
  <div class="sx-bar-row" hidden>
    <span class="sx-orders" role="group" aria-label="Order of the senses"><span class="sx-label">Order</span>
      <button type="button" data-order="number" aria-pressed="true">number</button>
      <button type="button" data-order="use" aria-pressed="false">use in your text</button>
      <button type="button" data-order="norm" aria-pressed="false">norm</button>
      <button type="button" data-order="cosine" aria-pressed="false">cosine</button></span>
    <span class="sx-count"></span></div>
  <div class="sx-cards"></div>
  <button type="button" class="sx-more" hidden></button>
  <div class="tok-card sx-tip" role="tooltip" hidden></div>
  <div class="tok-card sx-box" role="dialog" aria-label="About this sense" hidden></div>
</div>
"""
SEARCH_TEMPLATE = """
<div class="sx-search">
  <p class="sx-status" role="status" aria-live="polite"></p>
  <progress max="1" value="0" hidden></progress>
  <ol class="sx-found"></ol>
  <div class="tok-card sx-box" role="dialog" aria-label="To the mixer" hidden></div>
</div>
"""
VIEW = 'document.querySelector("#senses-explorer .sx")?.view'
FIND = 'document.querySelector("#senses-search .sx-search")?.view'
LOOK = f"(word, other, exact) => {VIEW}?.look({{ word, other, exact }})"
FIRST = f"(word, other, exact) => {VIEW}?.look({{ word, other, exact, first: true }})"
HEAR = f"""watch("value", () => {VIEW}?.hear("nearest", props.value || {{}}));"""
STOP = f"() => {{ {VIEW}?.stop(); {FIND}?.stop(); }}"


def build(engine: Any, model: gr.Dropdown) -> None:
    """Lay out the view inside the current ``gr.Tab``."""
    with gr.Row(equal_height=False, elem_id="senses-explorer-row"):
        with gr.Column(scale=2, min_width=280, elem_id="senses-explorer-ask"):
            word = gr.Textbox(WORDS[0], label="Word", lines=1, elem_id="senses-word", placeholder="A word or a piece")
            examples = gr.Examples([[one] for one in WORDS], [word], label="Examples", elem_id="senses-words")
            other = gr.Textbox(
                label="Beside it", lines=1, elem_id="senses-other", placeholder="A second word",
                info="Optional: two words sense by sense.",
            )  # fmt: skip
            text = gr.Textbox(
                TEXT, label="A text", lines=3, max_lines=8, elem_id="senses-text",
                info="How much is each sense used in it? May be empty.",
            )  # fmt: skip
            exact = gr.Checkbox(
                False, label="Exactly as typed", elem_id="senses-exact",
                info="Else a word is read with a blank in front, as inside a text.",
            )  # fmt: skip
            with gr.Row():
                run = gr.Button("Look up", variant="primary", min_width=110, elem_id="senses-look",
                                elem_classes="key-run")  # fmt: skip
                stop = gr.Button("Stop", min_width=70, elem_id="senses-stop", elem_classes="key-stop")
            with gr.Column(elem_classes="sx-after"):
                gr.HTML('<h2 class="section">The other way round</h2>', padding=False)
                wanted = gr.Textbox(
                    "happy", label="Which senses promote this word?", lines=1, elem_id="senses-wanted",
                    info="Searches all senses of all words.",
                )  # fmt: skip
                seek = gr.Button("Search", min_width=110, elem_id="senses-seek")
                found = component(SEARCH_TEMPLATE, "senses-search", "explorer_search.js")
        with gr.Column(scale=5, min_width=300, elem_id="senses-explorer-side"):
            view = component(
                TEMPLATE, "senses-explorer", "explorer_kept.js", "explorer_cards.js", "explorer.js",
            )  # fmt: skip
            nearest = gr.HTML({}, html_template="<i></i>", js_on_load=HEAR, elem_id="senses-nearest", visible="hidden")
    stops = Stops()

    @handler
    def look(event: gr.EventData, model: str, text: str) -> Iterator[Any]:
        of = asked(event)
        name, first = run_name(of), of.get("first") is True
        if first and not automatic(engine, model):
            yield {"run": name, "status": "Press Look up.", "running": False}
            return
        yield from tell(name, lambda: look_up(engine, model, text, of, name, stops), quiet=first)

    @handler
    def near(event: gr.EventData, model: str) -> Iterator[Any]:
        of = asked(event)
        name = run_name(of)
        yield from tell(name, lambda: nearest_words(engine, model, of, name, stops))

    @handler
    def search(event: gr.EventData, model: str) -> Iterator[Any]:
        of = asked(event)
        name = run_name(of)
        yield from tell(name, lambda: promoters(engine, model, of, name, stops))

    def leave(event: gr.EventData) -> None:
        """The page does not wait any more for what it asked."""
        stops.add(asked(event).get("run"))

    fields = [word, other, exact]
    gr.on([run.click, word.submit, other.submit], None, fields, None, js=LOOK, **QUIET)
    examples.load_input_event.then(None, fields, None, js=LOOK, **QUIET)
    view.load(None, fields, None, js=FIRST, **QUIET)
    word.change(None, word, None, js=f"(word) => {VIEW}?.typed(word)", **QUIET)
    view.apply(None, None, exact, js="() => false", **QUIET)
    model.change(None, None, None, js=f"() => {VIEW}?.changed()", **QUIET)
    view.select(None, None, fields, js=f"() => {VIEW}.fields()", **QUIET)
    gr.on([seek.click, wanted.submit], None, wanted, None, js=f"(word) => {FIND}?.search(word)", **QUIET)
    stop.click(None, None, None, js=STOP, **QUIET)
    for asking, answering, inputs, output, part in (
        (view.submit, look, {"model": model, "text": text}, view, VIEW),
        (view.expand, near, {"model": model}, nearest, VIEW),
        (found.submit, search, {"model": model}, found, FIND),
    ):
        asking(answering, inputs_kwargs=inputs, outputs=output, **READING).failure(
            None, None, None, js=f"() => {part}?.failed()", **QUIET
        )
    for each in (view, found):
        each.stop(leave, None, None, **QUIET)


def look_up(engine: Any, model: str, text: Any, of: dict[str, Any], name: str, stops: Stops) -> Work:
    """JSON of all senses of the word in ``of``, and of a second one where there is one, with the cosines."""
    stopped, exact = stopping(name, stops), of.get("exact") is True
    used, note = text if isinstance(text, str) and text.strip() else None, None
    try:
        request = SensesRequest(model, word_or_id(of), LISTED, used, exact, of.get("piece", 0))
        word = yield from follow(engine, request, stopped)
    except InvalidRequest as error:
        if used is None:
            raise
        # The text may be at fault, for one by its length: then the senses are shown without their use in it.
        request, note = SensesRequest(model, word_or_id(of), LISTED, None, exact, of.get("piece", 0)), str(error)
        word = yield from follow(engine, request, stopped)
    if word is None:
        return None
    answer = senses_value(word) | {"identity": identity(engine, model), "note": note}
    second = of.get("other")
    if isinstance(second, str) and second.strip():
        beside = yield from follow(engine, SensesRequest(model, second, LISTED, None, exact), stopped)
        pair = None if beside is None else (yield from follow(engine, pair_request(model, word, beside), stopped))
        if pair is None:
            return None
        answer |= {"other": senses_value(beside), "cosines": [round(cosine, 4) for cosine in pair.cosines]}
    return json.dumps(answer)


def pair_request(model: str, a: WordSenses, b: WordSenses) -> WordPairRequest:
    """The cosines of the two tokens that are looked at, which may be pieces of longer words."""
    return WordPairRequest(model, a.word.token_id, b.word.token_id)


def nearest_words(engine: Any, model: str, of: dict[str, Any], name: str, stops: Stops) -> Work:
    """JSON of the tokens nearest to a token by one sense: ``[[text, cosine, id], …]``."""
    request = NearestRequest(model, word_or_id(of), of.get("sense"), NEAREST, as_typed=True)
    known = yield from follow(engine, request, stopping(name, stops))
    return None if known is None else json.dumps(_scored(known.words, 4))


def promoters(engine: Any, model: str, of: dict[str, Any], name: str, stops: Stops) -> Work:
    """JSON of the ``pairs`` that promote a word most, ``[text, sense, score, id]``, and the ``word`` as
    it was read, the first of so many ``pieces``."""
    known = yield from follow(engine, PromotersRequest(model, of.get("word"), FOUND), stopping(name, stops))
    if known is None:
        return None
    pairs = [[pair.text, pair.sense, round(pair.score, 3), pair.token_id] for pair in known.pairs]
    return json.dumps({"word": known.word.text, "pieces": len(known.word.pieces), "pairs": pairs})


def senses_value(known: WordSenses) -> dict[str, Any]:
    """A word's senses as the page draws them: words are ``[text, score, id]``, use is ``[weight, among the top]``."""
    senses = [
        {
            "sense": one.sense,
            "norm": round(one.norm, 3),
            "promotes": _scored(one.promotes),
            "demotes": _scored(one.demotes),
            "use": None if one.use is None else [one.use.weight, one.use.among_top],
        }
        for one in known.senses
    ]
    return {"word": _word(known.word), "senses": senses, "occurrences": known.occurrences}


def _word(word: LookedUp) -> dict[str, Any]:
    at = next((i for i, piece in enumerate(word.pieces) if piece.token_id == word.token_id), 0)
    pieces = [piece.text for piece in word.pieces]
    return {"id": word.token_id, "text": word.text, "pieces": pieces, "piece": at, "blank_added": word.blank_added}


def _scored(words: tuple[Scored, ...], digits: int = 3) -> list[list[Any]]:
    return [[word.text, round(word.score, digits), word.token_id] for word in words]
