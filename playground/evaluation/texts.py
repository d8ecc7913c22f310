"""Text to measure on: what files hold, taken as it is.

A ``.txt`` or ``.txt.xz`` file is one text, or is parted at line ends, blank lines or lines ``<|endoftext|>``. A
``.jsonl`` file holds one JSON object a line, the text under "text" and, if it has several kinds of text, a name for
each under "source". Both can be parted into sentences as well. Blank space around a text is dropped, nothing within it
is changed.
"""

import json
import lzma
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from playground.errors import DamagedFile, InvalidRequest, MissingFile

MARKER = "<|endoftext|>"
SEPARATORS = ("line", "blank", "marker", "sentence")
SUFFIXES = (".txt", ".txt.xz", ".jsonl")
SENTENCE_END = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][\"')]))\s+")


def read_texts(file: Path, separator: str | None = None, most: int | None = None) -> dict[str | None, list[str]]:
    """The non-empty texts of ``file`` by source, in order; None stands for texts of no named source.

    Args:
        separator: what parts the texts of a ``.txt`` file: "line", "blank", "marker", or None for a single text; or
            "sentence", which parts those of any file, at line ends too.
        most: take the first so many texts of each source.

    Raises:
        MissingFile: there is no such file. DamagedFile: it is no UTF-8, broken, or not of the form above.
        InvalidRequest: an unknown separator or suffix, ``most`` below 1, or a file without text.
    """
    if separator is not None and separator not in SEPARATORS:
        raise InvalidRequest(f"separator is {separator!r}; it must be one of {', '.join(SEPARATORS)}, or left out.")
    if most is not None and most < 1:
        raise InvalidRequest(f"{most} texts were asked for, but at least 1 is needed. Give a larger number.")
    if not file.name.endswith(SUFFIXES):
        raise InvalidRequest(f"{file.name} is none of {', '.join(SUFFIXES)}. Give text in one of these forms.")
    if not file.is_file():
        raise MissingFile(f"There is no file {file}. Check the path.")
    texts: dict[str | None, list[str]] = {}
    try:
        if file.suffix == ".jsonl":
            for source, text in _records(file):
                kept = texts.setdefault(source, [])
                kept += islice(sentences(text) if separator == "sentence" else (text,), most and most - len(kept))
        elif found := list(islice(_parts(file, separator), most)):
            texts[None] = found
    except (lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise DamagedFile(f"{file} is not readable text ({error or 'it ends too early'}). Fetch it again.") from None
    except OSError as error:
        raise MissingFile(f"{file} cannot be read: {error.strerror or error}. Check its permissions.") from None
    if not texts:
        raise InvalidRequest(f"{file} holds no text. Give a file with at least one character.")
    return texts


def sentences(text: str) -> Iterator[str]:
    """The sentences of ``text``: cut after closing punctuation and the quotes behind it, and at line ends."""
    for line in text.split("\n"):
        yield from filter(None, map(str.strip, SENTENCE_END.split(line)))


def _lines(file: Path) -> Iterator[str]:
    """Lines without their ends; only line feeds end a line."""
    opener = lzma.open if file.suffix == ".xz" else open
    with opener(file, "rt", encoding="utf-8-sig", newline="\n") as lines:
        for line in lines:
            yield line.removesuffix("\n").removesuffix("\r")


def _parts(file: Path, separator: str | None) -> Iterator[str]:
    gathered: list[str] = []
    for line in _lines(file):
        bare = line.strip()
        if separator == "sentence":
            yield from sentences(bare if bare != MARKER else "")
            continue
        between = (separator == "blank" and not bare) or (separator == "marker" and bare == MARKER)
        if not between:
            gathered.append(line)
        if between or separator == "line":
            yield from _text(gathered)
            gathered = []
    yield from _text(gathered)


def _text(lines: list[str]) -> Iterator[str]:
    if text := "\n".join(lines).strip():
        yield text


def _records(file: Path) -> Iterator[tuple[str | None, str]]:
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            text, source = record["text"].strip(), record.get("source")
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            raise DamagedFile(
                f'Line {number:,} of {file} is not an object {{"text": "…"}}. Mend it, or give another file.'
            ) from None
        if source is not None and not isinstance(source, str):
            raise DamagedFile(f"Line {number:,} of {file} names no source in words but {source!r:.40}. Mend it.")
        if text:
            yield source, text
