"""``python -m playground.training.split <recipe> --data DIR --out DIR`` writes the text that a recipe's run sees, and
the text that it never sees, for measuring the finished checkpoint.

``OUT/held-out/<source>.jsonl`` and ``OUT/train/<source>.jsonl`` hold an object ``{"source", "text"}`` a line: single
stories or sentences, and documents as they are trained on. ``OUT/attribution/<folder>.tsv`` are the lists of authors
that corpora bring along as ``ATTRIBUTION.tsv``. ``OUT/split.json`` says how the split was made and counts it.
"""

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from playground.errors import PlaygroundError
from playground.training.corpus import Source, split_corpora
from playground.training.recipes import find_recipe

SHARE = 0.02  # of all texts are held out, as in training


def write_split(recipe: str, sources: tuple[Source, ...], seed: int, data: Path, out: Path) -> dict[str, dict]:
    """Split ``sources`` below ``data`` as a run with that ``seed`` does, write it to ``out``; return the counts.

    Raises:
        PlaygroundError: as :func:`~playground.training.corpus.split_corpora`.
    """
    splits = split_corpora(data, sources, SHARE, seed)
    weights = sum(source.weight for source in sources)
    counts = {}
    for source in sources:
        split = splits[source.name]
        counts[source.name] = {
            "folders": source.folders,
            "separator": source.separator,
            "weight": source.weight / weights,
            "train": len(split.train),
            "held_out": len(split.held_out),
        }
        for part, texts in (("train", split.train), ("held-out", split.held_out)):
            _write_lines(out / part / f"{source.name}.jsonl", ({"source": source.name, "text": text} for text in texts))
    for folder in dict.fromkeys(folder for source in sources for folder in source.folders):
        if (authors := data / folder / "ATTRIBUTION.tsv").is_file():
            (out / "attribution").mkdir(exist_ok=True)
            shutil.copyfile(authors, out / "attribution" / f"{folder}.tsv")
    record = {"recipe": recipe, "held_out_share": SHARE, "seed": seed, "sources": counts}
    (out / "split.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return counts


def _write_lines(path: Path, records: Iterable[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def main(
    recipe: Annotated[str, typer.Argument(help="The recipe whose text is split.")],
    data: Annotated[Path, typer.Option(help="Folder that holds the corpora, one sub-folder each.")],
    out: Annotated[Path, typer.Option(help="Folder for what is written.")],
) -> None:
    """Write the training and the held-out text of RECIPE to OUT."""
    try:
        chosen = find_recipe(recipe)
        counts = write_split(chosen.name, chosen.sources, chosen.seed, data, out)
    except PlaygroundError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    for name, count in counts.items():
        print(f"{name}: {count['train']:,} training documents, {count['held_out']:,} held-out texts")


if __name__ == "__main__":
    typer.run(main)
