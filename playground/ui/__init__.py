"""The page. The only package that imports gradio; it talks to the engine in requests and events only.

Gradio is imported here first, in a way that takes half its time: for each of its components it parses its own source,
to renew stubs for editors that its package brings along. Classes whose source cannot be found are passed over.
"""

import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # gradio reads it when it is first imported


@contextmanager
def _without_sources(package: str) -> Iterator[None]:
    """Let the sources of the classes of ``package`` not be found."""
    find = inspect.getfile

    def getfile(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith(f"{package}."):
            raise OSError(f"The source of {thing.__name__} is not looked for.")
        return find(thing)

    inspect.getfile = getfile
    try:
        yield
    finally:
        inspect.getfile = find


if "gradio" not in sys.modules:
    with _without_sources("gradio"):
        import gradio  # noqa: F401

if find_spec("bokeh") is None:
    # For each plot and each session Gradio tries to import it, which costs every call of the API 10 ms. Say no at once.
    sys.modules["bokeh"] = None
