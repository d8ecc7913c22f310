"""``python -m playground.evaluation.card CHECKPOINT --data DIR --facts FACTS.json`` measures a demo and writes a card.

DIR is what ``python -m playground.training.split`` wrote for the demo's recipe. README.md, measures.json and
held-out.jsonl are written into the checkpoint's folder, which holds the training's curve.jsonl already.
"""

import sys
from pathlib import Path
from typing import Annotated

import torch
import typer

from playground.checkpoints.loader import LoadOptions, load_model, open_bundle
from playground.errors import PlaygroundError
from playground.evaluation.card.facts import read_facts, read_run
from playground.evaluation.card.section import Subject
from playground.evaluation.card.split import read_split
from playground.evaluation.card.writing import write_card


def stored_dtype(folder: Path) -> str:
    """The dtype of most of a checkpoint's numbers, as its file holds them."""
    sizes: dict[torch.dtype, int] = {}
    for tensor in open_bundle(folder).tensors.values():
        sizes[tensor.dtype] = sizes.get(tensor.dtype, 0) + tensor.numel()
    return str(max(sizes, key=sizes.__getitem__)).removeprefix("torch.")


def main(
    checkpoint: Annotated[Path, typer.Argument(help="The checkpoint's folder, called as the demo is.")],
    data: Annotated[Path, typer.Option(help="The split of its recipe's text.")],
    facts: Annotated[Path, typer.Option(help="What the card says that cannot be measured.")],
    similarity: Annotated[list[Path] | None, typer.Option(help="Word pairs, for a Backpack; repeat.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads; samples are promised for one.")] = 1,
) -> None:
    """Measure the demo in CHECKPOINT and write its card."""
    torch.set_num_threads(threads)
    try:
        subject = Subject(
            checkpoint,
            checkpoint.resolve().name,
            load_model(checkpoint, LoadOptions("float32"), name=checkpoint.resolve().name),
            stored_dtype(checkpoint),
            read_facts(facts),
            read_run(checkpoint),
            read_split(data),
            tuple(similarity or ()),
            lambda stage: print(stage, file=sys.stderr, flush=True),
        )
        measured = write_card(subject)
    except PlaygroundError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    print(", ".join(f"{name}: {number}" for name, number in measured["card"].items()))


if __name__ == "__main__":
    typer.run(main)
