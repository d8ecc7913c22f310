"""A reconstruction that was downloaded as JSON, opened again in the PIXEL lab: the same text, mask and model."""

import json
from collections.abc import Iterator
from typing import Any

from playground import limits
from playground.engine.patch_records import PatchRecord, compared, read_reconstruction
from playground.engine.patch_requests import RenderRequest
from playground.errors import InvalidRequest
from playground.ui.patch_board import drawn_value, result_value, running_value
from playground.ui.patch_form import MOST_EVERY, mask_options
from playground.ui.patch_runs import Lab

FIELDS = ("ratio", "longest", "every", "over", "seed")  # of the form, that a mask's options set


def open_record(lab: Lab, text: Any, run: str, names: list[str]) -> Iterator[tuple[Any, Any, dict[str, Any] | None]]:
    """Values of the board, of the result, and what the form is to show, as the recorded run is repeated.

    Args:
        text: of the file, which may be anything. names: the models that there are.

    Raises:
        InvalidRequest: no recorded reconstruction, or one with a model that is not here.
    """
    if not isinstance(text, str) or len(text) > limits.RECORD_BYTES:
        raise InvalidRequest("The file is too long for a recorded reconstruction. Choose one that was saved here.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequest("The file is no JSON. Choose a reconstruction that was saved here.") from None
    record = read_reconstruction(document)
    request = record.request
    if request.model not in names:
        raise InvalidRequest(
            f"The run was recorded with {request.model!r:.80}, which is not among the models here. Add its folder "
            "with --models and start again."
        )
    form = form_values(record)
    for event in lab.follow(RenderRequest(request.model, request.text, request.mask), run):
        if isinstance(event, dict):
            yield None, event, None
            continue
        shown = drawn_value(event, request.model, request.text, form["kind"], form["by_hand"]) | {"opens": True}
        yield shown, running_value(run, "The model is at work …"), form
    for event in lab.follow(request, run):
        if not isinstance(event, dict):
            event = result_value(event, run, request) | {"said": compared(record, event)}
        yield None, event, None


def form_values(record: PatchRecord) -> dict[str, Any]:
    """The form that asks for the same mask; where none does, the same patches hidden by hand."""
    request = record.request
    mask = request.mask
    values: dict[str, Any] = {name: getattr(mask, name) for name in FIELDS}
    values |= {"kind": mask.kind, "by_hand": ""}
    if mask.every > MOST_EVERY or mask.kind == "manual" or mask_options(values) != mask:
        values |= {"kind": "manual", "by_hand": json.dumps([*record.hidden], separators=(",", ":"))}
        values["every"] = min(mask.every, MOST_EVERY)
    return {"model": request.model, "text": request.text, **values}
