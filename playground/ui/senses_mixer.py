"""The mixer of the Backpack tab: edits of senses as sliders, the next token before and after, and both texts.

The page keeps the edits (assets/senses); the server checks whatever it is sent, answers what the next token makes of
them, and draws the two texts. A redraw needs no forward pass and skips the queue; what may load a model, or read a
prompt, waits in it. Questions have names that the page makes up: it shows the answer to its newest one alone, and tells
the server which others to leave.

All text is set as text nodes (assets/senses); the template holds no values.
"""

from collections.abc import Container, Iterator
from contextlib import closing
from dataclasses import asdict
from typing import Any

import gradio as gr

from playground.engine.requests import (
    GenerateRequest,
    ModelsRequest,
    NextToken,
    NextTokenRequest,
    Prefill,
    ScoreRequest,
)
from playground.engine.sense_requests import SenseFacts, SenseFactsRequest
from playground.errors import PlaygroundError
from playground.generation.options import SamplingOptions, options_from
from playground.ui.boundary import GENERATIONS, READERS, handler
from playground.ui.columns_view import board_scripts, columns_value, columns_view
from playground.ui.compare_setups import SETTINGS, settings_words
from playground.ui.mixer_documents import checked, link_words, read_document, read_edits_link
from playground.ui.mixer_news import SHOWN, facts_value, moved_value, plain
from playground.ui.sampling_form import LABELS, OPTION, whole
from playground.ui.story import AGAIN, MOST_CHARACTERS, Stops
from playground.ui.tabs.compare import stream
from playground.ui.theme import ASSETS, component_script
from playground.ui.wording import loading_words

PROMPT = "Once upon a time, there was a little girl named Lily. One day, Lily and her mom went to the"
EXAMPLES = [PROMPT, "The nurse smiled because", "The king lived in a big", "Tom was hungry. He wanted to eat"]
START = {"temperature": 0.8, "top_p": 0.95, "min_p": 0.0, "max_new_tokens": 80, "seed": 1000}
INVITATION = "Press Generate both: the same dice, without and with the edits."
SCRIPTS = ("tokens.js", "senses/edits.js", "senses/bars.js", "senses/mixer_rows.js", "senses/mixer_share.js",
           "senses/mixer.js")  # fmt: skip
TEMPLATE = """
<div class="mix">
  <section class="mix-left">
    <div class="mix-ready" hidden><div class="section">Ready-made</div>
      <div class="mix-presets" role="group" aria-label="Ready-made edits"></div></div>
    <p class="mix-unready hint" hidden>This model brings no ready-made edits: they are measured on one model, and on
      another the same sense means something else.</p>
    <p class="mix-watch"></p>
    <div class="mix-head"><div class="section">Edits</div><button type="button"
      data-do="undo" title="The edits as they were before the last one came, went or was replaced"
      disabled>↶ Undo</button><button type="button" data-do="reset">Reset all</button></div>
    <ul class="mix-edits"></ul>
    <p class="mix-none hint">No edits yet: take a ready-made one, add one below, or press “to mixer” in the explorer or
      the ledger.</p>
    <p class="mix-said" role="status" aria-live="polite"></p>
    <details class="mix-add"><summary>Add an edit</summary>
      <form class="mix-form">
        <label class="mix-field"><span>What</span><select name="kind">
          <option value="scale_sense">Scale a sense of a word</option>
          <option value="add_sense">Let a sense speak everywhere</option>
          <option value="swap_direction">Swap one word’s direction for another’s</option>
          <option value="topic_boost">Topic: strengthen what promotes some words</option></select></label>
        <label class="mix-field" data-for="word"><span>Word</span><input name="word" type="text" maxlength="64"
          value="beach" autocomplete="off"></label>
        <label class="mix-field" data-for="sense"><span>Sense</span><input name="sense" type="number" min="0" step="1"
          value="13"></label>
        <label class="mix-field" data-for="out"><span>Out</span><input name="out" type="text" maxlength="64"
          autocomplete="off"></label>
        <label class="mix-field" data-for="in"><span>In</span><input name="in" type="text" maxlength="64"
          autocomplete="off"></label>
        <label class="mix-field mix-wide" data-for="words"><span>Words, with commas between</span><input name="words"
          type="text" value="sea, beach, ship" autocomplete="off"></label>
        <label class="mix-check"><input name="bare" type="checkbox"> no blank before the words (they begin a
          text)</label>
        <button type="submit">Add</button>
      </form></details>
    <details class="mix-document"><summary>As a document</summary>
      <p class="hint">The edits that are switched on, as the command line and the library take them.</p>
      <pre tabindex="0" aria-label="The edits as JSON">[]</pre>
      <div class="mix-tools"><button type="button" data-do="copy">Copy</button><button type="button"
        data-do="save">Download</button><button type="button" data-do="link">Copy a link</button></div>
      <label class="mix-field mix-wide"><span>Paste a document here</span><textarea class="mix-paste"
        rows="3" spellcheck="false"></textarea></label>
      <div class="mix-tools"><button type="button" data-do="load">Take it in</button><label class="mix-file">or choose a
        file <input type="file" accept=".json,application/json"></label></div>
    </details>
  </section>
  <section class="mix-right" aria-label="The next word, before and after">
    <div class="section">The next word, before and after</div>
    <p class="mix-words"></p>
    <button type="button" class="mix-held" hidden>Show what they change</button>
    <ol class="mix-list"></ol>
    <div class="mix-legend" hidden><span class="mix-before">as the model is</span><span class="mix-after">with the
      edits</span></div>
  </section>
</div>
"""
MIXER = 'document.querySelector("#mixer .mix")?.mixer'
BOARD = "mixer-columns"


def build(engine: Any, model: gr.Dropdown, generations: int) -> None:
    """Lay out the view inside the current ``gr.Tab``, for the model that the dropdown ``model`` names."""
    prompt = gr.Textbox(PROMPT, label="Prompt", lines=2, max_lines=6, elem_id="mixer-prompt",
                        placeholder="Type the beginning of a text")  # fmt: skip
    gr.Examples([[text] for text in EXAMPLES], [prompt], label="Examples", elem_id="mixer-examples")
    board = gr.HTML({}, html_template=TEMPLATE, js_on_load=component_script(*SCRIPTS), elem_id="mixer", padding=False,
                    apply_default_css=False)  # fmt: skip
    with gr.Row(elem_id="mixer-run-row"):
        numbers = {name: _number(name, value) for name, value in START.items()}
        dice = gr.Button("New seed", min_width=90, elem_id="mixer-dice")
        run = gr.Button("Generate both", variant="primary", min_width=130, elem_id="mixer-run", elem_classes="key-run")
        stop = gr.Button("Stop", min_width=70, elem_id="mixer-stop", elem_classes="key-stop")
    columns = columns_view(INVITATION, BOARD)
    ticket = gr.Textbox(visible="hidden", elem_id="mixer-ticket")
    edits = gr.Textbox(visible="hidden", elem_id="mixer-edits")
    stops, left = Stops(), Stops()

    @handler
    def ask(event: gr.EventData, model: str, prompt: str) -> Iterator[dict[str, Any]]:
        asked = _sent(event)
        fresh, known = asked.get("fresh") is True, asked.get("known")
        yield from news(engine, _name(asked), model, prompt, asked.get("edits"), left, fresh, known)

    @handler
    def redraw(event: gr.EventData, model: str, prompt: str) -> dict[str, Any]:
        asked = _sent(event)
        *_, last = news(engine, _name(asked), model, prompt, asked.get("edits"))
        return last

    @handler
    def take_document(event: gr.EventData) -> dict[str, Any]:
        try:
            taken = read_document(_sent(event).get("text"))
        except PlaygroundError as error:
            return {"said": plain(str(error))}
        many = f"{len(taken)} edit{'s' * (len(taken) != 1)}"
        return {"take": {"edits": taken, "said": f"Took in {many} in place of those before."}}

    @handler
    def open_link(event: gr.EventData) -> list[Any]:
        try:
            link, taken = read_edits_link(_sent(event).get("link"), refresh_choices(engine))
        except PlaygroundError as error:
            return [{"refused": plain(str(error))}, *[gr.skip()] * (2 + len(numbers))]
        chosen = gr.skip() if link.model is None else link.model
        values = [getattr(link.options, name) for name in numbers]
        return [{"take": {"edits": taken, "said": link_words(link), "held": True}}, chosen, link.prompt, *values]

    @handler
    def fill(event: gr.EventData) -> list[Any]:
        asked = _sent(event)
        options = asdict(options_from(START | dict(asked.get("options") or {}), "The preset"))
        return [str(asked.get("prompt"))[: 2**16], *(options[name] for name in numbers)]

    @handler
    def generate(model: str, prompt: str, edits: str, ticket: str, **chosen: Any) -> Iterator[dict[str, Any]]:
        name = str(ticket)[:MOST_CHARACTERS]
        if name.startswith(AGAIN):
            yield gr.skip()
            return
        try:
            documents = read_document(edits)
            options = SamplingOptions(**{option: whole(value) for option, value in chosen.items()})
            both = [GenerateRequest(model, prompt, (options,), given) for given in ((), documents)]
        except PlaygroundError as error:
            yield columns_value(str(error), run=name)
            raise
        yield from stream(engine, both, True, name, stops, heads(options, len(documents)))

    def leave(event: gr.EventData) -> None:
        """The page asks something newer."""
        left.add(_name(_sent(event)))

    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    reading = {**READERS, "show_progress": "hidden", "api_visibility": "private", "trigger_mode": "multiple"}
    around = {"inputs_kwargs": {"model": model, "prompt": prompt}, "outputs": board}
    board.select(ask, **around, **reading).failure(None, None, None, js=f"() => {MIXER}?.failed()", **quiet)
    board.input(redraw, **around, trigger_mode="multiple", **quiet)
    board.stop(leave, None, None, trigger_mode="multiple", **quiet)
    board.upload(take_document, None, board, **quiet)
    board.expand(open_link, None, [board, model, prompt, *numbers.values()], **quiet)
    board.apply(fill, None, [prompt, *numbers.values()], **quiet)
    gr.on([prompt.change, model.change], None, None, None, js=f"() => {MIXER}?.look()", **quiet)
    arrivals = (ASSETS / "senses" / "arrivals.js").read_text(encoding="utf-8")
    gr.on(None, None, None, None, js=arrivals, **quiet)  # when the page is there, whatever tab is open

    begin, halt, fail = board_scripts(BOARD)
    run.click(None, None, edits, js=f"() => {MIXER}.begin()", **quiet)
    run.click(None, columns, [columns, ticket], js=begin, **quiet)
    run.click(
        generate, inputs_kwargs={"model": model, "prompt": prompt, "edits": edits, "ticket": ticket, **numbers},
        outputs=columns, concurrency_id=GENERATIONS, concurrency_limit=generations, trigger_mode="multiple",
        show_progress="hidden", api_visibility="private",
    ).failure(None, [columns, ticket], columns, js=fail, **quiet)  # fmt: skip
    stop.click(None, columns, columns, js=halt, **quiet)
    stop.click(stops.add, ticket, None, **quiet)
    most = OPTION["seed"].metadata["maximum"]
    dice.click(None, None, numbers["seed"], js=f"() => Math.floor(Math.random() * {most})", **quiet)


def _number(name: str, value: float) -> gr.Number:
    whole_one = isinstance(OPTION[name].default, int)
    label = LABELS.get(name, "Seed").split(" (")[0]
    return gr.Number(value, label=label, step=OPTION[name].metadata["step"], precision=0 if whole_one else None,
                     min_width=80, elem_id=f"mixer-{name.replace('_', '-')}")  # fmt: skip


def refresh_choices(engine: Any) -> list[str]:
    """The models with senses, as they are known now."""
    return [state.name for state in engine.answer(ModelsRequest()).models if "senses" in state.abilities]


def heads(options: SamplingOptions, edits: int) -> list[tuple[str, str]]:
    """Title and note of the two columns."""
    settings = settings_words({name: getattr(options, name) for name in SETTINGS})
    return [("Without edits", settings), ("With the edits", f"{edits} edit{'s' * (edits != 1)} · {settings}")]


def news(
    engine: Any, name: str, model: Any, prompt: Any, edits: Any, left: Container[str] = (), fresh: bool = False,
    known: Any = None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """What the mixer shows of the next token after ``prompt`` under ``edits``, whatever a browser sent.

    What is wrong is told, not raised. For a ``fresh`` prompt it tells its tokens as well, and the facts of a model
    other than the ``known`` one. Ends early once ``name`` is among those that were ``left``.
    """
    try:
        asked = NextTokenRequest(model, prompt, edits=checked(edits or []), top=SHOWN)
        more = {}
        for request in (*([SenseFactsRequest(model)] if fresh and known != model else []), asked):
            if name in left:
                return
            if fresh and request is asked:
                more["tokens"] = _tokens(engine, model, prompt)
            with closing(engine.run(request)) as events:
                for event in events:
                    if name in left:
                        return
                    if isinstance(event, SenseFacts):
                        yield {"name": name, "facts": facts_value(model, event), "status": "Looking …"}
                    elif isinstance(event, NextToken):
                        yield moved_value(name, event) | more
                    else:
                        yield {"name": name, "status": status_words(event)}
    except PlaygroundError as error:
        yield {"name": name, "error": plain(str(error))}


def _tokens(engine: Any, model: str, prompt: str) -> list[str]:
    """The texts of the prompt's tokens, by position; none for one that cannot be read: the next request says why."""
    try:
        return list(engine.answer(ScoreRequest(model, prompt)).texts)
    except PlaygroundError:
        return []


def status_words(event: Any) -> str:
    """A stage on the way, in words."""
    if isinstance(event, Prefill):
        return "Reading the prompt …"
    return loading_words(event) if hasattr(event, "fraction") else f"{getattr(event, 'stage', 'Looking')} …"


def _sent(event: gr.EventData) -> dict[str, Any]:
    """What the page sent along with an event."""
    return event._data if isinstance(event._data, dict) else {}


def _name(asked: dict[str, Any]) -> str:
    return str(asked.get("name"))[:MOST_CHARACTERS]
