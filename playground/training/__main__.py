"""``python -m playground.training <recipe> --data DIR --out DIR`` trains a demo.

It is written to ``OUT/checkpoint`` in the file layout that its family publishes, with the thinned curve beside it.
"""

import sys
from dataclasses import replace
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
    start: Annotated[
        Path | None,
        typer.Option(help="Train a finished checkpoint of RECIPE on: its folder. The rate falls from then on."),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps in all, in place of the recipe's number.")] = None,
    rate: Annotated[float, typer.Option(min=0.001, max=2.0, help="Share of the recipe's learning rates.")] = 1.0,
    seed: Annotated[int | None, typer.Option(min=0, help="In place of the recipe's: other batches.")] = None,
) -> None:
    """Train RECIPE, continuing what OUT already holds, and export it to OUT/checkpoint."""
    if threads:
        torch.set_num_threads(threads)
    try:
        chosen = find_recipe(recipe)
        plan = chosen.plan.scaled(rate, steps)
        chosen = replace(chosen, plan=plan.falling() if start else plan, seed=chosen.seed if seed is None else seed)
        trainer = prepare(chosen, data, out, minutes, compiled, start=start)
        measures = trainer.run()
        checkpoint, record = out / "checkpoint", record_run(chosen, trainer.step)
        export(trainer.network, chosen.layout, companions(chosen, out), checkpoint, record)
        thin_curve(out / CURVE, checkpoint / CURVE, before=start / CURVE if start else None)
    except PlaygroundError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    print(", ".join(f"{name} {value:.4f}" for name, value in measures.items()))


if __name__ == "__main__":
    typer.run(main)
