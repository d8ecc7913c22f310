"""What is set in the PIXEL lab: the text, and which of its patches are hidden."""

import json
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from playground import limits
from playground.engine.patch_requests import RenderRequest
from playground.errors import InvalidRequest
from playground.pixels.masking import MaskOptions, recommended_spacing

KINDS = [("Spans", "span"), ("Patches", "random"), ("Words", "words"), ("Every n-th", "every"), ("By hand", "manual")]
OVERS = [("the text", "text"), ("the whole row, as published", "row")]
USES = {  # what each kind of mask is set with
    "ratio": ("span", "random", "words"),
    "longest": ("span",),
    "every": ("every",),
    "over": ("span", "random", "every"),
    "seed": ("span", "random", "words", "every"),
}
MOST_EVERY = 32  # that the slider offers
LONGEST, SEED = 2, 31  # of the first mask: gaps so short that the first picture can be read
INFO = {"ratio": "How much is hidden.", "longest": "6 as published."}
EXAMPLES = {
    "English": "My cat likes warm milk and sleeps in the sun all day.",
    "A typo": "My cat lieks warm mlik and slepes in the sun all day.",
    "Emoji": "We had cake 🎂 and danced all night 💃🎉",
    "Hindi": "मेरी बिल्ली को गरम दूध पसंद है।",
    "Arabic": "قطتي تحب الحليب الدافئ.",
    "Thai": "แมวของฉันชอบนมอุ่น",
    "Mixed": "Say hello, नमस्ते, مرحبا, สวัสดี and Здравствуй.",
}


@dataclass(frozen=True)
class Form:
    """The widgets that say what is drawn and hidden; ``inputs`` names them as :func:`mask_options` reads them."""

    model: gr.Dropdown
    text: gr.Textbox
    kind: gr.Radio
    ratio: gr.Slider
    longest: gr.Slider
    every: gr.Slider
    over: gr.Radio
    seed: gr.Number
    by_hand: gr.Textbox

    @property
    def inputs(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def slider(name: str, label: str, value: float, least: float, most: float, step: float) -> gr.Slider:
    """A slider for one of the options of a mask, seen where the kind that is chosen first uses it."""
    return unchecked(gr.Slider(
        least, most, value=value, step=step, label=label, visible=KINDS[0][1] in USES[name], elem_id=f"patch-{name}",
        info=INFO.get(name),
    ))  # fmt: skip


def unchecked(field: Any) -> Any:
    """A field of numbers that takes what is typed as it is: the mask refuses it with its name and its range, which
    Gradio's own message lacks, and which a redraw without a queue would not show."""
    field.preprocess = lambda typed: typed
    return field


def seen_options(kind: str) -> list[Any]:
    """For each of ``USES`` whether it is seen."""
    return [gr.update(visible=kind in kinds) for kinds in USES.values()]


def mask_options(form: dict[str, Any]) -> MaskOptions:
    """The mask that the widgets' values ask for; they come from a browser and may be anything.

    Raises:
        InvalidRequest: if they ask for none.
    """
    if any(form[name] is None for name in ("ratio", "longest", "every", "seed")):
        raise InvalidRequest("A number of the mask is missing. Fill it in.")
    kind, ratio = form["kind"], form["ratio"]
    if kind == "manual":
        return MaskOptions(kind="manual", patches=listed_patches(form["by_hand"]))
    return MaskOptions(
        ratio=ratio,
        kind=kind,
        seed=whole(form["seed"]),
        over=form["over"] if kind in USES["over"] else "text",
        spacing=recommended_spacing(ratio) if isinstance(ratio, int | float) else "span",
        every=whole(form["every"]),
        longest=whole(form["longest"]),
    )


def whole(value: Any) -> Any:
    """A number of a widget without its ".0"; anything else as it is, for the request to refuse."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def listed_patches(text: Any) -> tuple[int, ...]:
    """The patches that the page lists as JSON.

    Raises:
        InvalidRequest: if it is no such list.
    """
    try:
        patches = json.loads(text or "[]")
    except (TypeError, ValueError, RecursionError):
        patches = None
    if not isinstance(patches, list) or len(patches) > limits.STRIP_PATCHES:
        raise InvalidRequest("The patches to hide must be a list of whole numbers. Choose them on the board again.")
    return tuple(patches)


def fitting_options(engine: Any, form: dict[str, Any]) -> MaskOptions:
    """As :func:`mask_options`; patches that were hidden by hand in another, longer text are left out."""
    options = mask_options(form)
    if options.kind != "manual" or not options.patches:
        return options
    shown = engine.answer(RenderRequest(form["model"], form["text"])).shown
    return MaskOptions(kind="manual", patches=tuple(patch for patch in options.patches if patch < shown))
