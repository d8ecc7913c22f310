"""Steering presets: ready-made edits with a prompt to try them on, what to watch for, and what was measured.

A presets file is a JSON object {"presets": [...]} and may hold more beside the list. Each preset is an object:

    id, title, watch    a name, a headline and one sentence for people
    prompt              the text to continue
    edits               a list of edit documents (see edit_documents.py)
    topic               the topic's words; the blanks in "swim swam swum" join forms that count as one word
    sampling            the fields of SamplingOptions to sample with
    measured            what the steering measures found, or null
    seed                of a text that shows it, chosen for that; or null
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from playground import limits
from playground.errors import InvalidRequest
from playground.networks.backpack import Backpack
from playground.senses.edit_documents import check_edits, read_edits
from playground.senses.edits import Edit
from playground.text.tokenizers import Tokenizer

PRESETS = 256
TOPIC_WORDS = 256
LINE_CHARACTERS = 300


@dataclass(frozen=True)
class Preset:
    """One preset; the fields are those of the file. The mappings are plain data to read, not to change."""

    id: str
    title: str
    watch: str
    prompt: str
    edits: tuple[Mapping[str, Any], ...]
    topic: tuple[str, ...]
    sampling: Mapping[str, Any]
    measured: Mapping[str, Any] | None = None
    seed: int | None = None

    def edits_for(self, network: Backpack, tokenizer: Tokenizer) -> tuple[Edit, ...]:
        """The edits as objects; raises InvalidRequest naming the preset if they do not suit the model."""
        try:
            return read_edits(self.edits, network, tokenizer)
        except InvalidRequest as error:
            raise InvalidRequest(f"Preset {self.id!r}: {error}") from None

    def as_json(self) -> dict[str, Any]:
        """The preset as the file has it."""
        return asdict(self) | {"edits": list(self.edits), "topic": list(self.topic)}


def read_presets(document: Any) -> tuple[Preset, ...]:
    """The presets in a presets file's ``document``.

    Raises:
        InvalidRequest: naming the preset and what is missing, unknown, too long or of the wrong type, or an id that
            occurs twice. Whether the edits suit a model, :meth:`Preset.edits_for` tells.
    """
    listed = document.get("presets") if isinstance(document, Mapping) else None
    if not isinstance(listed, list) or len(listed) > PRESETS:
        raise InvalidRequest(f"A presets file must be an object whose 'presets' is a list of at most {PRESETS}.")
    presets = [_read(number, entry) for number, entry in enumerate(listed, 1)]
    ids = [preset.id for preset in presets]
    doubled = [id_ for id_ in ids if ids.count(id_) > 1]
    if doubled:
        raise InvalidRequest(f"The preset id {doubled[0]!r} occurs {ids.count(doubled[0])} times; give each its own.")
    return tuple(presets)


def _read(number: int, entry: Any) -> Preset:
    if not isinstance(entry, Mapping):
        raise InvalidRequest(f"Preset {number} must be an object, not a {type(entry).__name__}.")
    name = f"Preset {entry['id'][:60]!r}" if isinstance(entry.get("id"), str) else f"Preset {number}"
    known = [field.name for field in fields(Preset)]
    missing = [key for key in known if key not in entry and key not in ("measured", "seed")]
    unknown = [key for key in entry if key not in known]
    if missing or unknown:
        raise InvalidRequest(f"{name} {'lacks' if missing else 'has an unknown entry'} {(missing or unknown)[0]!r}.")
    for key, longest in (("id", 60), ("title", LINE_CHARACTERS), ("watch", LINE_CHARACTERS)):
        _check_text(name, key, entry[key], longest)
    _check_text(name, "prompt", entry["prompt"], limits.PROMPT_CHARACTERS)
    topic = entry["topic"]
    if not isinstance(topic, list) or not 1 <= len(topic) <= TOPIC_WORDS:
        raise InvalidRequest(f"{name}: topic must be a list of 1 to {TOPIC_WORDS} words.")
    for word in topic:
        _check_text(name, "a topic's word", word, LINE_CHARACTERS)
    for key in ("sampling", "measured"):
        if not isinstance(entry.get(key), Mapping) and not (key == "measured" and entry.get(key) is None):
            raise InvalidRequest(f"{name}: {key} must be an object, not a {type(entry[key]).__name__}.")
    seed, (least, most) = entry.get("seed"), limits.SEED
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or not least <= seed <= most):
        raise InvalidRequest(f"{name}: seed must be a whole number from {least:,} to {most:,}, or null.")
    try:
        check_edits(entry["edits"])
    except InvalidRequest as error:
        raise InvalidRequest(f"{name}: {error}") from None
    return Preset(**entry | {"edits": tuple(entry["edits"]), "topic": tuple(topic)})


def _check_text(name: str, key: str, value: Any, longest: int) -> None:
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise InvalidRequest(f"{name}: {key} must be text of 1 to {longest:,} characters.")
