"""A run as a JSON document: which model wrote what, from which prompt, under which settings, on which versions.

Replayed on the same machine, a record gives the same tokens. A record comes from a file that anybody may have written,
so everything in it is checked.
"""

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from importlib.metadata import version
from typing import Any

from playground import limits
from playground.engine.requests import GenerateRequest, Started
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions, token_ids
from playground.generation.steps import Step
from playground.senses.edits import AddSense, Edit, ScaleSense, SwapDirection, TopicBoost
from playground.version import VERSION

FORMAT, FORM = "playground run", 1
EDITS = {kind.__name__: kind for kind in (AddSense, ScaleSense, SwapDirection, TopicBoost)}
DTYPES = ("float32", "bfloat16", "float16")
MOST_THREADS = 1024


@dataclass(frozen=True)
class Record:
    """A checked document: what to ask for, of which weights, and what came out.

    Attributes:
        prompt: the text that the ids were made of, None if ids were given.
        fingerprint: identity of the weights' files.
    """

    request: GenerateRequest
    prompt: str | None
    fingerprint: str
    dtype: str
    threads: int
    token_ids: tuple[int, ...]


def record_run(request: GenerateRequest, started: Started, steps: Sequence[Step], row: int = 0) -> dict[str, Any]:
    """The document of one row of ``request``; ``steps`` are that row's, perhaps not all of them."""
    card = started.card
    return {
        "format": FORMAT,
        "version": FORM,
        "model": {
            "name": request.model,
            "family": card.family,
            "fingerprint": card.fingerprint,
            "dtype": card.dtype,
            "tokenizer": card.tokenizer,
        },
        "prompt": request.prompt if isinstance(request.prompt, str) else None,
        "prompt_ids": list(started.prompt_ids),
        "options": asdict(request.rows[row]),
        "edits": [{"kind": type(edit).__name__, **asdict(edit)} for edit in request.edits],
        "tokens": [
            {"id": step.token_id, "text": step.text, "logprob": step.logprob, "probability": step.probability}
            for step in steps
        ],
        "end": steps[-1].end if steps else None,
        "made_with": {
            "playground": VERSION,
            "torch": version("torch"),
            "python": platform.python_version(),
            "threads": started.threads,
            "decode": started.decode,
        },
    }


def read_record(document: Mapping[str, Any]) -> Record:
    """Check a document and take it apart.

    Raises:
        InvalidRequest: naming what is missing or wrong.
    """
    if document.get("format") != FORMAT:
        raise InvalidRequest(
            f"This is no recorded run: its format is not {FORMAT!r}. Choose a file that was saved here."
        )
    if document.get("version") != FORM:
        raise InvalidRequest(
            f"The recorded run has version {_short(document.get('version'))}, but version {FORM} is read here."
        )
    model, made_with = _object(document, "model"), _object(document, "made_with")
    tokens = document.get("tokens")
    if not isinstance(tokens, Sequence) or isinstance(tokens, str) or len(tokens) > limits.NEW_TOKENS:
        raise InvalidRequest(f"The recorded run's tokens must be a list of at most {limits.NEW_TOKENS:,}.")
    ids = token_ids([token.get("id") if isinstance(token, Mapping) else token for token in tokens], "tokens")
    prompt = document.get("prompt")
    if not (prompt is None or (isinstance(prompt, str) and len(prompt) <= limits.PROMPT_CHARACTERS)):
        raise InvalidRequest("The recorded run's prompt must be text of an allowed length, or null.")
    threads = made_with.get("threads")
    if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= MOST_THREADS:
        raise InvalidRequest(f"The recorded run's threads must be 1 to {MOST_THREADS:,}, not {_short(threads)}.")
    dtype = model.get("dtype")
    if dtype not in DTYPES:
        raise InvalidRequest(f"The recorded run's dtype must be one of {', '.join(DTYPES)}, not {_short(dtype)}.")
    options = _object(document, "options")
    known = {field.name for field in fields(SamplingOptions)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise InvalidRequest(f"The recorded run has the unknown option {_short(unknown[0])}.")
    options = SamplingOptions(**options)
    if document.get("end") is None and ids:  # it was stopped: draw what there was
        options = replace(options, max_new_tokens=len(ids))
    request = GenerateRequest(
        model.get("name"),
        token_ids(document.get("prompt_ids"), "prompt_ids"),
        (options,),
        tuple(_edit(edit) for edit in _edits(document)),
    )
    return Record(request, prompt, str(model.get("fingerprint")), dtype, threads, ids)


def first_difference(record: Record, drawn: Sequence[int]) -> int | None:
    """The number of the first new token in which ``drawn`` is not what was recorded, None if there is none.

    A record of a run that was stopped is compared as far as it goes.
    """
    for index, (one, other) in enumerate(zip(record.token_ids, drawn, strict=False)):
        if one != other:
            return index
    return None if len(drawn) >= len(record.token_ids) else len(drawn)


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidRequest(f"The recorded run has no {name}. Choose a file that was saved here.")
    return value


def _edits(document: Mapping[str, Any]) -> Sequence[Any]:
    edits = document.get("edits", ())
    if not isinstance(edits, Sequence) or isinstance(edits, str) or len(edits) > limits.EDITS:
        raise InvalidRequest(f"The recorded run's edits must be a list of at most {limits.EDITS}.")
    return edits


def _edit(document: Any) -> Edit:
    """An edit of what ``asdict`` made of it; the network checks its ids and senses."""
    kind = EDITS.get(document.get("kind")) if isinstance(document, Mapping) else None
    if kind is None:
        raise InvalidRequest(f"The recorded run has an edit of unknown kind; known are {', '.join(EDITS)}.")
    values = {name: _plain(value) for name, value in document.items() if name != "kind"}
    try:
        return kind(**values)
    except TypeError:
        names = ", ".join(field.name for field in fields(kind))
        raise InvalidRequest(f"The recorded run's {kind.__name__} must hold {names} and nothing else.") from None


def _plain(value: Any) -> Any:
    """A number, None, or a tuple of numbers.

    Raises:
        InvalidRequest: for anything else.
    """
    if isinstance(value, list) and len(value) <= limits.PROMPT_TOKENS:
        return tuple(_plain(one) for one in value if not isinstance(one, list))
    if value is None or (isinstance(value, int | float) and math.isfinite(value)):
        return value
    raise InvalidRequest(f"The recorded run has an edit with {_short(value)}, which is no number.")


def _short(value: Any) -> str:
    return f"{value!r:.40}"
