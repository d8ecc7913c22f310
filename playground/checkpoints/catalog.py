"""Which checkpoints exist: the demos that come with the project, the user's folders, and the published ones."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from playground.checkpoints.families import families, recognise
from playground.checkpoints.hub import means_repo
from playground.checkpoints.loader import existing_path, find_weights, open_bundle
from playground.errors import MissingFile, PlaygroundError

WEIGHT_SUFFIXES = (".safetensors", ".pt", ".bin")
CONFIG_FILES = ("config.json", "manifest.json", "pixel_model_config.json")  # what makes a folder one checkpoint
README_CHARACTERS = 20_000
SENTENCE_END = re.compile(r"(?<!\bal)\. (?=\W*[A-Z0-9])")  # not that of "et al."
DESCRIPTION_CHARACTERS = 160


@dataclass(frozen=True)
class CatalogEntry:
    """A checkpoint that can be loaded by name.

    Attributes:
        ref: a folder, a file, or a Hub id.
        kind: "demo", "folder" or "hub".
        description: a line for people.
        family: its family, where that is known before the download.
        abilities: what that family can do; empty if the family is unknown.
    """

    name: str
    ref: Path | str
    kind: str
    description: str
    family: str | None = None
    abilities: tuple[str, ...] = ()


class Catalog(Mapping[str, CatalogEntry]):
    """Entries by name, demos first."""

    def __init__(self, entries: Iterable[CatalogEntry]):
        self._entries: dict[str, CatalogEntry] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: CatalogEntry) -> CatalogEntry:
        """Add an entry; a name that is taken gets a number. An entry of the same reference is kept as it is."""
        known = next((old for old in self._entries.values() if str(old.ref) == str(entry.ref)), None)
        if known is not None:
            return known
        name, number = entry.name, 2
        while name in self._entries:
            name, number = f"{entry.name} ({number})", number + 1
        entry = replace(entry, name=name)
        self._entries[name] = entry
        return entry

    def find(self, ref: str | Path) -> CatalogEntry:
        """The entry of a catalogue name, or a new one for a path or Hub id.

        Raises:
            MissingFile: ``ref`` is none of these.
        """
        if str(ref) in self._entries:
            return self._entries[str(ref)]
        path = existing_path(ref)
        if path is not None:
            return self.add(on_disk(str(ref), path, "folder"))
        if means_repo(ref):
            return self.add(CatalogEntry(str(ref), str(ref), "hub", "a repository on the Hugging Face Hub"))
        known = ", ".join(self._entries)
        raise MissingFile(f"{str(ref)!r} is no path, no Hub id and no known name. Known names: {known or 'none'}.")

    def __getitem__(self, name: str) -> CatalogEntry:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._entries))  # a copy: other threads may add while one iterates

    def __len__(self) -> int:
        return len(self._entries)


def build_catalog(demos: Path, more: Iterable[str] = ()) -> Catalog:
    """The catalogue of the ``demos`` folder, ``more`` folders, files and Hub ids, and the published checkpoints.

    Raises:
        MissingFile: one of ``more`` does not exist or holds no checkpoint.
    """
    entries = list(scan(demos, "demo"))
    for ref in more:
        path = existing_path(ref)
        if path is not None:
            found = list(scan(path, "folder"))
            if not found:
                raise MissingFile(f"{ref} holds no checkpoint: neither weights nor folders with weights were found.")
            entries += found
        elif means_repo(ref):
            entries.append(CatalogEntry(ref, ref, "hub", "a repository on the Hugging Face Hub"))
        else:
            raise MissingFile(f"{ref!r}, given as models, is neither a folder, a file nor a Hub id.")
    for family in families():
        for repository, published in family.published.items():
            text = f"{published.description}; {published.parameters / 1e6:,.0f} million parameters"
            abilities = tuple(sorted(family.abilities))
            entries.append(CatalogEntry(repository, repository, "hub", text, family.name, abilities))
    return Catalog(entries)


def scan(path: Path, kind: str) -> Iterator[CatalogEntry]:
    """The checkpoints in a folder: itself if it is one, the sub-folders that are, and weight files that lie about.

    What cannot be read is listed too: loading it says why.
    """
    if path.is_file():
        yield on_disk(path.stem, path, kind)
        return
    try:
        inside = sorted(path.iterdir())
    except OSError:
        return
    own = weights_in(path)
    folders = [child for child in inside if child.is_dir() and weights_in(child) is not None]
    others = [child for child in folders if own is None or child not in own.parents]
    loose = [file for file in inside if file.is_file() and file.suffix in WEIGHT_SUFFIXES]
    described = any((path / name).is_file() for name in CONFIG_FILES)
    if own is not None and (described or (not others and len(loose) < 2)):
        yield on_disk(path.resolve().name, path, kind)
        folders, loose = others, []
    for child in folders:
        yield on_disk(child.name, child, kind)
    for file in loose:
        yield on_disk(file.stem, file, kind)


def weights_in(folder: Path) -> Path | None:
    """As :func:`find_weights`; in a folder whose manifest cannot be read, that manifest."""
    try:
        return find_weights(folder)
    except PlaygroundError:
        return folder / "manifest.json"
    except OSError:
        return None


def on_disk(name: str, path: Path, kind: str) -> CatalogEntry:
    """The entry of a folder or file. Only headers are read; what cannot be read is listed all the same, and says why
    when somebody loads it."""
    text = description(path)
    try:
        family = recognise(open_bundle(path))
    except PlaygroundError:
        return CatalogEntry(name, path.resolve(), kind, text)
    return CatalogEntry(name, path.resolve(), kind, text, family.name, tuple(sorted(family.abilities)))


def description(folder: Path) -> str:
    """The first sentence of the folder's README.md, or what it is."""
    plainly = "a checkpoint folder" if folder.is_dir() else "a weights file"
    path = folder / "README.md"
    try:
        if not path.is_file():
            return plainly
        with path.open(encoding="utf-8", errors="replace") as readme:
            text = readme.read(README_CHARACTERS)
    except OSError:
        return plainly
    if text.startswith("---"):
        text = text.split("---", 2)[-1]  # front matter
    lines = [line.strip() for line in text.splitlines()]
    paragraph: list[str] = []
    for line in lines:
        if line and not line.startswith(("#", "|", "!", "<", "-", "`")):
            paragraph.append(line)
        elif paragraph:
            break
    first = SENTENCE_END.split(" ".join(paragraph))[0].rstrip(".")
    if len(first) > DESCRIPTION_CHARACTERS:
        first = first[: DESCRIPTION_CHARACTERS - 2].rsplit(" ", 1)[0] + " …"
    return first or plainly
