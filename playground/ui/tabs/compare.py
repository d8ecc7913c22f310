"""The Compare tab: one prompt, and two to four columns that write side by side, each with its model and settings."""

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import gradio as gr

from playground import limits
from playground.engine.requests import ColumnEvent, ColumnFailed, Ended, GenerateRequest, Models
from playground.engine.same_dice import Dice, compare
from playground.errors import InvalidRequest, PlaygroundError
from playground.generation.options import SamplingOptions
from playground.ui.boundary import GENERATIONS, REFRESH_SECONDS, handler
from playground.ui.column_state import ColumnState
from playground.ui.columns_view import board_scripts, columns_value, columns_view
from playground.ui.compare_setups import FIRST, NEUTRAL, SETTINGS, SETUPS, preset_of, settings_words
from playground.ui.pacing import Pace
from playground.ui.sampling_form import LABELS, OPTION, PRESETS
from playground.ui.story import AGAIN, MOST_CHARACTERS, Stops
from playground.ui.tabs.generate import EXAMPLES, generating, refresh_choices

FEWEST = 2
COUNTS = tuple(range(FEWEST, limits.COLUMNS + 1))
INVITATION = "Press Compare."
TOKENS = 120  # new ones of each column, at first
SEED = 10  # at first: the demos go together for a while, then part
LIGHT = 250  # tokens of all columns; a longer comparison is refreshed less often
CELLS = ("model", *SETTINGS)  # what a column has


def build(engine: Any, models: Models, generations: int) -> list[gr.Dropdown]:
    """Lay out the tab inside the current ``gr.Tab``; return its model dropdowns, which the page keeps fresh."""
    names = generating(models)
    with gr.Column(elem_id="compare"):
        with gr.Row(equal_height=False, elem_id="compare-top"):
            with gr.Column(scale=5, min_width=300):
                prompt = gr.Textbox(EXAMPLES[0], label="Prompt", lines=2, max_lines=8, elem_id="compare-prompt",
                                    placeholder="Type the beginning of a text")  # fmt: skip
                gr.Examples([[text] for text in EXAMPLES], [prompt], label="Examples", elem_id="compare-examples")
            with gr.Column(scale=4, min_width=300):
                with gr.Row(elem_id="compare-common"):
                    count = gr.Radio(
                        list(COUNTS), value=FEWEST, label="Columns", min_width=150, elem_id="compare-count"
                    )
                    most = gr.Number(TOKENS, label=LABELS["max_new_tokens"], precision=0, min_width=110,
                                     elem_id="compare-max-new-tokens")  # fmt: skip
                    seed = gr.Number(SEED, label="Seed", precision=0, min_width=90, elem_id="compare-seed")
                same = gr.Checkbox(True, label="Same dice", elem_id="compare-same-dice",
                                   info="All columns draw with the same chance; off: each its own seed.")  # fmt: skip
                with gr.Row():
                    run = gr.Button("Compare", variant="primary", min_width=110, elem_id="compare-run",
                                    elem_classes="key-run")  # fmt: skip
                    stop = gr.Button("Stop", min_width=70, elem_id="compare-stop", elem_classes="key-stop")
        with gr.Row(elem_id="compare-setups"):
            gr.HTML('<p class="hint">Ready-made:</p>', padding=False)
            ready = {
                name: gr.Button(name, size="sm", min_width=60, interactive=_most_models(name) <= max(1, len(names)))
                for name in SETUPS
            }
        with gr.Row(elem_id="compare-columns"):
            cells = [_column(number, names) for number in range(limits.COLUMNS)]
        board = columns_view(INVITATION)
        ticket = gr.Textbox(visible="hidden", elem_id="compare-ticket")

    stops = Stops()
    begin, halt, fail = board_scripts("columns")

    @handler
    def start(
        prompt: str, count: int, seed: int, most: int, same: bool, ticket: str, **settings: Any
    ) -> Iterator[dict[str, Any]]:
        name = str(ticket)[:MOST_CHARACTERS]
        if name.startswith(AGAIN):
            yield gr.skip()
            return
        try:
            columns = requests(prompt, count, {"seed": seed, "max_new_tokens": most}, settings)
        except PlaygroundError as error:
            yield columns_value(str(error), run=name)
            raise
        yield from stream(engine, columns, bool(same), name, stops)

    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    run.click(None, board, [board, ticket], js=begin, **quiet)
    named = {f"{part}_{number}": cell[part] for number, cell in enumerate(cells) for part in CELLS}
    started = run.click(
        start,
        inputs_kwargs={"prompt": prompt, "count": count, "seed": seed, "most": most, "same": same, "ticket": ticket,
                       **named},
        outputs=board, concurrency_id=GENERATIONS, concurrency_limit=generations, trigger_mode="multiple",
        show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    started.failure(None, [board, ticket], board, js=fail, **quiet)
    stop.click(None, board, board, js=halt, **quiet)
    stop.click(stops.add, ticket, None, **quiet)

    count.change(
        handler(lambda count: [gr.update(visible=number < (count or FEWEST)) for number in range(limits.COLUMNS)]),
        count, [cell["box"] for cell in cells], **quiet,
    )  # fmt: skip
    filled = [count, same, *(cell[part] for cell in cells for part in (*CELLS, "preset"))]
    for name, button in ready.items():
        button.click(handler(lambda name=name: fill(engine, name)), None, filled, **quiet)
    for cell in cells:
        numbers = [cell[option] for option in SETTINGS]
        cell["preset"].input(
            handler(lambda name: [(NEUTRAL | PRESETS.get(name, {}))[option] for option in SETTINGS]),
            cell["preset"], numbers, **quiet,
        )  # fmt: skip
        gr.on([number.input for number in numbers], None, None, cell["preset"], js="() => null", **quiet)
    return [cell["model"] for cell in cells]


def _column(number: int, names: Sequence[str]) -> dict[str, Any]:
    """The widgets of one column."""
    setup = SETUPS[FIRST].columns[min(number, len(SETUPS[FIRST].columns) - 1)]
    settings, label = setup.settings(), f"{number + 1}"
    with gr.Column(min_width=230, visible=number < FEWEST, elem_classes="compare-column") as box, gr.Group():
        model = gr.Dropdown(names, value=names[setup.model] if names else None, label=f"Column {label}",
                            elem_id=f"compare-model-{label}")  # fmt: skip
        preset = gr.Radio(list(PRESETS), value=preset_of(settings), label=f"Sampling of column {label}",
                          show_label=False, elem_id=f"compare-preset-{label}",
                          elem_classes="compare-preset")  # fmt: skip
        with gr.Row(elem_classes="compare-numbers"):
            numbers = {
                name: gr.Number(
                    settings[name],
                    label=LABELS[name].split(" (")[0],
                    step=OPTION[name].metadata["step"],
                    precision=0 if name == "top_k" else None,
                    min_width=60,
                    elem_id=f"compare-{name.replace('_', '-')}-{label}",
                )
                for name in SETTINGS
            }
    return {"box": box, "model": model, "preset": preset, **numbers}


def refresh_columns(engine: Any) -> list[Any]:
    """Fresh choices for the dropdowns that :func:`build` returned."""
    names = refresh_choices(engine)
    return [gr.update(choices=names) for _ in range(limits.COLUMNS)]


def _most_models(setup: str) -> int:
    return 1 + max(column.model for column in SETUPS[setup].columns)


def fill(engine: Any, name: str) -> list[Any]:
    """What a ready-made comparison puts into the widgets; columns that it does not use stay as they are."""
    setup, models = SETUPS[name], refresh_choices(engine)
    values: list[Any] = [len(setup.columns), setup.same_dice]
    for number in range(limits.COLUMNS):
        if number >= len(setup.columns):
            values += [gr.skip()] * (len(CELLS) + 1)
            continue
        settings = setup.columns[number].settings()
        model = gr.update(
            choices=models, value=models[min(setup.columns[number].model, len(models) - 1)] if models else None
        )
        values += [model, *(settings[option] for option in SETTINGS), preset_of(settings)]
    return values


def requests(prompt: str, count: int, common: Mapping[str, Any], settings: Mapping[str, Any]) -> list[GenerateRequest]:
    """The columns that are asked for: ``settings`` holds ``model_0``, ``temperature_0``, …, ``common`` what all share.

    Raises:
        InvalidRequest: what does not fit, and in which column.
    """
    if count not in COUNTS:
        raise InvalidRequest(f"{count!r} columns were asked for, but {FEWEST} to {limits.COLUMNS} can be compared.")
    columns = []
    for number in range(int(count)):
        own = {option: settings.get(f"{option}_{number}") for option in SETTINGS}
        SamplingOptions(**common)  # what is wrong with it is wrong with all
        try:
            columns.append(
                GenerateRequest(settings.get(f"model_{number}"), prompt, (SamplingOptions(**common, **own),))
            )
        except PlaygroundError as error:
            raise InvalidRequest(f"Column {number + 1}: {error}") from None
    return columns


def stream(
    engine: Any, requests: Sequence[GenerateRequest], same: bool, name: str | None = None,
    stops: Container[str | None] = (), heads: Sequence[tuple[str, str]] | None = None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """What the view shows while the columns run, every ``REFRESH_SECONDS`` or, of long texts, less often. Closing it
    stops the work, and so does ``name``, the run's, among the ``stops``. ``heads`` are a title and a note for each
    column, if not its model and settings."""
    prompt, dice, pace = requests[0].prompt, None, Pace(REFRESH_SECONDS)
    heads = heads or [
        (request.model, settings_words({o: getattr(request.rows[0], o) for o in SETTINGS})) for request in requests
    ]
    columns = [ColumnState(number, *head) for number, head in enumerate(heads, 1)]

    def value(status: str, running: bool = False) -> dict[str, Any]:
        return columns_value(status, prompt, columns, dice, running, name)

    yield value("Waiting …", True)
    with closing(compare(engine, requests, same)) as events:
        for event in events:
            if name in stops:
                yield value("Stopped by you")
                return
            if isinstance(event, Dice):
                dice = event
            elif isinstance(event, ColumnFailed):
                columns[event.column].fail(event.message)
            elif isinstance(event, ColumnEvent):
                columns[event.column].take(event.event)
            size = sum(len(column.tokens) for column in columns)
            ended = isinstance(event, ColumnFailed) or isinstance(getattr(event, "event", None), Ended)
            if pace.due(max(1.0, size / LIGHT), begun=size > 0) or ended:
                with pace.sending():
                    yield value("Writing …" if size else "Preparing …", True)
    failed = sum(column.failed for column in columns)
    say = "says" if failed == 1 else "say"
    yield value(f"{failed} of {len(columns)} columns failed, and {say} why." if failed else "All columns have ended.")
