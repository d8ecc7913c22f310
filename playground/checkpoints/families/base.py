"""What a family entry consists of, and what it is given to read."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from playground.checkpoints.files import TensorFile, read_json
from playground.errors import InvalidConfig, InvalidRequest, TensorMismatch

WRAPPER_PREFIXES = ("module.", "_orig_mod.", "model.")  # left behind by DataParallel, torch.compile and HF wrappers


@dataclass(frozen=True)
class Bundle:
    """A checkpoint as it lies on disk.

    Attributes:
        folder: where companion files (config, tokenizer) are looked for, besides the weights' own folder.
        weights: the opened weights, or None for a folder that only the ``transformers`` family can read.
    """

    folder: Path
    weights: TensorFile | None

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """The stored tensors, mapped, under their names without wrappers' prefixes where that leaves them distinct."""
        stored = {} if self.weights is None else self.weights.tensors
        short = {name: name for name in stored}
        for name in stored:
            while short[name].startswith(WRAPPER_PREFIXES):
                short[name] = short[name].split(".", 1)[1]
        taken = Counter(short.values())
        return {name if taken[short[name]] > 1 else short[name]: tensor for name, tensor in stored.items()}

    @property
    def content(self) -> Mapping[str, Any]:
        """What a ``.pt`` file holds besides tensors."""
        return {} if self.weights is None else self.weights.content

    @cached_property
    def config(self) -> dict[str, Any]:
        """``config.json``, or an empty dict if there is none."""
        return self.json("config.json")

    def json(self, name: str) -> dict[str, Any]:
        """A JSON object beside the weights, or an empty dict if there is none."""
        path = self.find(name)
        return {} if path is None else read_json(path)

    def find(self, *names: str) -> Path | None:
        """The first existing file of these names or patterns, beside the weights or in the bundle's folder."""
        folders = [self.folder] if self.weights is None else [self.weights.files[0].parent, self.folder]
        for folder in dict.fromkeys(folders):
            for name in names:
                found = sorted(path for path in folder.glob(name) if path.is_file())
                if found:
                    return found[0]
        return None


@dataclass
class Blueprint:
    """What a family made of a bundle: enough to build the network and fill it.

    Attributes:
        config: the network's frozen config.
        tensors: stored tensors by the network's parameter names; values may be views, mapped like the file.
        unclaimed: stored names that mean nothing to the family; the loader refuses them.
        notes: plain sentences for the card.
        training: facts about the training, for the card.
        end_ids: ids that end a text, where the checkpoint rather than the tokenizer names them.
        network: a ready network, for a family that builds and fills it by itself; ``tensors`` is then empty.
    """

    config: Any
    tensors: dict[str, Tensor] = field(default_factory=dict)
    unclaimed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    training: dict[str, Any] = field(default_factory=dict)
    end_ids: tuple[int, ...] = ()
    network: nn.Module | None = None


@dataclass(frozen=True)
class Published:
    """A checkpoint on the Hub: what it is in a line, and its parameters (stored and counted once)."""

    description: str
    parameters: int


@dataclass(frozen=True)
class Companion:
    """The tokenizer that a checkpoint's authors used but do not ship."""

    repository: str
    size: int
    remark: str = ""


@dataclass(frozen=True)
class Family:
    """One architecture: how to recognise it, read it and prompt it. Views attach to ``abilities``, never to names.

    Attributes:
        signs: what recognises it, in words, for the message about an unrecognised checkpoint.
        network: ``network(config)`` builds the module.
        wanted: file names or patterns to fetch from the Hub, alternatives of one file as a tuple, best first.
        published: the published checkpoints by Hub id.
        abilities: among "generate", "reconstruct", "senses".
        matches: whether a bundle is of this family.
        read: makes the blueprint; ``choices`` holds only names in ``choices``.
        tokenizer_files: names or patterns of the tokenizer in the bundle, best first.
        prepare: text of a prompt as the family wants it.
        begins: whether a begin token goes before a prompt; None leaves it to the tokenizer's own file.
        end_tokens: names of the tokens that end a text.
        exact_vocabulary: whether the tokenizer must have exactly as many ids as the embedding has rows.
        check: run on the loaded model for what only the weights can tell; returns notes for the card.
    """

    name: str
    title: str
    signs: str
    network: Callable[[Any], nn.Module]
    wanted: tuple[str | tuple[str, ...], ...]
    published: Mapping[str, Published]
    abilities: frozenset[str]
    matches: Callable[[Bundle], bool]
    read: Callable[[Bundle, Mapping[str, Any]], Blueprint]
    choices: frozenset[str] = frozenset()
    tokenizer_files: tuple[str, ...] = ()
    prepare: Callable[[str], str] = str
    begins: bool | None = False
    end_tokens: tuple[str, ...] = ()
    exact_vocabulary: bool = False
    companion: Companion | None = None
    check: Callable[[Any, Mapping[str, Any]], list[str]] | None = None
    last_resort: bool = False

    def check_choices(self, choices: Mapping[str, Any]) -> None:
        unknown = sorted(set(choices) - self.choices)
        if unknown:
            known = ", ".join(sorted(self.choices)) or "none"
            raise InvalidRequest(f"The {self.name} family has no choice {unknown[0]!r}; its choices are: {known}.")


def rename(tensors: Mapping[str, Tensor], rules: Iterable[tuple[str, str | None]]) -> tuple[dict[str, Tensor], list]:
    """Map stored names by the first rule whose pattern matches the whole name.

    A rule is ``(pattern, replacement)`` in the syntax of :func:`re.sub`; a replacement of None drops the tensor.

    Returns:
        Tensors by new name, and the names that no rule matched.
    """
    renamed: dict[str, Tensor] = {}
    unclaimed = []
    rules = [(re.compile(pattern), replacement) for pattern, replacement in rules]
    for name, tensor in tensors.items():
        for pattern, replacement in rules:
            match = pattern.fullmatch(name)
            if match:
                if replacement is not None:
                    renamed[match.expand(replacement)] = tensor
                break
        else:
            unclaimed.append(name)
    return renamed, unclaimed


def take_tied_head(tensors: dict[str, Tensor], head: str, table: str, notes: list[str]) -> bool:
    """Drop ``head`` from ``tensors`` if it repeats ``table``; return whether the network's head is tied.

    The weights decide: a stored head that differs from the embedding is used, whatever the config says.
    """
    stored = tensors.get(head)
    if stored is None:
        return True
    embedding = tensors.get(table)
    same = embedding is not None and stored.shape == embedding.shape and stored.dtype == embedding.dtype
    if same and (stored.data_ptr() == embedding.data_ptr() or torch.equal(stored, embedding)):
        del tensors[head]
        return True
    notes.append("The output head is stored apart from the embedding and differs from it.")
    return False


def drop_copy(tensors: dict[str, Tensor], copy: str, original: str) -> None:
    """Remove a second copy of a tensor after checking that it is one."""
    second = tensors.pop(copy, None)
    first = tensors.get(original)
    if second is None or first is None:
        return
    if first.shape != second.shape or not (first.data_ptr() == second.data_ptr() or torch.equal(first, second)):
        raise TensorMismatch(f"The weights hold two copies of {original!r} that differ. Fetch the file again.")


def require(config: Mapping[str, Any], where: str, *names: str) -> None:
    """Raise :class:`InvalidConfig` naming the keys that ``config`` lacks."""
    missing = [name for name in names if config.get(name) is None]
    if missing:
        raise InvalidConfig(f"{where} lacks {', '.join(missing)}. Fetch the checkpoint's config file again.")


def positive(config: Mapping[str, Any], name: str, default: float) -> float:
    """``config[name]`` as a finite positive float, or ``default`` if absent."""
    value = config.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
        raise InvalidConfig(f"The config says {name} = {value!r}, but it must be a positive number.")
    return float(value)
