"""The command ``reconstruct``: hide patches of a text drawn for a PIXEL model and write the pictures to a file."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playground.errors import InvalidRequest

# Torch and numpy are imported where they are used: --help need not wait for them.
if TYPE_CHECKING:
    from playground.pixels.reconstruction import Reconstruction


def add_pixel_commands(
    app: typer.Typer,
    start: Callable[..., AbstractContextManager],
    open_model: Callable[..., str],
    read: Callable[[str | None, str | None], Any],
) -> None:
    """Add the commands to ``app``.

    Args:
        start: starts the engine, given more models and threads. open_model: loads a model into it, given the engine,
            reference, tokenizer, dtype and choices, and returns its name. read: a text, or what "-" says.
    """

    @app.command()
    def reconstruct(
        model: Annotated[str, typer.Option("--model", "-m", help="A catalogue name, folder, file or Hub id.")],
        text: Annotated[str, typer.Option("--text", "-t", help="The text to draw; - reads a pipe.")],
        out: Annotated[Path, typer.Option(help="The PNG file to write: original, masked and reconstructed lines.")],
        ratio: Annotated[float, typer.Option(help="The share of patches to hide.")] = 0.25,
        kind: Annotated[str, typer.Option(help="span, random, words, every or manual.")] = "span",
        seed: Annotated[int, typer.Option(help="The same seed hides the same patches.")] = 42,
        over: Annotated[str, typer.Option(help="Count the ratio over the text, or over the whole row.")] = "text",
        every: Annotated[int, typer.Option(help="For the kind every: the distance of hidden patches.")] = 4,
        patches: Annotated[str, typer.Option(help="For the kind manual: the patches to hide, e.g. '3 4 7'.")] = "",
        as_published: Annotated[
            bool, typer.Option("--as-published", help="Show raw predictions, as the published demo does.")
        ] = False,
        dtype: Annotated[str | None, typer.Option(help="float32 (default), bfloat16 or float16.")] = None,
        models: Annotated[list[str] | None, typer.Option("--models", help="More checkpoints: folders or ids.")] = None,
        threads: Annotated[int | None, typer.Option(help="Threads for computing; by default torch's choice.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    ) -> None:
        """Hide patches of a text, let a PIXEL model reconstruct them, and write the pictures."""
        from playground.face import render
        from playground.pixels.masking import MaskOptions
        from playground.pixels.reconstruction import reconstruct as run

        options = MaskOptions(ratio, kind, seed, over, every=every, patches=_numbers(patches))
        wanted = read(text, None)
        with start(models, threads) as engine:
            name = open_model(engine, model, None, dtype, None)
            with engine.manager.lease(name) as loaded:
                result = run(loaded, render(loaded, wanted), options)
                identity = {"model": loaded.card.name, "fingerprint": loaded.card.fingerprint}
        shown = "as_published" if as_published else "on_the_page"
        _write(result, shown, out)
        if as_json:
            document = (
                identity | {"options": asdict(options)} | result.as_json() | {"picture": str(out), "shown": shown}
            )
            print(json.dumps(document, ensure_ascii=False, allow_nan=False), flush=True)
            return
        loss = "" if result.loss is None else f", loss {result.loss:.4f}"
        print(f"{out}: {len(result.hidden)} of {result.strip.num_text_patches} patches hidden{loss}.")
        print(result.rules[shown])
        for note in result.notes:
            print(f"- {note}")


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise InvalidRequest(f"--patches must be whole numbers such as '3 4 7', not {text[:40]!r}.") from None


def _write(result: "Reconstruction", shown: str, out: Path) -> None:
    from PIL import Image

    from playground.pixels.pictures import sheet
    from playground.pixels.reconstruction import computed_patches

    lines = [result.pictures[name] for name in ("original", "masked", shown)]
    try:
        Image.fromarray(sheet(lines, computed_patches(result.strip))).save(out, format="PNG", optimize=True)
    except OSError as error:
        raise InvalidRequest(f"{out} cannot be written: {error.strerror or error}. Choose another file.") from None
