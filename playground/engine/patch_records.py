"""A reconstruction as a JSON document: which model, which text, which patches hidden, and the numbers that came out.

Read back, a document gives the request that repeats it. It comes from a file that anybody may have written, so
everything that is taken from it is checked.
"""

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import torch

from playground.engine.patch_requests import (
    Filled,
    FillRequest,
    Identity,
    Reconstructed,
    ReconstructRequest,
    Sureness,
    SureRequest,
    WriteOnRequest,
)
from playground.errors import InvalidRequest
from playground.pixels.masking import mask_from
from playground.version import VERSION

FORMAT, FORM = "playground reconstruction", 1
CLOSE = 1e-4  # losses of one machine and another differ by less
NAMED = 500  # characters of a name or fingerprint


@dataclass(frozen=True)
class PatchRecord:
    """A checked document.

    Attributes:
        request: what to ask for again. identity: the weights that answered.
        hidden: the patches that were hidden. loss: None if none were.
    """

    request: ReconstructRequest
    identity: Identity
    hidden: tuple[int, ...]
    loss: float | None


def record_reconstruction(
    request: ReconstructRequest,
    answer: Reconstructed,
    sure: tuple[SureRequest, Sureness] | None = None,
    filled: tuple[FillRequest | WriteOnRequest, Sequence[Filled]] | None = None,
) -> dict[str, Any]:
    """The document of a reconstruction, and of what was measured or filled after it.

    Numbers per patch are listed in the order of ``hidden``.
    """
    document = {
        "format": FORMAT,
        "version": FORM,
        "model": asdict(answer.identity),
        "text": request.text,
        "mask": asdict(request.mask),
        "drawn": answer.text,
        "hidden": list(answer.hidden),
        "standardised": answer.standardised,
        "loss": answer.loss,
        "errors": _listed(answer.errors, answer.hidden),
        "reading": [asdict(read) for read in answer.reading],
        "summary": answer.summary,
        "notes": list(answer.notes),
        "seconds": answer.seconds,
        "made_with": made_with(),
    }
    if sure is not None:
        asked, found = sure
        document["sureness"] = {
            "companions": asked.companions,
            "seed": asked.seed,
            "hidden": list(found.hidden),
            "spread": _listed(found.spread, found.hidden),
            "correlation": found.correlation,
        }
    if filled is not None:
        document["filling"] = _filling(*filled)
    return document


def made_with() -> dict[str, Any]:
    """What numbers depend on besides the weights."""
    return {
        "playground": VERSION,
        "torch": version("torch"),
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
    }


def _filling(request: FillRequest | WriteOnRequest, steps: Sequence[Filled]) -> dict[str, Any]:
    """What was asked for, and for each step its patches and the loss then."""
    if isinstance(request, WriteOnRequest):
        asked: dict[str, Any] = {"kind": "write on", "start": request.start}
    else:
        asked = {"kind": "fill", "companions": request.companions, "seed": request.seed, "mask": asdict(request.mask)}
    shown = [{"filled": list(step.filled), "loss": step.loss} for step in steps]
    reading = [asdict(read) for read in steps[-1].reading] if steps else []
    return asked | {"text": request.text, "at_a_time": request.at_a_time, "steps": shown, "reading": reading}


def _listed(numbers: Sequence[float | None], hidden: Sequence[int]) -> list[float | None]:
    return [numbers[patch] for patch in hidden]


def read_reconstruction(document: Any) -> PatchRecord:
    """Check a document and take from it what repeats the run.

    Raises:
        InvalidRequest: naming what is missing or wrong.
    """
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise InvalidRequest(
            f"This is no recorded reconstruction: its format is not {FORMAT!r}. Choose a file that was saved here."
        )
    if document.get("version") != FORM:
        raise InvalidRequest(
            f"The recorded reconstruction has version {document.get('version')!r:.40}, but version {FORM} is read here."
        )
    model = document.get("model")
    names = ("model", "family", "fingerprint", "dtype")
    values = [model.get(name) for name in names] if isinstance(model, Mapping) else [None]
    if not all(isinstance(value, str) and len(value) <= NAMED for value in values):
        raise InvalidRequest(f"The recorded reconstruction's model must hold the texts {', '.join(names)}.")
    identity = Identity(*values)
    mask = mask_from(document.get("mask"), "The recorded reconstruction")
    request = ReconstructRequest(identity.model, document.get("text"), mask)
    hidden, loss = document.get("hidden"), document.get("loss")
    if not isinstance(hidden, list) or not all(type(patch) is int and patch >= 0 for patch in hidden):
        raise InvalidRequest("The recorded reconstruction's hidden must be a list of patches counted from 0.")
    if loss is not None and not (type(loss) in (int, float) and math.isfinite(loss)):
        raise InvalidRequest(f"The recorded reconstruction's loss must be a number or null, not {loss!r:.40}.")
    return PatchRecord(request, identity, tuple(hidden), loss)


def compared(record: PatchRecord, answer: Reconstructed) -> str:
    """A sentence on how a repeated run comes out beside the record."""
    if record.identity.fingerprint != answer.identity.fingerprint:
        return (
            f"The recorded run was made with other weights (identity {record.identity.fingerprint[:16]}, here "
            f"{answer.identity.fingerprint[:16]}), so its numbers differ."
        )
    if record.hidden != answer.hidden:
        return f"The mask falls on other patches than recorded: {len(answer.hidden)} now, {len(record.hidden)} then."
    if record.loss is None or answer.loss is None:
        return "The same run as recorded; nothing is hidden."
    if abs(record.loss - answer.loss) <= CLOSE * max(1.0, abs(record.loss)):
        return f"The same run as recorded, with the same loss of {answer.loss:.4f}."
    return f"The loss is {answer.loss:.4f}, but {record.loss:.4f} was recorded; the precision or the fonts may differ."
