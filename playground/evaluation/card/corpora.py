"""What may be said about the corpora, by the folders they lie in: what they are, their licences, whom to thank."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from playground.errors import InvalidRequest

FILE = Path(__file__).with_name("corpora.json")


@dataclass(frozen=True)
class Corpus:
    """One corpus: ``folders`` that hold it, its ``title`` in tables, a sentence of ``text``, ``licence`` and, where
    that asks for it, ``attribution``; all Markdown."""

    folders: tuple[str, ...]
    title: str
    text: str
    licence: str
    attribution: str = ""


@cache
def known_corpora() -> tuple[Corpus, ...]:
    """Every corpus of corpora.json."""
    stated = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(Corpus(**entry | {"folders": tuple(entry["folders"])}) for entry in stated.values())


def corpora_in(folders: Iterable[str]) -> tuple[Corpus, ...]:
    """The corpora that lie in ``folders``, each once.

    Raises:
        InvalidRequest: nothing is known about a folder.
    """
    by_folder = {folder: corpus for corpus in known_corpora() for folder in corpus.folders}
    folders = list(folders)
    unknown = next((folder for folder in folders if folder not in by_folder), None)
    if unknown is not None:
        raise InvalidRequest(f"The licence of the corpus {unknown} is not known. Add it to {FILE.name}.")
    return tuple(dict.fromkeys(by_folder[folder] for folder in folders))


def title_of(folders: Iterable[str]) -> str:
    """How tables call what lies in ``folders``."""
    return " and ".join(corpus.title for corpus in corpora_in(folders))
