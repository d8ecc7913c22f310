"""From the edits that a request asks for to edits that a model takes, what topics need made ready on the way."""

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import Any

from playground.engine.requests import Loading
from playground.senses.edit_documents import resolve_edits
from playground.senses.edits import Edit, topic_steps


def resolved(
    model: Any, name: str, edits: Sequence[Edit | Mapping[str, Any]]
) -> Generator[Loading, None, tuple[Edit, ...]]:
    """``edits``, objects and documents, as objects.

    A topic needs every sense compared with its words, and the first one asked of a loaded model with every word, which
    takes seconds in a demo and far longer in a large model. Both are told as stages of loading, and can be stopped.

    Raises:
        InvalidRequest: edits that do not suit the model.
    """
    found = resolve_edits(model, edits)
    if found:
        began = time.monotonic()
        with closing(topic_steps(model.network, found)) as steps:
            for stage, done, total in steps:
                yield Loading(name, stage, done / total, time.monotonic() - began)
    return found
