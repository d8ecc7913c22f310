"""Topics to steer towards: their words, and prompts to try them on.

A topics file is a JSON object with "general", prompts that know of no topic; "prompts", in which ``{mention}`` stands
for a phrase; and "topics", a list of objects with ``id``, ``title``, ``watch`` (one sentence: what to look for in
steered text), ``words`` (see :class:`Topic`), ``mentions`` (by word, a phrase that holds it) and, in place of the
file's, ``prompts`` of its own.

A prompt that mentions the topic and then turns to something else steers best: by itself the text does not come back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playground.errors import InvalidRequest
from playground.evaluation.steering.words import Topic, words_of

TEXTS = ("id", "title", "watch")
PLACE = "{mention}"


@dataclass(frozen=True)
class TopicPlan:
    """One topic of a topics file.

    Attributes:
        lines: its words as the file has them.
        topic: the same, ready to count.
        mentions: by word, a phrase that holds it.
        prompts: with ``{mention}`` in place of a phrase.
        general: prompts that mention nothing of it.
    """

    id: str
    title: str
    watch: str
    lines: tuple[str, ...]
    topic: Topic
    mentions: Mapping[str, str]
    prompts: tuple[str, ...]
    general: tuple[str, ...]

    def prompts_with(self, word: str) -> list[str]:
        """The prompts with the phrase that mentions ``word``."""
        return [prompt.replace(PLACE, self.mentions[word]) for prompt in self.prompts]


def read_topics(document: Any) -> tuple[TopicPlan, ...]:
    """The topics of a topics file.

    Raises:
        InvalidRequest: naming the topic and the entry that is missing or wrong.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("topics"), list):
        raise InvalidRequest("A topics file must be an object whose 'topics' is a list.")
    shared = _prompts("The topics file", document)
    general = _strings("The topics file", "general", document.get("general"))
    plans = tuple(_read(number, entry, shared, general) for number, entry in enumerate(document["topics"], 1))
    ids = [plan.id for plan in plans]
    if len(set(ids)) < len(ids):
        raise InvalidRequest(f"Topic ids must differ, but {next(i for i in ids if ids.count(i) > 1)!r} occurs twice.")
    return plans


def _read(number: int, entry: Any, shared: tuple[str, ...], general: tuple[str, ...]) -> TopicPlan:
    name = f"Topic {number}"
    if not isinstance(entry, Mapping):
        raise InvalidRequest(f"{name} must be an object, not a {type(entry).__name__}.")
    for key in TEXTS:
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise InvalidRequest(f"{name}: {key} must be text.")
    name = f"Topic {entry['id']!r}"
    lines, mentions = _strings(name, "words", entry.get("words")), entry.get("mentions")
    if not isinstance(mentions, Mapping) or not all(isinstance(phrase, str) for phrase in mentions.values()):
        raise InvalidRequest(f"{name}: mentions must be an object of phrases by word.")
    for word, phrase in mentions.items():
        if word not in words_of(phrase):
            raise InvalidRequest(f"{name}: the phrase {phrase!r} must hold the word {word!r} that it mentions.")
    try:
        topic = Topic.of(lines)
    except InvalidRequest as error:
        raise InvalidRequest(f"{name}: {error}") from None
    own = _prompts(name, entry) if "prompts" in entry else shared
    return TopicPlan(*(entry[key] for key in TEXTS), lines, topic, dict(mentions), own, general)


def _prompts(name: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    prompts = _strings(name, "prompts", entry.get("prompts"))
    if not all(PLACE in prompt for prompt in prompts):
        raise InvalidRequest(f"{name}: every prompt must hold {PLACE}.")
    return prompts


def _strings(name: str, key: str, values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
        raise InvalidRequest(f"{name}: {key} must be a list of texts.")
    return tuple(values)
