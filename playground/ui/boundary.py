"""Where errors meet the screen: a line for the person, a traceback for the log, never the one in place of the other."""

import functools
import html
import inspect
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from playground.errors import InvalidRequest, PlaygroundError

log = logging.getLogger(__name__)

REFRESH_SECONDS = 0.05  # at most so often does what a stream shows travel to the browser
TOAST_SECONDS = 12
GENERATIONS = "generations"  # what all generations share: a concurrency limit
READERS = {"concurrency_id": "readers", "concurrency_limit": 4}  # shared by all that only read a text


@contextmanager
def shown_errors(toast: bool = True) -> Iterator[None]:
    """Turn a :class:`PlaygroundError` into a line for the person, and any other error into an id that the log explains.

    A ``toast`` is drawn as markup, so its line is escaped; a client of the API gets the line as it is.
    """
    try:
        yield
    except gr.Error:
        raise
    except PlaygroundError as error:
        line = html.escape(str(error)) if toast else str(error)
        raise gr.Error(line, duration=TOAST_SECONDS, print_exception=False) from None
    except Exception:
        name = uuid.uuid4().hex[:8]
        log.exception("Internal error %s", name)
        raise gr.Error(
            f"Internal error {name}: something that should not happen. The log says more; the page goes on working.",
            duration=TOAST_SECONDS,
            print_exception=False,
        ) from None


def handler(function: Callable[..., Any], toast: bool = True) -> Callable[..., Any]:
    """Wrap an event handler, plain or generator, in :func:`shown_errors`; its signature stays what it was."""
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def stream(*args: Any, **kwargs: Any) -> Iterator[Any]:
            with shown_errors(toast):
                yield from function(*args, **kwargs)

        return stream

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with shown_errors(toast):
            return function(*args, **kwargs)

    return call


def checked_tokenizer(given: Any, local: bool) -> Any:
    """The tokenizer that a person named, or None; on a server it must be a Hub id, so that nobody probes its files.

    Raises:
        InvalidRequest: a path where only Hub ids are allowed.
    """
    if isinstance(given, str):
        given = given.strip() or None
    if given is not None and not local:
        parts = str(given).split("/")
        if len(parts) != 2 or not all(part and not part.startswith((".", "~")) for part in parts):
            raise InvalidRequest("On this server a tokenizer can only be given as a Hub id, such as owner/name.")
    return given
