"""``python -m playground.training <recipe> --data DIR --out DIR`` trains a demo.

It is written to ``OUT/checkpoint`` in the file layout that its family publishes, with the thinned curve beside it.
"""

import sys
from pathlib import Path
from typing import Annotated

import torch
import typer

from playground.errors import PlaygroundError
from playground.training.export import export
from playground.training.export.curve import thin_curve
from playground.training.export.run_record import companions, record_run
from playground.training.recipes import find_recipe
from playground.training.run import prepare
from playground.training.trainer import CURVE


def main(
    recipe: Annotated[str, typer.Argument(help="The demo to train, or smoke for a trial of seconds.")],
    data: Annotated[Path, typer.Option(help="Folder that holds the corpora, one sub-folder each.")],
    out: Annotated[Path, typer.Option(help="Folder for the curve, the run's state and the finished checkpoint.")],
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Finish within this time, all sessions counted.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; torch decides without it.")] = None,
    compiled: Annotated[bool, typer.Option("--compile", help="Use torch.compile; it needs a C++ compiler.")] = False,
) -> None:
    """Train RECIPE, continuing what OUT already holds, and export it to OUT/checkpoint."""
    if threads:
        torch.set_num_threads(threads)
    try:
        chosen = find_recipe(recipe)
        trainer = prepare(chosen, data, out, minutes, compiled)
        measures = trainer.run()
        checkpoint, record = out / "checkpoint", record_run(chosen, trainer.step)
        export(trainer.network, chosen.layout, companions(chosen, out), checkpoint, record)
        thin_curve(out / CURVE, checkpoint / CURVE)
    except PlaygroundError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    print(", ".join(f"{name} {value:.4f}" for name, value in measures.items()))


if __name__ == "__main__":
    typer.run(main)
