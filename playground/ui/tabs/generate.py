"""The Generate tab: a prompt, the sampling options, the text as it comes, and the odds at any place in it."""

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from playground.engine.requests import GenerateRequest, Models, ModelsRequest
from playground.errors import PlaygroundError
from playground.generation.options import options_from
from playground.ui import distribution, draws, runs
from playground.ui.boundary import GENERATIONS, READERS, handler
from playground.ui.links import link_words, read_link
from playground.ui.sampling_form import (
    DEFAULT_PRESET,
    OPTION,
    PRESETS,
    SLIDERS,
    WARPERS,
    chosen_options,
    option_slider,
)
from playground.ui.story import AGAIN, BEGIN, CLEAR, FAILED, PLACE, STOP, Stops, reader, run_value, story

INVITATION = "Press Generate."
EXAMPLES = [
    "Once upon a time, there was a little dog who",
    "Tom and Anna found a big box in the garden.",
    "One day, a girl named Lily found a shiny key.",
    "The little bird was sad because",
]


def generating(models: Models) -> list[str]:
    """Names of the models that write text, demos first."""
    return [state.name for state in models.models if "generate" in state.abilities]


def build(engine: Any, models: Models, generations: int) -> gr.Dropdown:
    """Lay out the tab inside the current ``gr.Tab``; return its model dropdown, which the Models tab keeps fresh."""
    names = generating(models)
    preset = PRESETS[DEFAULT_PRESET] | {"max_new_tokens": 200}
    with gr.Row(equal_height=False, elem_id="generate-row"):
        with gr.Column(scale=3, min_width=300, elem_id="generate-settings"):
            model = gr.Dropdown(names, value=names[0] if names else None, label="Model", elem_id="model")
            prompt = gr.Textbox(
                EXAMPLES[0], label="Prompt", lines=4, max_lines=12, elem_id="prompt",
                placeholder="Type the beginning of a text",
            )  # fmt: skip
            gr.Examples([[text] for text in EXAMPLES], [prompt], label="Examples", elem_id="examples")
            with gr.Row():
                run = gr.Button("Generate", variant="primary", min_width=110, elem_id="generate",
                                elem_classes="key-run")  # fmt: skip
                stop = gr.Button("Stop", min_width=70, elem_id="stop", elem_classes="key-stop")
                clear = gr.Button("Clear", min_width=70, elem_id="clear")
            gr.HTML('<p class="hint">Ctrl-Enter generates, Esc stops.</p>', elem_id="hint")
            with gr.Group():
                choice = gr.Radio(list(PRESETS), value=DEFAULT_PRESET, label="Sampling", elem_id="preset")
                sliders = {name: option_slider(name, preset[name]) for name in SLIDERS}
            with gr.Row(elem_id="seed-row"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=OPTION["seed"].metadata["maximum"],
                                 min_width=120, elem_id="seed")  # fmt: skip
                dice = gr.Button("New seed", min_width=90, elem_id="dice")
            with gr.Accordion("More settings", open=False, elem_id="more"):
                penalty = option_slider("repetition_penalty", 1.0)
                ends = gr.Textbox(
                    label="Stop at", lines=2, max_lines=8, elem_id="stop-strings",
                    info="Strings that end the text, one on each line.",
                )  # fmt: skip
        with gr.Column(scale=5, min_width=300, elem_id="generate-text"):
            text, read_text = story(INVITATION), reader()
            with gr.Column(elem_id="next"):
                words = distribution.words()
                chart = gr.Plot(visible=False, show_label=False, container=False, elem_id="next-chart")
            ticket = gr.Textbox(visible="hidden", elem_id="ticket")
            place = gr.Textbox(visible="hidden", elem_id="place")

    settings = {"seed": seed, **sliders, "repetition_penalty": penalty, "stop": ends}
    stops = Stops()

    @handler
    def generate(model: str, prompt: str, ticket: str, **chosen: Any) -> Iterator[Any]:
        name = runs.run_name(ticket)
        if name.startswith(AGAIN):
            yield gr.skip()
            return
        yield from _told(name, lambda: GenerateRequest(model, prompt, (chosen_options(chosen),)))

    @handler
    def carry_on(event: gr.EventData, **chosen: Any) -> Iterator[Any]:
        asked = _asked(event)
        chosen |= {"seed": asked["seed"]} if "seed" in asked else {}
        yield from _told(
            runs.run_name(asked.get("run")),
            lambda: runs.continued(asked.get("model"), asked.get("ids"), asked.get("given"), chosen_options(chosen)),
        )

    def _told(name: str, make_request: Any) -> Iterator[Any]:
        """The story's news of a run; what is wrong with the request is told there too."""
        try:
            request = make_request()
        except PlaygroundError as error:
            yield run_value(name, str(error))
            raise
        yield from runs.stream(engine, request, name, stops)

    def leave(event: gr.EventData) -> None:
        """The page went on to another run before this one was over."""
        stops.add(_asked(event).get("run"))

    @handler
    def replay(event: gr.EventData) -> Iterator[Any]:
        asked = _asked(event)
        name = runs.run_name(asked.get("run"))
        try:
            yield from runs.replay(engine, asked.get("text"), name, stops)
        except PlaygroundError as error:
            yield run_value(name, str(error))
            raise

    @handler
    def read(event: gr.EventData, **chosen: Any) -> Iterator[Any]:
        asked = _asked(event)
        given = asked.get("options")
        drawn = chosen_options(chosen) if given is None else options_from(given, "The text to read")
        name = runs.run_name(asked.get("run"))
        yield from runs.read(engine, asked.get("model"), asked.get("ids"), asked.get("start"), drawn, name)

    @handler
    def look(place: str, **chosen: Any) -> Iterator[Any]:
        yield from distribution.look(engine, place, chosen_options(chosen))

    @handler
    def redraw_at(place: str, **chosen: Any) -> tuple[Any, Any]:
        """As ``look``, in one piece: where a slider moves, the engine remembers what it needs, and runs no model."""
        if None in chosen.values():  # a field that is being typed in
            return gr.skip(), gr.skip()
        *_, last = distribution.look(engine, place, chosen_options(chosen))
        return last

    @handler
    def open_link(event: gr.EventData) -> list[Any]:
        link = read_link(_asked(event).get("link"), refresh_choices(engine))
        values = {name: getattr(link.options, name) for name in settings}
        values["stop"] = "\n".join(link.options.stop)
        chosen = gr.skip() if link.model is None else link.model
        return [{"notice": link_words(link)}, chosen, link.prompt, None, *values.values()]

    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    running = {
        "outputs": text, "concurrency_id": GENERATIONS, "concurrency_limit": generations, "trigger_mode": "multiple",
        "show_progress": "hidden", "api_visibility": "private",
    }  # fmt: skip
    reading = {**READERS, "show_progress": "hidden", "api_visibility": "private"}
    run.click(None, [prompt, model], ticket, js=BEGIN, **quiet)
    started = [
        run.click(generate, inputs_kwargs={"model": model, "prompt": prompt, "ticket": ticket, **settings}, **running),
        text.submit(carry_on, inputs_kwargs=settings, **running),
        text.upload(replay, None, **running),
    ]  # fmt: skip
    for each in started:
        each.failure(None, None, None, js=FAILED, **quiet)
    # Not Gradio's ``cancels``: it loses sight of a run that begins while the one before is being cancelled.
    stop.click(stops.add, ticket, None, js=STOP, **quiet)
    clear.click(stops.add, ticket, None, js=CLEAR, **quiet)
    clear.click(None, None, prompt, js="() => ''", **quiet)
    text.stop(leave, None, None, **quiet)

    text.expand(read, inputs_kwargs=settings, outputs=read_text, trigger_mode="multiple", **reading)
    warpers = {name: settings[name] for name in (*WARPERS, "repetition_penalty")}
    shown = {"inputs_kwargs": {"place": place, **warpers}, "outputs": [chart, words]}
    text.select(None, None, place, js=PLACE, **quiet).then(look, **shown, **reading)
    gr.on([each.change for each in warpers.values()], redraw_at, **shown, **quiet, trigger_mode="always_last")
    # In the queue, because Gradio shows the errors only of what went through it.
    text.input(open_link, None, [text, model, prompt, choice, *settings.values()], **reading)

    preset_options = PRESETS[DEFAULT_PRESET]
    choice.input(
        lambda name: [PRESETS[name][option] for option in preset_options], choice,
        [sliders[option] for option in preset_options], **quiet,
    )  # fmt: skip
    # A slider moved by hand leaves the preset.
    gr.on([sliders[option].input for option in preset_options], None, None, choice, js="() => null", **quiet)
    most = OPTION["seed"].metadata["maximum"]
    dice.click(None, None, seed, js=f"() => Math.floor(Math.random() * {most})", **quiet)
    draws.build(engine, {"model": model, "prompt": prompt, **settings}, generations)
    return model


def refresh_choices(engine: Any) -> Sequence[str]:
    """The models that write text, as they are known now."""
    return generating(engine.answer(ModelsRequest()))


def _asked(event: gr.EventData) -> dict[str, Any]:
    """What the page sent along with an event."""
    return event._data if isinstance(event._data, dict) else {}
