"""How the views of the PIXEL lab run a model: each run has a name of its own, made up by the page, and can be stopped.

What arrives late from a run that was stopped, or followed by another of the same view, is not drawn (assets/patches).
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from playground.engine.patch_requests import Working
from playground.engine.requests import Loading
from playground.ui.boundary import GENERATIONS, READERS, REFRESH_SECONDS, handler
from playground.ui.patch_board import LAB, begin, failed, running_value
from playground.ui.patch_form import Form
from playground.ui.story import AGAIN, MOST_CHARACTERS, Stops
from playground.ui.wording import loading_words

QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
STOP = f"() => {LAB}.stop()"
MOST_RUNS = 16  # that one page has under way


def run_name(ticket: Any) -> str:
    """The name of a run, which comes from a browser and may be anything."""
    return str(ticket or "")[:MOST_CHARACTERS]


@dataclass(frozen=True)
class Lab:
    """What all views share: the engine, what is set, and who asked to stop."""

    engine: Any
    form: Form
    stops: Stops
    generations: int

    def wire(
        self, view: str, triggers: Sequence[Any], function: Callable[..., Iterator[Any]], outputs: Sequence[Any],
        more: dict[str, Any] | None = None, long: bool = False,
    ) -> Any:  # fmt: skip
        """Let ``triggers`` begin a run of ``view``, which ``function(run=…, **form, **more)`` streams to ``outputs``.

        Args:
            long: whether it waits its turn with generations.
        """
        ticket = gr.Textbox(visible="hidden", elem_id=f"patch-{view}-ticket")
        gr.on(triggers, None, None, ticket, js=begin(view), **QUIET)
        return self.started(view, lambda **call: gr.on(triggers, **call), ticket, function, outputs, more, long)

    def started(
        self, view: str, on: Callable[..., Any], ticket: gr.Textbox, function: Callable[..., Iterator[Any]],
        outputs: Sequence[Any], more: dict[str, Any] | None = None, long: bool = False,
    ) -> Any:  # fmt: skip
        """As :meth:`wire`, for a run that ``ticket`` names already; ``on(**call)`` says what begins it."""

        @handler
        def run(ticket: str, **chosen: Any) -> Iterator[Any]:
            name = run_name(ticket)
            if not name or name.startswith(AGAIN):
                yield [gr.skip()] * len(outputs) if len(outputs) > 1 else gr.skip()
                return
            yield from function(run=name, **chosen)

        where = {"concurrency_id": GENERATIONS, "concurrency_limit": self.generations} if long else READERS
        begun = on(
            fn=run, inputs_kwargs={"ticket": ticket, **self.form.inputs, **(more or {})}, outputs=[*outputs],
            trigger_mode="multiple", show_progress="hidden", api_visibility="private", **where,
        )  # fmt: skip
        begun.failure(None, None, None, js=failed(view), **QUIET)
        return begun

    def stop_with(self, button: gr.Button) -> None:
        """Let ``button`` end all that the page has under way."""
        names = gr.Textbox(visible="hidden")

        def stop(names: str) -> None:
            try:
                asked = json.loads(names)
            except (TypeError, ValueError, RecursionError):
                return
            for name in asked[:MOST_RUNS] if isinstance(asked, list) else ():
                self.stops.add(name)

        button.click(stop, names, None, js=STOP, **QUIET)

    def follow(self, request: Any, run: str, words: str = "the model is at work") -> Iterator[Any]:
        """The events of ``request`` until somebody stops ``run``; how far it is comes as a value of
        :func:`running_value` instead, not too often. Closing this stops the work."""
        sent = 0.0
        with closing(self.engine.run(request)) as events:
            while run not in self.stops and (event := next(events, None)) is not None:
                if not isinstance(event, Loading | Working):
                    yield event
                elif time.monotonic() - sent >= REFRESH_SECONDS:
                    sent = time.monotonic()
                    loading = isinstance(event, Loading)
                    yield running_value(
                        run, loading_words(event) if loading else f"{words}: {event.done / max(1, event.of):.0%} …"
                    )
