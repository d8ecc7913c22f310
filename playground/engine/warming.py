"""What a first answer needs is made ready before anybody asks.

A first token waits for imports, for a choice among decode paths that may have to be timed, and for the path's own
tables. All of that is done where a person waits anyway, as the last stage of a load, and the first model is loaded
while the page is already there.
"""

import logging
import threading
from typing import Any
from weakref import ref

import torch

from playground.decode import compiling
from playground.decode.paths import is_settled
from playground.engine.requests import LoadRequest, ModelsRequest
from playground.errors import PlaygroundError
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample

log = logging.getLogger(__name__)
STAGE = "getting ready"
TOKENS = SamplingOptions(max_new_tokens=2, temperature=0.8, top_p=0.95, stop_ids=())  # the page's own settings


def make_ready(model: Any) -> None:
    """Let a model that was just loaded write two tokens for nobody.

    Where its kernel is still being compiled, a thread waits for that, and then makes it ready too.
    """
    if "generate" not in model.abilities:
        return
    try:
        for _ in sample(model, [0], TOKENS):
            pass
        settled = is_settled(model.network)
    except PlaygroundError as error:  # told to the person who asks this model for a text
        log.info("%s did not get ready: %s", model.card.name, error)
        return
    if not settled:
        dtype = next(model.network.parameters()).dtype
        threading.Thread(target=_when_compiled, args=(ref(model), dtype), name="getting ready", daemon=True).start()


def _when_compiled(model: ref[Any], dtype: torch.dtype) -> None:
    """Wait for the kernel, and take it into use unless the model was removed meanwhile."""
    if compiling.wait(dtype) and (there := model()) is not None:
        make_ready(there)


def load_first(engine: Any) -> threading.Thread | None:
    """Begin to load the demo that the page offers first; None if there is none. What goes wrong is for the log."""
    models = engine.answer(ModelsRequest()).models
    name = next((state.name for state in models if state.kind == "demo" and "generate" in state.abilities), None)
    if name is None:
        return None

    def load() -> None:
        try:
            engine.answer(LoadRequest(name))
        except PlaygroundError as error:
            log.info("%s was not loaded ahead: %s", name, error)

    thread = threading.Thread(target=load, name=f"ahead {name}", daemon=True)
    thread.start()
    return thread
