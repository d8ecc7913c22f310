"""What a card is made of: sections that measure a checkpoint, and write down what was measured."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from playground.evaluation.card.facts import Facts, Run
from playground.evaluation.card.split import SplitFolder

MOST = 1_500  # held-out texts of each source that a card's measures are taken on
SAMPLE = 24  # of them that come with the checkpoint, so that anyone can repeat the measure


@dataclass(frozen=True)
class Subject:
    """A checkpoint whose card is written: the loaded ``model`` in its ``folder``, and all that is known about it.

    Attributes:
        name: of the checkpoint. stored: the dtype of its weights in the file.
        pairs: files of word pairs, for a Backpack.
        report: told what is being done.
    """

    folder: Path
    name: str
    model: Any
    stored: str
    facts: Facts
    run: Run
    split: SplitFolder
    pairs: tuple[Path, ...] = ()
    report: Callable[[str], None] = lambda stage: None

    @property
    def reads_pictures(self) -> bool:
        return "reconstruct" in self.model.abilities

    @cached_property
    def held_out(self) -> dict[str, list[str]]:
        """The held-out texts that are measured, by source; single sentences for a model that reads pictures."""
        return self.split.held_out(MOST, cut=self.reads_pictures)

    @property
    def sample(self) -> dict[str, list[str]]:
        """Those that come with the checkpoint: the first ``SAMPLE`` of each source."""
        return {name: texts[:SAMPLE] for name, texts in self.held_out.items()}


@dataclass(frozen=True)
class Part:
    """Markdown, and the numbers in it that were counted or measured, by name and as they are written."""

    text: str
    numbers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """``measure`` gives plain data, which measures.json keeps under ``key``; ``write`` gives a part of the card."""

    write: Callable[[Subject, Any], Part]
    key: str | None = None
    measure: Callable[[Subject], Any] | None = None
