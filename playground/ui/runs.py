"""What the story's buttons ask of the engine, as streams of the story's news.

Everything here comes from a browser and may be anything; the requests check it.
"""

import json
from collections.abc import Container, Iterator
from contextlib import closing
from dataclasses import asdict
from typing import Any

from playground import limits
from playground.engine.records import read_record, record_head
from playground.engine.requests import (
    Ended,
    GenerateRequest,
    Loading,
    Prefill,
    ReadRequest,
    Replayed,
    ReplayRequest,
    Started,
    Token,
)
from playground.errors import InvalidRequest, PlaygroundError
from playground.generation.options import SamplingOptions
from playground.ui.boundary import REFRESH_SECONDS
from playground.ui.pacing import Pace
from playground.ui.story import MOST_CHARACTERS, run_value, token_value
from playground.ui.wording import count_words, ended_words, loading_words

LIGHT = 250  # tokens; a longer text is refreshed less often, since the page takes in all of it each time


def run_name(value: Any) -> str:
    """The name of a run as the page made it up."""
    return str(value)[:MOST_CHARACTERS]


def stream(engine: Any, request: GenerateRequest, name: str, stops: Container[str] = ()) -> Iterator[dict[str, Any]]:
    """The story's news while ``request`` runs, every ``REFRESH_SECONDS`` or, of long texts, less often.

    Closing it stops the work, and so does ``name``, the run's, among the ``stops``.
    """
    parts = [{"options": asdict(request.rows[0]), "given": len(request.given), "count": None}]
    return _news(engine, request, request.model, parts, name, stops)


def replay(engine: Any, text: Any, name: str, stops: Container[str] = ()) -> Iterator[dict[str, Any]]:
    """As :func:`stream`, for the recorded run in a file's ``text``; the last status says whether it is the same.

    Raises:
        InvalidRequest: the text is no recorded run.
    """
    request = ReplayRequest(_document(text))
    record = read_record(request.document)
    parts = [
        {"options": asdict(asked.rows[0]), "given": len(asked.given), "count": len(ids)} for asked, ids in record.parts
    ]
    return _news(engine, request, record.model, parts, name, stops)


def _news(
    engine: Any, request: Any, model: str, parts: list[dict[str, Any]], name: str, stops: Container[str]
) -> Iterator[dict[str, Any]]:
    tokens: list[str] = []
    status, head, end, first, pace = "Waiting …", None, None, None, Pace(REFRESH_SECONDS)

    def news(running: bool = False) -> dict[str, Any]:
        return run_value(name, status, running, tokens, head, parts, end)

    try:
        with closing(engine.run(request)) as events:
            for event in events:
                if name in stops:
                    status = f"{status} · stopped by you"
                    yield news()
                    return
                if isinstance(event, Loading):
                    status = loading_words(event)
                elif isinstance(event, Started):
                    head = json.dumps(record_head(model, event))
                elif isinstance(event, Prefill):
                    status = "Reading the prompt …" if event.done < event.total else "Writing …"
                elif isinstance(event, Token):
                    tokens.append(token_value(event.step))
                    first = event.seconds if first is None else first
                    status = count_words(len(tokens), event.seconds - first)
                elif isinstance(event, Ended):
                    status, end = ended_words(event), event.reason
                    continue
                elif isinstance(event, Replayed):
                    status = replayed_words(event, len(tokens))
                    continue
                if pace.due(max(1.0, len(tokens) / LIGHT), begun=bool(tokens)):
                    with pace.sending():
                        yield news(running=True)
        yield news()
    except PlaygroundError as error:
        status = str(error)
        yield news()
        raise


def replayed_words(event: Replayed, tokens: int) -> str:
    """How a replay ended, in words."""
    if event.same:
        return f"{tokens} token{'s' * (tokens != 1)}, the same as in the file, every one"
    return f"From token {event.first_difference + 1:,} on another text than in the file: other versions or machine?"


def read(engine: Any, model: Any, ids: Any, start: Any, options: SamplingOptions, name: str) -> Iterator[dict]:
    """The tokens of a text that is there already, from ``start`` on, with all that could have come instead."""
    request = ReadRequest(model, listed_ids(ids), options, start=start)
    tokens: list[str] = []
    with closing(engine.run(request)) as events:
        for event in events:
            if isinstance(event, Token):
                tokens.append(token_value(event.step))
            elif isinstance(event, Loading | Prefill):
                yield {"run": name, "tokens": []}  # a place to stop
    yield {"run": name, "start": start, "tokens": tokens}


def continued(model: Any, ids: Any, given: Any, options: SamplingOptions) -> GenerateRequest:
    """What goes on after ``ids`` with the tokens ``given``, both as the page sent them."""
    return GenerateRequest(model, listed_ids(ids), (options,), given=listed_ids(given))


def listed_ids(values: Any) -> tuple[Any, ...]:
    """Token ids as the page sent them, in a list; the requests check each.

    Raises:
        InvalidRequest: no list, or one that is too long.
    """
    if not isinstance(values, list) or len(values) > limits.PROMPT_TOKENS:
        raise InvalidRequest(f"Token ids must be a list of at most {limits.PROMPT_TOKENS:,}.")
    return tuple(values)


def _document(text: Any) -> dict[str, Any]:
    if not isinstance(text, str) or len(text) > limits.RECORD_BYTES:
        raise InvalidRequest(f"A recorded run has at most {limits.RECORD_BYTES:,} bytes. Choose a file saved here.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequest("This file is no JSON. Choose a run that was downloaded here.") from None
    if not isinstance(document, dict):
        raise InvalidRequest("This file holds no recorded run. Choose one that was downloaded here.")
    return document
