"""A run as a JSON document: which model wrote what, from which prompt, under which settings, on which versions.

A run has parts: a text that was continued, or taken another way at some token, has one for each time it was drawn.
Each part holds its own settings, and how many of its first tokens were given by somebody rather than drawn. Replayed
on the same machine, a record gives the same tokens. A record comes from a file that anybody may have written, so
everything in it is checked.
"""

import math
import platform
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, fields, replace
from importlib.metadata import version
from typing import Any

from playground import limits
from playground.decode.plain import PATHS
from playground.engine.requests import GenerateRequest, Started
from playground.errors import InvalidRequest
from playground.generation.options import options_from, token_ids
from playground.generation.steps import Step
from playground.senses.edit_documents import REQUIRED, check_edit
from playground.senses.edits import AddSense, Edit, ScaleSense, SwapDirection, TopicBoost
from playground.version import VERSION

FORMAT, FORM = "playground run", 2
EDITS = {kind.__name__: kind for kind in (AddSense, ScaleSense, SwapDirection, TopicBoost)}
DTYPES = ("float32", "bfloat16", "float16")
MOST_THREADS = 1024


@dataclass(frozen=True)
class Record:
    """A checked document: what to ask for, of which weights, and what came out.

    Attributes:
        prompt: the text that the ids were made of, None if ids were given.
        fingerprint: identity of the weights' files.
        parts: what to ask for, one after another, and the tokens that came.
    """

    model: str
    prompt: str | None
    fingerprint: str
    dtype: str
    threads: int
    parts: tuple[tuple[GenerateRequest, tuple[int, ...]], ...]

    @property
    def token_ids(self) -> tuple[int, ...]:
        """All new tokens."""
        return tuple(token_id for _, ids in self.parts for token_id in ids)


def record_run(request: GenerateRequest, started: Started, steps: Sequence[Step], row: int = 0) -> dict[str, Any]:
    """The document of one row of ``request``; ``steps`` are that row's, perhaps not all of them."""
    part = {
        "options": asdict(request.rows[row]),
        "given": min(len(request.given), len(steps)),
        "tokens": [
            {"id": step.token_id, "text": step.text, "logprob": step.logprob, "probability": step.probability}
            for step in steps
        ],
        "end": steps[-1].end if steps else None,
    }
    prompt = request.prompt if isinstance(request.prompt, str) else None
    return record_head(request.model, started) | {
        "prompt": prompt,
        "edits": [_recorded(edit) for edit in request.edits],
        "parts": [part],
    }


def _recorded(edit: Edit | Mapping[str, Any]) -> dict[str, Any]:
    """An edit document as it was asked for, or an edit object with its ids."""
    return {"kind": type(edit).__name__, **asdict(edit)} if isinstance(edit, Edit) else deepcopy(dict(edit))


def record_head(model: str, started: Started) -> dict[str, Any]:
    """What a document tells of the model, the ids that it read, and what it ran on."""
    card = started.card
    return {
        "format": FORMAT,
        "version": FORM,
        "model": {
            "name": model,
            "family": card.family,
            "fingerprint": card.fingerprint,
            "dtype": card.dtype,
            "tokenizer": card.tokenizer,
        },
        "prompt_ids": list(started.prompt_ids),
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
    prompt = document.get("prompt")
    if not (prompt is None or (isinstance(prompt, str) and len(prompt) <= limits.PROMPT_CHARACTERS)):
        raise InvalidRequest("The recorded run's prompt must be text of an allowed length, or null.")
    threads = made_with.get("threads")
    if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= MOST_THREADS:
        raise InvalidRequest(f"The recorded run's threads must be 1 to {MOST_THREADS:,}, not {_short(threads)}.")
    decode = made_with.get("decode", PATHS[0])
    if decode not in PATHS:
        raise InvalidRequest(f"The recorded run's decode must be one of {', '.join(PATHS)}, not {_short(decode)}.")
    dtype = model.get("dtype")
    if dtype not in DTYPES:
        raise InvalidRequest(f"The recorded run's dtype must be one of {', '.join(DTYPES)}, not {_short(dtype)}.")
    name = model.get("name")
    edits = tuple(_edit(edit) for edit in _list(document, "edits", limits.EDITS, ()))
    known = token_ids(document.get("prompt_ids"), "prompt_ids")
    parts = []
    for part in _list(document, "parts", limits.PARTS):
        request, ids = _part(part, name, known, edits, decode)
        parts.append((request, ids))
        known += ids
    if not parts or sum(len(ids) for _, ids in parts) > limits.NEW_TOKENS:
        raise InvalidRequest(f"The recorded run must have a part, and at most {limits.NEW_TOKENS:,} tokens in all.")
    return Record(name, prompt, str(model.get("fingerprint")), dtype, threads, tuple(parts))


def _part(
    part: Any, name: Any, prompt: tuple[int, ...], edits: tuple[Edit | Mapping[str, Any], ...], decode: str
) -> tuple[GenerateRequest, tuple[int, ...]]:
    """What one part asks for after ``prompt``, and its tokens."""
    part = _object({"part": part}, "part")
    tokens = _list(part, "tokens", limits.NEW_TOKENS)
    ids = token_ids([token.get("id") if isinstance(token, Mapping) else token for token in tokens], "tokens")
    given = part.get("given")
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= len(ids):
        raise InvalidRequest(f"The recorded run's given must be 0 to {len(ids)}, not {_short(given)}.")
    options = options_from(part.get("options"), "The recorded run")
    if part.get("end") is None and ids:  # it was stopped, or left for another way: draw what there was
        options = replace(options, max_new_tokens=len(ids))
    return GenerateRequest(name, prompt, (options,), edits, ids[:given], decode), ids


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidRequest(f"The recorded run has no {name}. Choose a file that was saved here.")
    return value


def _list(document: Mapping[str, Any], name: str, most: int, default: Any = None) -> Sequence[Any]:
    value = document.get(name, default)
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > most:
        raise InvalidRequest(f"The recorded run's {name} must be a list of at most {most:,}.")
    return value


def _edit(document: Any) -> Edit | Mapping[str, Any]:
    """An edit document, checked, or an edit of what ``asdict`` made of it; the network checks its ids and senses."""
    name = document.get("kind") if isinstance(document, Mapping) else None
    if isinstance(name, str) and name in REQUIRED:
        check_edit(document)
        return document
    kind = EDITS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InvalidRequest(
            f"The recorded run has an edit of unknown kind; known are {', '.join((*REQUIRED, *EDITS))}."
        )
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
