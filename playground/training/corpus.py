"""Text for training: folders of text files in, documents out, with held-out text removed from every source.

A unit (a story, or a single sentence) is held out when the hash of its normalised words falls into a fixed share, so
the same text is held out wherever it occurs, in every corpus and every run. On top of that a training document that
contains a held-out sentence is dropped, and so is a training sentence that occurs in a held-out story.
"""

import hashlib
import lzma
import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playground.errors import DamagedFile, InvalidRequest, MissingFile, name_some

Separator = Literal["marker", "blank", "line"]
MARKER = "<|endoftext|>"
SHORT = 4  # sentences of fewer words stand in every book; holding them out would mean nothing
PLAIN = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2026": "...", "\u00a0": " ", "\ufeff": "", "\r": ""}
)


@dataclass(frozen=True)
class Source:
    """One kind of text in the mix.

    Attributes:
        name: how curves and cards call it.
        folders: sub-folders of the data folder whose text files it reads.
        weight: its share of the training windows, relative to the other sources.
        separator: what parts two units: a line ``<|endoftext|>``, a blank line, or every line end.
        group: for single sentences, about how many make one document (joined by line ends).
    """

    name: str
    folders: tuple[str, ...]
    weight: float
    separator: Separator = "marker"
    group: int = 1


@dataclass(frozen=True)
class Split:
    """Documents of one source: ``train`` (grouped, shuffled) and ``held_out`` (single units)."""

    train: list[str]
    held_out: list[str]


def read_text_files(folder: Path) -> Iterator[str]:
    """The whole text of each ``.txt`` and ``.txt.xz`` file in ``folder``, in order of name.

    Raises:
        MissingFile: if the folder does not exist or holds no text file.
        DamagedFile: if a file is not UTF-8 text or its compression is broken.
    """
    files = sorted([*folder.glob("*.txt"), *folder.glob("*.txt.xz")]) if folder.is_dir() else []
    if not files:
        raise MissingFile(f"There is no .txt or .txt.xz file in {folder}. Put the corpus there, or change --data.")
    for file in files:
        try:
            raw = file.read_bytes()
            yield (lzma.decompress(raw) if file.suffix == ".xz" else raw).decode("utf-8")
        except (lzma.LZMAError, UnicodeDecodeError) as error:
            raise DamagedFile(f"{file} is not readable text ({error}). Fetch the corpus again.") from error


def tidy(text: str) -> str:
    """NFC, straight quotes, single spaces, no blank lines."""
    text = unicodedata.normalize("NFC", text.translate(PLAIN))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def units(text: str, separator: Separator) -> Iterator[str]:
    """The tidied stories or sentences of a file, empty ones left out."""
    pattern = {"marker": rf"^\s*{re.escape(MARKER)}\s*$", "blank": r"^\s*$", "line": r"$"}[separator]
    for part in re.split(pattern, text, flags=re.MULTILINE):
        unit = tidy(part.replace(MARKER, " "))
        if unit:
            yield unit


def normalised(text: str) -> str:
    """Lower-case words of letters and digits, joined by single spaces: what counts as the same text."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def sentences(text: str) -> Iterator[str]:
    """Sentences of a document, cut after closing punctuation and at line ends."""
    for line in text.split("\n"):
        yield from re.split(r"(?<=[.!?])[\"')]*\s+", line)


def in_share(words: str, share: float) -> bool:
    """Whether normalised ``words`` fall into the held-out ``share`` (0 to 1) of all texts."""
    number = int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big")
    return number < share * 2**64


def load_units(data: Path, sources: tuple[Source, ...]) -> dict[str, list[str]]:
    """Every unit of every source, by source name, each normalised text once over all sources.

    Raises:
        MissingFile: naming every folder that is not there.
        InvalidRequest: if a source turns out empty.
    """
    missing = [folder for source in sources for folder in source.folders if not (data / folder).is_dir()]
    if missing:
        raise MissingFile(f"{data} lacks the corpora {name_some(missing)}. Put them there, or change --data.")
    seen: set[str] = set()
    loaded: dict[str, list[str]] = {}
    for source in sources:
        kept = loaded[source.name] = []
        for folder in source.folders:
            for text in read_text_files(data / folder):
                for unit in units(text, source.separator):
                    words = normalised(unit)
                    if words and words not in seen:
                        seen.add(words)
                        kept.append(unit)
        if not kept:
            raise InvalidRequest(f"The corpus {source.name} holds no text. Check its files.")
    return loaded


def split_corpora(data: Path, sources: tuple[Source, ...], share: float = 0.02, seed: int = 0) -> dict[str, Split]:
    """Read ``sources`` below ``data`` and part them into training documents and held-out units.

    Raises:
        MissingFile, DamagedFile, InvalidRequest: as :func:`load_units`.
    """
    loaded = load_units(data, sources)
    single = {source.name: source.separator == "line" for source in sources}
    held: dict[str, list[str]] = {}
    rest: dict[str, list[str]] = {}
    banned_sentences: set[str] = set()  # held-out single sentences: no training document may contain one
    story_sentences: set[str] = set()  # sentences of held-out stories: no training line may equal one
    for name, all_units in loaded.items():
        held[name], rest[name] = [], []
        for unit in all_units:
            words = normalised(unit)
            keep_out = in_share(words, share) and not (single[name] and words.count(" ") + 1 < SHORT)
            (held if keep_out else rest)[name].append(unit)
            if keep_out and single[name]:
                banned_sentences.add(words)
            elif keep_out:
                story_sentences.update(normalised(sentence) for sentence in sentences(unit))
    splits = {}
    for source in sources:
        if single[source.name]:
            train = [unit for unit in rest[source.name] if not _banned_line(normalised(unit), story_sentences)]
        else:
            train = [
                unit
                for unit in rest[source.name]
                if banned_sentences.isdisjoint(normalised(sentence) for sentence in sentences(unit))
            ]
        splits[source.name] = Split(grouped(train, source.group, seed), held[source.name])
    return splits


def _banned_line(words: str, story_sentences: set[str]) -> bool:
    return words.count(" ") + 1 >= SHORT and words in story_sentences


def grouped(train: list[str], size: int, seed: int) -> list[str]:
    """Shuffle units and join runs of 1 to ``2 * size - 1`` of them by line ends."""
    dice = random.Random(seed)
    order = dice.sample(train, len(train))
    if size == 1:
        return order
    documents, at = [], 0
    while at < len(order):
        run = dice.randint(1, 2 * size - 1)
        documents.append("\n".join(order[at : at + run]))
        at += run
    return documents
