"""The folder that ``python -m playground.training.split`` writes: a recipe's text, training and held out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playground.checkpoints.files import read_json
from playground.errors import DamagedFile
from playground.evaluation.texts import read_texts


@dataclass(frozen=True)
class SplitSource:
    """One source of a recipe: its ``folders`` of corpora, what parts their texts, and its share of the training."""

    name: str
    folders: tuple[str, ...]
    separator: str
    weight: float
    train: int
    held_out: int


@dataclass(frozen=True)
class SplitFolder:
    """The folder, and what its split.json says."""

    folder: Path
    recipe: str
    held_out_share: float
    sources: tuple[SplitSource, ...]

    def held_out(self, most: int | None = None, cut: bool = False) -> dict[str, list[str]]:
        """The first ``most`` held-out texts of each source that has any; ``cut`` into sentences if asked."""
        separator = "sentence" if cut else None
        return {
            source.name: read_texts(self.folder / "held-out" / f"{source.name}.jsonl", separator, most)[source.name]
            for source in self.sources
            if source.held_out
        }

    def training_documents(self) -> Iterator[str]:
        """Every document that training reads."""
        for source in self.sources:
            if source.train:
                yield from read_texts(self.folder / "train" / f"{source.name}.jsonl")[source.name]

    def authors(self) -> list[str]:
        """Lines ``title, author, licence``, parted by tabs: the last three columns of the corpora's own lists."""
        lines: list[str] = []
        for file in sorted((self.folder / "attribution").glob("*.tsv")):
            rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
            lines += ["\t".join(row[-3:]) for row in rows]
        return list(dict.fromkeys(lines))


def read_split(folder: Path) -> SplitFolder:
    """Open such a folder.

    Raises:
        MissingFile, DamagedFile: it was not written by that command.
    """
    stated = read_json(folder / "split.json")
    try:
        sources = tuple(_source(name, values) for name, values in stated["sources"].items())
        return SplitFolder(folder, stated["recipe"], stated["held_out_share"], sources)
    except (KeyError, TypeError, AttributeError):
        raise DamagedFile(
            f"{folder / 'split.json'} was not written by python -m playground.training.split. Run that."
        ) from None


def _source(name: str, values: dict[str, Any]) -> SplitSource:
    return SplitSource(name, **values | {"folders": tuple(values["folders"])})
