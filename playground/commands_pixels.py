"""The command ``reconstruct``: hide patches of a text drawn for a PIXEL model and write the pictures to a file."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playground.errors import InvalidRequest

# Torch and numpy are imported where they are used: --help need not wait for them.
if TYPE_CHECKING:
    from playground.engine.patch_requests import Reconstructed


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
        longest: Annotated[int, typer.Option(help="For the kind span: patches of the longest one.")] = 6,
        spacing: Annotated[str, typer.Option(help="Free patches around a span; span: as many as it is long.")] = "span",
        as_published: Annotated[
            bool, typer.Option("--as-published", help="Show raw predictions, as the published demo does.")
        ] = False,
        dtype: Annotated[str | None, typer.Option(help="float32 (default), bfloat16 or float16.")] = None,
        models: Annotated[list[str] | None, typer.Option("--models", help="More checkpoints: folders or ids.")] = None,
        threads: Annotated[int | None, typer.Option(help="Threads for computing; by default torch's choice.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    ) -> None:
        """Hide patches of a text, let a PIXEL model reconstruct them, and write the pictures."""
        from playground.engine.patch_records import record_reconstruction
        from playground.engine.patch_requests import ReconstructRequest
        from playground.pixels.masking import MaskOptions

        free = spacing if spacing == "span" else _number(spacing)
        options = MaskOptions(ratio, kind, seed, over, free, every, _numbers(patches), longest)
        wanted = read(text, None)
        with start(models, threads) as engine:
            request = ReconstructRequest(open_model(engine, model, None, dtype, None), wanted, options)
            answer = engine.answer(request)
        shown = "as_published" if as_published else "on_the_page"
        _write(answer, shown, out)
        if as_json:
            document = record_reconstruction(request, answer) | {"picture": str(out), "shown": shown}
            print(json.dumps(document, ensure_ascii=False, allow_nan=False), flush=True)
            return
        loss = "" if answer.loss is None else f" Loss {answer.loss:.4f}."
        print(f"{out}: {answer.summary}{loss}")
        print(answer.rules[shown])
        for note in answer.notes:
            print(f"- {note}")
        if answer.reading:
            right = sum(read.right for read in answer.reading)
            print(f"Read back: {right} of {len(answer.reading)} hidden patches are right.")


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidRequest(f"--spacing must be a whole number or span, not {text[:40]!r}.") from None


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise InvalidRequest(f"--patches must be whole numbers such as '3 4 7', not {text[:40]!r}.") from None


def _write(answer: "Reconstructed", shown: str, out: Path) -> None:
    import io

    import numpy as np
    from PIL import Image

    from playground.pixels.pictures import sheet

    lines = [np.asarray(Image.open(io.BytesIO(answer.pictures[name]))) for name in ("original", "masked", shown)]
    try:
        Image.fromarray(sheet(lines, answer.shown)).save(out, format="PNG", optimize=True)
    except OSError as error:
        raise InvalidRequest(f"{out} cannot be written: {error.strerror or error}. Choose another file.") from None
