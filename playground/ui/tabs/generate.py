"""The Generate tab: a prompt, the sampling options, and the text as it comes."""

import time
from collections.abc import Container, Iterator, Sequence
from contextlib import closing
from dataclasses import fields
from typing import Any

import gradio as gr

from playground.engine.requests import Ended, GenerateRequest, Loading, Models, ModelsRequest, Prefill, Token
from playground.errors import PlaygroundError
from playground.generation.options import SamplingOptions
from playground.ui.boundary import REFRESH_SECONDS, handler
from playground.ui.story import AGAIN, BEGIN, CLEAR, FAIL, MOST_CHARACTERS, STOP, Stops, story, story_value, token_value
from playground.ui.wording import count_words, ended_words, loading_words

GENERATIONS = "generations"  # the one thing that generations share: a concurrency limit

PRESETS = {
    "Greedy": {"temperature": 0.0, "top_p": 1.0, "top_k": 0},
    "Balanced": {"temperature": 0.8, "top_p": 0.95, "top_k": 0},
    "Wild": {"temperature": 1.2, "top_p": 1.0, "top_k": 0},
}
DEFAULT_PRESET = "Balanced"
INVITATION = "Press Generate."
LIGHT = 250  # tokens; a longer text is refreshed less often, since the page takes in all of it each time
EXAMPLES = [
    "Once upon a time, there was a little dog who",
    "Tom and Anna found a big box in the garden.",
    "One day, a girl named Lily found a shiny key.",
    "The little bird was sad because",
]
SLIDERS = ("temperature", "top_p", "top_k", "max_new_tokens")
LABELS = {
    "temperature": "Temperature",
    "top_p": "Top-p",
    "top_k": "Top-k (0 = off)",
    "max_new_tokens": "Max new tokens",
}
OPTION = {option.name: option for option in fields(SamplingOptions)}
SHOWN_MOST = {"top_k": 200, "max_new_tokens": 1024, "temperature": 2.0}  # a slider's end; the limits allow more


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
                sliders = {name: _slider(name, preset[name]) for name in SLIDERS}
            with gr.Row(elem_id="seed-row"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=OPTION["seed"].metadata["maximum"],
                                 min_width=120, elem_id="seed")  # fmt: skip
                dice = gr.Button("New seed", min_width=90, elem_id="dice")
        with gr.Column(scale=5, min_width=300, elem_id="generate-text"):
            text = story(INVITATION)
            ticket = gr.Textbox(visible="hidden", elem_id="ticket")

    stops = Stops()

    @handler
    def generate(model: str, prompt: str, seed: float, ticket: str, **settings: float) -> Iterator[Any]:
        name = str(ticket)[:MOST_CHARACTERS]
        if name.startswith(AGAIN):
            yield gr.skip()
            return
        whole = {"seed": seed, "top_k": settings.pop("top_k"), "max_new_tokens": settings.pop("max_new_tokens")}
        try:
            options = SamplingOptions(**settings, **{name: _whole(value) for name, value in whole.items()})
            request = GenerateRequest(model, prompt, (options,))
        except PlaygroundError as error:
            yield story_value(status=str(error), run=name)
            raise
        yield from stream(engine, request, name, stops)

    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    run.click(None, [prompt, text], [text, ticket], js=BEGIN, **quiet)
    started = run.click(
        generate, inputs_kwargs={"model": model, "prompt": prompt, "seed": seed, "ticket": ticket, **sliders},
        outputs=text, concurrency_id=GENERATIONS, concurrency_limit=generations, trigger_mode="multiple",
        show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    started.failure(None, [text, ticket], text, js=FAIL, **quiet)
    # Not Gradio's ``cancels``: it loses sight of a run that begins while the one before is being cancelled.
    stop.click(None, text, text, js=STOP, **quiet)
    clear.click(None, None, [text, prompt], js=CLEAR % INVITATION, **quiet)
    gr.on([stop.click, clear.click], stops.add, ticket, None, **quiet)

    preset_options = PRESETS[DEFAULT_PRESET]
    choice.input(
        lambda name: [PRESETS[name][option] for option in preset_options], choice,
        [sliders[option] for option in preset_options], **quiet,
    )  # fmt: skip
    # A slider moved by hand leaves the preset.
    gr.on([sliders[option].input for option in preset_options], None, None, choice, js="() => null", **quiet)
    dice.click(None, None, seed, js="() => Math.floor(Math.random() * 1e6)", api_visibility="private")
    return model


def _slider(name: str, value: float) -> gr.Slider:
    about = OPTION[name].metadata
    return gr.Slider(
        about["minimum"], SHOWN_MOST.get(name, about["maximum"]), value, step=about["step"], label=LABELS[name],
        info=about["description"], elem_id=name.replace("_", "-"),
    )  # fmt: skip


def _whole(value: float | None) -> Any:
    """A number field's value as an int where it is one; what is not is left for the options to refuse."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def stream(
    engine: Any, request: GenerateRequest, name: str | None = None, stops: Container[str | None] = ()
) -> Iterator[dict[str, Any]]:
    """What the story shows while ``request`` runs, every ``REFRESH_SECONDS`` or, of long texts, less often. Closing it
    stops the work, and so does ``name``, the run's, among the ``stops``."""
    prompt, text, status, first, sent = request.prompt, "", "Waiting …", None, 0.0
    tokens: list[str] = []
    try:
        with closing(engine.run(request)) as events:
            for event in events:
                if name in stops:
                    yield story_value(prompt, text, f"{status} · stopped by you", run=name, tokens=tokens)
                    return
                if isinstance(event, Loading):
                    status = loading_words(event)
                elif isinstance(event, Prefill):
                    status = "Reading the prompt …" if event.done < event.total else "Writing …"
                elif isinstance(event, Token):
                    tokens.append(token_value(event.step))
                    text += event.step.text
                    first = event.seconds if first is None else first
                    status = count_words(len(tokens), event.seconds - first)
                elif isinstance(event, Ended):
                    yield story_value(prompt, text, ended_words(event), run=name, tokens=tokens)
                    return
                now = time.monotonic()
                if now - sent >= REFRESH_SECONDS * max(1.0, len(tokens) / LIGHT):
                    sent = now
                    yield story_value(prompt, text, status, running=True, run=name, tokens=tokens)
    except PlaygroundError as error:
        yield story_value(prompt, text, str(error), run=name, tokens=tokens)
        raise


def refresh_choices(engine: Any) -> Sequence[str]:
    return generating(engine.answer(ModelsRequest()))
