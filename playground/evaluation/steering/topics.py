"""Topics to steer towards: their words, and prompts to try them on.

A topics file is a JSON object: "prompts" are for every topic, and "topics" a list of objects with ``id``, ``title``,
``watch`` (one sentence: what to look for in steered text), ``words`` (see :class:`Topic`) and ``prompts`` of its own,
in which ``{word}`` stands for one of its ``mentions``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playground.errors import InvalidRequest
from playground.evaluation.steering.words import Topic

TEXTS = ("id", "title", "watch")
LISTS = ("words", "prompts", "mentions")


@dataclass(frozen=True)
class TopicPlan:
    """One topic of a topics file.

    Attributes:
        lines: its words as the file has them.
        topic: the same, ready to count.
        mentions: words that may stand in its own prompts, or name it.
        prompts: its own, with ``{word}`` in place of a mention.
        general: prompts that know nothing of the topic.
    """

    id: str
    title: str
    watch: str
    lines: tuple[str, ...]
    topic: Topic
    mentions: tuple[str, ...]
    prompts: tuple[str, ...]
    general: tuple[str, ...]


def read_topics(document: Any) -> tuple[TopicPlan, ...]:
    """The topics of a topics file, its general prompts added to those of each.

    Raises:
        InvalidRequest: naming the topic and the entry that is missing or of the wrong type.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("topics"), list):
        raise InvalidRequest("A topics file must be an object whose 'topics' is a list.")
    shared = _strings("The topics file", "prompts", document.get("prompts", []))
    plans = tuple(_read(number, entry, shared) for number, entry in enumerate(document["topics"], 1))
    ids = [plan.id for plan in plans]
    if len(set(ids)) < len(ids):
        raise InvalidRequest(f"Topic ids must differ, but {next(i for i in ids if ids.count(i) > 1)!r} occurs twice.")
    return plans


def _read(number: int, entry: Any, shared: tuple[str, ...]) -> TopicPlan:
    name = f"Topic {number}"
    if not isinstance(entry, Mapping):
        raise InvalidRequest(f"{name} must be an object, not a {type(entry).__name__}.")
    for key in TEXTS:
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise InvalidRequest(f"{name}: {key} must be text.")
    name = f"Topic {entry['id']!r}"
    words, prompts, mentions = (_strings(name, key, entry.get(key, [])) for key in LISTS)
    try:
        topic = Topic.of(words)
    except InvalidRequest as error:
        raise InvalidRequest(f"{name}: {error}") from None
    return TopicPlan(*(entry[key] for key in TEXTS), words, topic, mentions, prompts, shared)


def _strings(name: str, key: str, values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
        raise InvalidRequest(f"{name}: {key} must be a list of texts.")
    return tuple(values)
