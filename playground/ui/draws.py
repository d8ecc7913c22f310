"""Many samples of one prompt at once: cards that grow together, and in the end a tree of what they begin with.

The template holds no ``${…}``: values reach the page through textContent alone (assets/draws.js). What a sample has
written travels as one growing string of JSON lines, of which only the new end is sent and taken in.

Each run has a name of its own, made up by the page (see story.py); the page shows news of its last run alone. A card's
button dispatches a bubbling ``open-sample`` with all that is known of the sample.
"""

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

import gradio as gr

from playground import limits
from playground.engine.records import record_head
from playground.engine.requests import GenerateRequest, Loading, Prefill, Started, Step, Token
from playground.engine.samples import Sample, begin_samples, seeded_rows
from playground.errors import PlaygroundError
from playground.ui.boundary import GENERATIONS, REFRESH_SECONDS, handler
from playground.ui.openings import Leaf, Opening, group_openings
from playground.ui.pacing import Pace
from playground.ui.sampling_form import chosen_options, whole
from playground.ui.story import AGAIN, MOST_CHARACTERS, Stops
from playground.ui.theme import SCALE, component_script
from playground.ui.wording import ENDS, count_words, loading_words

FEWEST, DEFAULT_COUNT = 2, 8
LIGHT = 2000  # tokens; more are refreshed less often
CARD_SECONDS = 0.02  # between two refreshes, for each card: a page that is sent more than it can draw hears no Stop
TEMPLATE = f"""
<div class="draws">
  <div class="draws-bar"><span class="draws-status" role="status" aria-live="polite"></span>
    <span class="draws-views" hidden><span role="group" aria-label="Order"><button type="button" data-order="likely"
      aria-pressed="true">Likeliest first</button><button type="button" data-order="seed"
      aria-pressed="false">By seed</button></span><button type="button" data-group aria-pressed="true">Group
      openings</button></span></div>
  <div class="draws-cards"></div>
  <div class="draws-legend" hidden>
    {SCALE}
    <span>“1 in 1,000” is the model’s own probability of the whole sample, before the sampling settings. It shrinks
      with every token, so short samples come first. The figures per token and per byte can be compared across
      lengths.</span></div>
</div>
"""
HINT = (
    '<h2 class="section">Many samples at once</h2><p class="hint">The same prompt and settings, each sample with a '
    "seed of its own: see what the model might as well have said, and what it nearly always says.</p>"
)
# What the page does by itself, without asking the server: it tells the component, which has its own state.
TELL = """const draws = document.querySelector("#draws .draws");
  const tell = (what, detail) => draws.dispatchEvent(new CustomEvent(what, { detail }));"""
BEGIN = f"""(count, most) => {{ {TELL}
  if (draws.dataset.run) return "{AGAIN}" + draws.dataset.run;
  const name = Math.random().toString(36).slice(2);
  tell("begin", {{ name, count, most }});
  return name;
}}"""
STOP = f"""() => {{ {TELL} tell("stop"); }}"""
FAIL = f"""(ticket) => {{ {TELL} tell("fail", ticket); }}"""


def draws() -> gr.HTML:
    """The component, without cards."""
    return gr.HTML(
        {}, html_template=TEMPLATE, js_on_load=component_script("tokens.js", "draws.js"), elem_id="draws",
        padding=False, apply_default_css=False,
    )  # fmt: skip


def build(engine: Any, controls: Mapping[str, Any], generations: int) -> gr.HTML:
    """Lay out buttons and cards in the current layout; return the cards.

    ``controls`` are components of the tab around: "model", "prompt", and options of sampling by their names, among them
    "max_new_tokens" and "seed", which is the first sample's; "stop" is a text box with a string on each line.
    """
    with gr.Column(elem_id="draws-section"):
        gr.HTML(HINT, padding=False, elem_id="draws-hint")
        with gr.Row(elem_id="draws-row"):
            run = gr.Button(f"Draw {DEFAULT_COUNT}", variant="primary", min_width=110, scale=0, elem_id="draw")
            stop = gr.Button("Stop", min_width=70, scale=0, elem_id="stop-draw")
            count = gr.Slider(FEWEST, limits.ROWS, DEFAULT_COUNT, step=1, label="Samples", min_width=220, scale=1,
                              elem_id="draw-count")  # fmt: skip
        cards = draws()
        ticket = gr.Textbox(visible="hidden", elem_id="draws-ticket")
    stops = Stops()

    @handler
    def draw(model: str, prompt: str, count: float, ticket: str, **chosen: Any) -> Iterator[Any]:
        name = str(ticket)[:MOST_CHARACTERS]
        if name.startswith(AGAIN):
            yield gr.skip()
            return
        try:
            request = GenerateRequest(model, prompt, seeded_rows(chosen_options(chosen), whole(count)))
        except PlaygroundError as error:
            yield draws_value(name, str(error))
            raise
        yield from stream(engine, request, name, stops)

    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    run.click(None, [count, controls["max_new_tokens"]], ticket, js=BEGIN, **quiet)
    started = run.click(
        draw, inputs_kwargs={**controls, "count": count, "ticket": ticket}, outputs=cards, concurrency_id=GENERATIONS,
        concurrency_limit=generations, trigger_mode="multiple", show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    started.failure(None, ticket, None, js=FAIL, **quiet)
    stop.click(None, None, None, js=STOP, **quiet)
    stop.click(stops.add, ticket, None, **quiet)
    count.change(None, count, run, js='(count) => "Draw " + count', **quiet)
    return cards


def stream(
    engine: Any, request: GenerateRequest, name: str | None = None, stops: Container[str | None] = ()
) -> Iterator[dict[str, Any]]:
    """What the cards show while ``request`` runs, the less often the more they are and the longer. Closing it stops the
    work, and so does ``name``, the run's, among the ``stops``."""
    pace = Pace(max(REFRESH_SECONDS, CARD_SECONDS * len(request.rows)))
    samples, lines = begin_samples(request.rows), [""] * len(request.rows)
    status, first, drawn, about = "Waiting …", None, 0, None

    def value(status: str, running: bool = False) -> dict[str, Any]:
        return draws_value(name, status, running, samples, lines, about)

    try:
        if name in stops:
            yield value(f"{status} · stopped by you")
            return
        with closing(engine.run(request)) as events:
            for event in events:
                if name in stops:
                    yield value(f"{status} · stopped by you")
                    return
                if isinstance(event, Loading):
                    status = loading_words(event)
                elif isinstance(event, Started):
                    about = json.dumps(about_value(request, event))
                elif isinstance(event, Prefill):
                    status = "Reading the prompt …" if event.done < event.total else "Writing …"
                elif isinstance(event, Token):
                    row, drawn = event.step.row, drawn + 1
                    samples[row].add(event.step)
                    lines[row] += token_line(event.step)
                    first = event.seconds if first is None else first
                    status = f"{len(samples)} samples · {count_words(drawn, event.seconds - first)}"
                if pace.due(max(1.0, drawn / LIGHT), begun=drawn > 0):
                    with pace.sending():
                        yield value(status, running=True)
        yield value(status)
    except PlaygroundError as error:
        yield value(str(error))
        raise


def token_line(step: Step) -> str:
    """A token as a line of JSON, ``[id, text, logprob, probability]``."""
    return json.dumps([step.token_id, step.text, round(step.logprob, 6), round(step.probability, 6)]) + "\n"


def about_value(request: GenerateRequest, started: Started) -> dict[str, Any]:
    """What all samples share: all that a record of one of them needs beside its seed, its tokens and its end."""
    prompt = request.prompt if isinstance(request.prompt, str) else None
    head = record_head(request.model, started) | {"prompt": prompt, "edits": []}
    return {"head": head, "options": asdict(request.rows[0])}


def draws_value(
    name: str | None,
    status: str,
    running: bool = False,
    samples: Sequence[Sample] = (),
    lines: Sequence[str] = (),
    about: str | None = None,
) -> dict[str, Any]:
    """What the cards show: plain data. ``lines`` are each sample's :func:`token_line` so far, joined; ``about`` is
    :func:`about_value` as JSON. In the end there is the tree of openings, of those samples that have a token."""
    tree = None if running else group_openings({i: sample.text for i, sample in enumerate(samples) if sample.steps})
    return {
        "run": name,
        "running": running,
        "status": status,
        "about": about,
        "rows": [
            {"seed": sample.options.seed, "lines": own, "end": sample.end, "why": ENDS.get(sample.end, sample.end)}
            for sample, own in zip(samples, lines, strict=True)
        ],
        "tree": tree and [_part(part, samples, "") for part in tree],
    }


def _part(part: Opening | Leaf, samples: Sequence[Sample], before: str) -> dict[str, Any]:
    """A part of the tree as plain data; ``before`` is what the openings around it hold."""
    if isinstance(part, Leaf):
        return {"rows": list(part.rows)}
    opening = before + part.text
    return {
        "rows": list(part.rows),
        "opening": part.text,
        "chance": opening_chance([samples[row] for row in part.rows], before, opening),
        "parts": [_part(inner, samples, opening) for inner in part.parts],
    }


def opening_chance(samples: Sequence[Sample], before: str, opening: str) -> float | None:
    """The probability, under the sampling settings, that a sample that begins with ``before`` goes on with the tokens
    up to the end of ``opening``. None where the ``samples`` got there by different tokens, or within one."""
    paths = set()
    for sample in samples:
        text, chance, ids = "", 1.0, []
        for step in sample.steps:
            if len(text) >= len(opening):
                break
            if len(text) >= len(before):
                chance *= step.probability
            elif len(text + step.text) > len(before):
                return None
            text += step.text
            ids.append(step.token_id)
        paths.add((text, tuple(ids)))
    return chance if len(paths) == 1 and text == opening else None
