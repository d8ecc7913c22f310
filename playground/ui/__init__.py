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

# gradio reads these when it is first imported.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "100")  # else it sums up all calls after every one


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


def _know_signatures(kind: type) -> None:
    """Keep the signatures of ``kind`` and all its subclasses with them: each new session asks for every component's."""
    own = vars(kind).get("__init__")
    if inspect.isfunction(own):
        own.__signature__ = inspect.signature(own)
    for inner in kind.__subclasses__():
        _know_signatures(inner)


if "gradio" not in sys.modules:
    with _without_sources("gradio"):
        import gradio.blocks
    _know_signatures(gradio.blocks.Block)

if find_spec("bokeh") is None:
    # For each plot and each session Gradio tries to import it, which costs every call of the API 10 ms. Say no at once.
    sys.modules["bokeh"] = None
