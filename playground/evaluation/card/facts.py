"""What a card says that cannot be measured: read from the author's FACTS.json and from the run's curve."""

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from playground.checkpoints.files import read_json
from playground.errors import DamagedFile, InvalidRequest, MissingFile
from playground.generation.options import SamplingOptions

CURVE = "curve.jsonl"
UNITS = ("tokens", "images")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Facts:
    """The author's part of a card. In every text ``{name}`` stands for a number that is counted; see :func:`fill`.

    Attributes:
        intro: what the model is and how to use it. shape: of the network. hardware: and time.
        cannot: what the model cannot do. again: what else to know to make it again, behind the command.
        tokenizer, optimisers: rows of the table, left out if empty. details: more rows, by label.
        flags: of the training command, besides the recipe and the folders.
        prompt, options: of the samples; options as in :class:`SamplingOptions`, without the seed.
        sections: more of them, text by title, before what the model cannot do.
        language: of its text, as ISO 639-1 says it.
    """

    intro: str
    shape: str
    hardware: str
    cannot: str
    again: str = ""
    tokenizer: str = ""
    optimisers: str = ""
    details: dict[str, str] = field(default_factory=dict)
    flags: str = "--compile"
    prompt: str = "Once upon a time"
    options: dict[str, Any] = field(default_factory=lambda: {"max_new_tokens": 400, "temperature": 0.8, "top_p": 0.95})
    sections: dict[str, str] = field(default_factory=dict)
    language: str = "en"

    def sampling(self, seed: int) -> SamplingOptions:
        """The options of the sample with that seed."""
        return SamplingOptions(**self.options, seed=seed)


def read_facts(path: Path) -> Facts:
    """The facts in a JSON file.

    Raises:
        MissingFile, DamagedFile: there is no such file, or it holds no JSON object.
        InvalidRequest: an entry is missing, unknown or of the wrong kind.
    """
    stated = read_json(path)
    hints = get_type_hints(Facts)
    unknown = sorted(set(stated) - set(hints))
    if unknown:
        raise InvalidRequest(f"{path} has the entry {unknown[0]!r}, but a card's are {', '.join(hints)}. Rename it.")
    needed = [one.name for one in fields(Facts) if one.default is one.default_factory is MISSING]
    needed = [name for name in needed if name not in stated]
    if needed:
        raise InvalidRequest(f"{path} lacks {', '.join(needed)}. Write what the card shall say there.")
    for name, value in stated.items():
        if not _is(value, hints[name]):
            wanted = "an object of texts" if get_origin(hints[name]) is dict else "a text"
            raise InvalidRequest(f"{path} says {name} = {value!r:.60}, but it must be {wanted}.")
    facts = Facts(**stated)
    try:
        facts.sampling(0)
    except TypeError:
        raise InvalidRequest(
            f"{path} asks for the options {', '.join(facts.options)}; the options are those of generate, without seed."
        ) from None
    return facts


def _is(value: Any, hint: Any) -> bool:
    if get_origin(hint) is not dict:
        return isinstance(value, str)
    return isinstance(value, dict) and (get_args(hint)[1] is Any or all(isinstance(v, str) for v in value.values()))


@dataclass(frozen=True)
class Run:
    """How long a checkpoint was trained: ``seen`` tokens or images (the ``unit``) in ``steps`` and ``minutes``."""

    unit: str
    seen: int
    steps: int
    minutes: float


def read_run(folder: Path) -> Run:
    """The end of the training curve that lies in a checkpoint's folder.

    Raises:
        MissingFile, DamagedFile: there is none, or it cannot be read.
    """
    curve = folder / CURVE
    try:
        last = json.loads(curve.read_text(encoding="utf-8").strip().split("\n")[-1])
        unit = next(unit for unit in UNITS if unit in last)
        return Run(unit, last[unit], last["step"], last["seconds"] / 60)
    except OSError:
        raise MissingFile(f"{folder} has no {CURVE}. Take the folder that training wrote.") from None
    except (ValueError, KeyError, TypeError, StopIteration):
        raise DamagedFile(f"{curve} does not end like a training curve. Take the one that training wrote.") from None


def fill(text: str, numbers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """``text`` with every ``{name}`` replaced by its number, and the numbers that were used.

    Raises:
        InvalidRequest: a name that is not among ``numbers``.
    """
    used = {name: numbers[name] for name in PLACEHOLDER.findall(text) if name in numbers}
    unknown = [name for name in PLACEHOLDER.findall(text) if name not in numbers]
    if unknown:
        raise InvalidRequest(f"The facts ask for {{{unknown[0]}}}, but what is counted is {', '.join(numbers)}.")
    return PLACEHOLDER.sub(lambda match: numbers[match[1]], text), used
