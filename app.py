"""Opens the playground: ``python app.py``. Hugging Face Spaces run this file; its page is ``demo``."""

import gc
import logging
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from playground.engine.local import LocalEngine, open_engine
from playground.engine.warming import load_first
from playground.errors import PlaygroundError
from playground.settings import Settings, load_settings
from playground.ui.app import build_page, launch_options

if TYPE_CHECKING:
    import gradio as gr  # at run time playground.ui is the first to import it

demo: "gr.Blocks"


def open_page(settings: Settings) -> "tuple[gr.Blocks, LocalEngine]":
    """The page, and the new engine that it is over."""
    engine = open_engine(settings, ready=True)
    return build_page(engine, settings), engine


def main(
    models: Annotated[list[str] | None, typer.Option(help="More checkpoints: a folder, a file or a Hub id.")] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on; 0.0.0.0 for all.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; by default the first free one from 7860.")] = None,
    memory_gb: Annotated[float | None, typer.Option(help="Memory that models may take, in GB.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads for computing; by default torch's own choice.")] = None,
    decode: Annotated[
        str | None,
        typer.Option(
            help="How token steps are computed: plain, torch, compiled, int8 or graph; by default the fastest."
        ),
    ] = None,
    device: Annotated[str | None, typer.Option(help="Where language models compute: cpu, cuda or auto.")] = None,
    browser: Annotated[bool | None, typer.Option(help="Open a browser; by default only on a desktop.")] = None,
) -> None:
    """Open the playground in a browser. Every flag can also be set as an environment variable PLAYGROUND_…"""
    global demo
    try:
        settings = load_settings(
            models=tuple(models) if models else None, host=host, port=port, memory_gb=memory_gb, threads=threads,
            decode=decode, device=device, browser=browser,
        )  # fmt: skip
        demo, engine = open_page(settings)
        demo.launch(**launch_options(settings), prevent_thread_lock=True)
        gc.freeze()  # what is there now stays: looking through all of it takes a quarter of a second each time
        if settings.preload:
            load_first(engine)
        demo.block_thread()
    except PlaygroundError as error:
        sys.exit(f"Error: {error}")
    except OSError as error:
        logging.getLogger(__name__).info("%s", error)
        where = f"{settings.host}, port {settings.port or '7860 and the next 100'}"
        sys.exit(f"Error: The page cannot be opened on {where}: taken, or not this machine's. Try --port or --host.")


def log_level() -> str:
    """How much is logged, as PLAYGROUND_LOG says."""
    level = os.environ.get("PLAYGROUND_LOG", "WARNING").upper()
    if level not in logging.getLevelNamesMapping():
        sys.exit(f"Error: PLAYGROUND_LOG is {level!r}; it must be DEBUG, INFO, WARNING, ERROR or CRITICAL.")
    return level


if __name__ == "__main__":
    logging.basicConfig(level=log_level(), format="%(levelname)s %(name)s: %(message)s")
    typer.run(main)
else:
    demo, _ = open_page(load_settings())
