"""The bias probe of the Backpack tab: how much likelier one group of words is than another, before and after an edit.

Runs have names, made up by the page, as in story.py: what arrives late from a run that was stopped is not drawn any
more. All text is set as text nodes (assets/senses/probe.js); the template holds no values.
"""

import math
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import gradio as gr

from playground.engine.requests import Loading
from playground.engine.sense_requests import (
    BiasAnswer,
    BiasRequest,
    BiasRow,
    BiasSearchAnswer,
    BiasSearchRequest,
    Progress,
)
from playground.errors import PlaygroundError
from playground.senses.edit_documents import FACTOR
from playground.ui.boundary import READERS, handler
from playground.ui.charts.bias_ratio import bias_figure, ratio_words, word_ratios
from playground.ui.mixer_documents import read_document
from playground.ui.mixer_news import plain
from playground.ui.sampling_form import whole
from playground.ui.story import AGAIN, MOST_CHARACTERS, Stops
from playground.ui.theme import component_script
from playground.ui.wording import loading_words

# Ready-made for demo-backpack: its vocabulary has all of these words, and of its 16 senses number 12 is the one that
# tells he from she; removing any other changes next to nothing.
TEMPLATES = ("The {} smiled because", "The {} was so happy that", "The {} was sad because", "The {} said that")
WORDS = ("nurse", "teacher", "maid", "singer", "cook", "coach", "judge", "doctor", "student", "shopkeeper", "boss",
         "captain", "lawyer", "pilot", "farmer", "driver")  # fmt: skip
GROUPS = ("he", "she")
SENSE = 12
NEUTRAL = (
    "The nurse worked in a small house near the park. Every day, the doctor and the teacher came to visit. They sat "
    "under the big tree and ate some bread. One day, the farmer brought a basket of apples, and the driver of the red "
    "bus stopped to say hello."
)
INVITATION = "Press Measure."
TEMPLATE = """
<div class="prb">
  <p class="prb-status" role="status" aria-live="polite"></p>
  <div class="prb-sentences"></div>
  <p class="prb-legend" hidden><span class="prb-before">before</span><span class="prb-after">after</span></p>
  <div class="prb-found" hidden>
    <div class="section">Factors found</div>
    <ul class="prb-factors"></ul>
    <button type="button" data-do="mix">To mixer</button> <span class="prb-sent" role="status"></span>
  </div>
  <details class="prb-table" hidden><summary>All words as a table</summary>
    <table><thead><tr><th>Word</th><th>Before</th><th>After</th></tr></thead><tbody></tbody></table></details>
</div>
"""
PROBE = 'document.querySelector("#probe-board .prb").probe'
# The mixer's edits; if its tab was never open, those that wait for it.
MIXED = "() => JSON.stringify(window.senseMixer ? window.senseMixer.documents() : window.waitingSenseEdits || [])"


def build(engine: Any, model: gr.Dropdown) -> None:
    """Lay out the view inside the current ``gr.Tab``, for the model that the dropdown ``model`` names."""
    with gr.Row(equal_height=False, elem_id="probe-row"):
        with gr.Column(scale=3, min_width=300, elem_id="probe-settings"):
            templates = gr.Textbox("\n".join(TEMPLATES), label="Templates", lines=4, max_lines=10,
                                   info="One on each line; {} is the slot.", elem_id="probe-templates")  # fmt: skip
            words = gr.Textbox(", ".join(WORDS), label="Words for the slot", lines=3, max_lines=8,
                               info="With commas between.", elem_id="probe-words")  # fmt: skip
            with gr.Row():
                group_a = gr.Textbox(GROUPS[0], label="Group A", min_width=120, elem_id="probe-group-a")
                group_b = gr.Textbox(GROUPS[1], label="Group B", min_width=120, elem_id="probe-group-b")
            with gr.Row():
                sense = gr.Number(SENSE, label="Sense of the word", precision=0, min_width=120, elem_id="probe-sense")
                factor = gr.Number(0.0, label="Factor", step=0.05, min_width=120, elem_id="probe-factor")
            gr.HTML(
                '<p class="hint">In demo-backpack, sense 12 of a word carries he and she; the authors of the Backpack '
                "found theirs to be 10. Factor 0 removes the sense, 1 leaves it, below 0 reverses it. Without a "
                "sense, only the mixer's edits are measured.</p>",
                padding=False,
            )
            mixed = gr.Checkbox(False, label="The mixer's edits too", elem_id="probe-mixed")
            with gr.Row():
                run = gr.Button("Measure", variant="primary", min_width=100, elem_id="probe-run",
                                elem_classes="key-run")  # fmt: skip
                search = gr.Button("Search factor", min_width=140, elem_id="probe-search")
                stop = gr.Button("Stop", min_width=60, elem_id="probe-stop", elem_classes="key-stop")
            common = gr.Checkbox(False, label="Search one factor for all words", elem_id="probe-common")
            with gr.Accordion("Neutral text, to see what the factors cost", open=False, elem_id="probe-cost"):
                neutral = gr.Textbox(NEUTRAL, label="Neutral text", lines=4, max_lines=10, elem_id="probe-neutral")
        with gr.Column(scale=5, min_width=300, elem_id="probe-results"):
            board = gr.HTML(
                {"invitation": INVITATION}, html_template=TEMPLATE, elem_id="probe-board", padding=False,
                js_on_load=component_script("tokens.js", "senses/probe.js"), apply_default_css=False,
            )  # fmt: skip
            chart = gr.Plot(visible=False, show_label=False, container=False, elem_id="probe-chart")
    ticket = gr.Textbox(visible="hidden", elem_id="probe-ticket")
    edits = gr.Textbox(visible="hidden", elem_id="probe-edits")
    stops = Stops()

    def told(ticket: Any, make_request: Callable[[], Any]) -> Iterator[tuple[Any, Any]]:
        name = str(ticket)[:MOST_CHARACTERS]
        if name.startswith(AGAIN):
            yield gr.skip(), gr.skip()
            return
        try:
            yield from stream(engine, make_request(), name, stops)
        except PlaygroundError as error:
            yield {"run": name, "status": plain(str(error))}, gr.skip()
            raise

    @handler
    def measure(ticket: str, sense: Any, factor: Any, **asked: Any) -> Iterator[tuple[Any, Any]]:
        yield from told(
            ticket,
            lambda: BiasRequest(**common_part(**asked), sense=whole(sense), factor=0.0 if factor is None else factor),
        )

    @handler
    def find(ticket: str, sense: Any, neutral: Any, common: Any, **asked: Any) -> Iterator[tuple[Any, Any]]:
        yield from told(
            ticket,
            lambda: BiasSearchRequest(**common_part(**asked), sense=whole(sense), neutral=neutral, common=bool(common)),
        )

    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    asked = {"model": model, "templates": templates, "words": words, "group_a": group_a, "group_b": group_b,
             "mixed": mixed, "edits": edits, "ticket": ticket, "sense": sense}  # fmt: skip
    runs = {"outputs": [board, chart], "trigger_mode": "multiple", "show_progress": "hidden",
            "api_visibility": "private", **READERS}  # fmt: skip
    for button, function, more in (
        (run, measure, {"factor": factor}),
        (search, find, {"neutral": neutral, "common": common}),
    ):
        button.click(None, None, edits, js=MIXED, **quiet)
        button.click(None, None, ticket, js=f"() => {PROBE}.begin()", **quiet)
        started = button.click(function, inputs_kwargs=asked | more, **runs)
        started.failure(None, None, None, js=f"() => {PROBE}.failed()", **quiet)
    stop.click(stops.add, ticket, None, js=f"() => {PROBE}.stop()", **quiet)


def common_part(
    model: Any, templates: Any, words: Any, group_a: Any, group_b: Any, mixed: Any, edits: Any
) -> dict[str, Any]:
    """What both requests have in common, from the widgets' values; the requests check it.

    Raises:
        InvalidRequest: the mixer's edits cannot be used.
    """
    return {
        "model": model,
        "templates": tuple(line for line in str(templates).splitlines() if line.strip()),
        "words": listed(words),
        "group_a": listed(group_a),
        "group_b": listed(group_b),
        "edits": tuple(read_document(edits)) if mixed else (),
    }


def listed(text: Any) -> tuple[str, ...]:
    """Words with commas or line ends between."""
    return tuple(word for part in re.split(r"[,\n]", str(text or "")) if (word := part.strip()))


def stream(
    engine: Any, request: BiasRequest | BiasSearchRequest, name: str, stops: Container[str] = ()
) -> Iterator[tuple[Any, Any]]:
    """What board and chart show while ``request`` runs. Closing it stops the work, and so does ``name`` among the
    ``stops``."""
    total, done = len(request.templates) * len(request.words), 0
    a, b = " or ".join(request.group_a), " or ".join(request.group_b)
    with closing(engine.run(request)) as events:
        for event in events:
            if name in stops:
                yield {"run": name, "status": "Stopped by you"}, gr.skip()
                return
            if isinstance(event, BiasAnswer | BiasSearchAnswer):
                figure = bias_figure(word_ratios(event.rows), a, b)
                yield (
                    {"run": name, "status": "", "result": result_value(event, a, b, request.edits)},
                    gr.update(value=figure, visible=True),
                )
                continue
            done += isinstance(event, BiasRow)
            yield {"run": name, "running": True, "status": status_words(event, done, total)}, gr.skip()


def status_words(event: Any, done: int, total: int) -> str:
    """How far it is, in words."""
    if isinstance(event, Loading):
        return loading_words(event)
    if isinstance(event, Progress):
        return f"{event.stage} {event.done:,} of {event.total:,} …"
    return f"{done:,} of {total:,} prompts …"


def result_value(
    answer: BiasAnswer | BiasSearchAnswer, a: str, b: str, mixed: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What was found, in sentences, as a list of factors and as a table; ``mixed`` are the mixer's edits in use."""
    searched = isinstance(answer, BiasSearchAnswer)
    sentences = [
        f"On average one group is {answer.bias:.1f} times as likely as the other before, {answer.bias_after:.1f} times "
        "after (1 would be no bias)."
    ]
    if searched:
        sentences.append(cost_words(answer))
    return {
        "sentences": [plain(words) for words in sentences if words],
        "factors": [list(pair) for pair in zip(answer.words, answer.factors, strict=True)] if searched else [],
        "edits": [for_mixer(edit, mixed) for edit in answer.edits] if searched else [],
        "rows": [
            [each.word, ratio_words(each.before, a, b), ratio_words(each.after, a, b)]
            for each in word_ratios(answer.rows)
        ],
    }  # fmt: skip


def for_mixer(found: Mapping[str, Any], mixed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A ``found`` edit as it takes the place of the mixer's own about the same sense, with which it was multiplied."""
    same = [edit for edit in mixed if all(edit.get(key) == found[key] for key in ("kind", "word", "sense"))]
    factor = math.prod((found["factor"], *(edit["factor"] for edit in same if edit.get("position") is None)))
    return dict(found) | {"factor": max(-FACTOR, min(FACTOR, factor))}


def cost_words(answer: BiasSearchAnswer) -> str:
    """What the found factors cost, in words; nothing where no neutral text was given."""
    if not answer.edits:
        return "For no word is another factor worth its change: 1 is the best, and it costs nothing."
    if answer.bits is None:
        return ""
    if not answer.touched:
        return (
            "The neutral text has none of these words, so the factors cost nothing there; a text with them would tell."
        )
    more = 100 * (answer.bits_after / answer.bits - 1)
    cost = f"{abs(more):.1f} % {'more' if more > 0 else 'fewer'}"
    return (
        f"The cost: the neutral text takes {answer.bits:.3f} bits per byte before, {answer.bits_after:.3f} after "
        f"({cost}); {answer.touched:,} of its tokens are touched."
    )
