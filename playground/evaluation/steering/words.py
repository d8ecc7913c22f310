"""Words of a text, their inflected forms, and how many of them are on a topic.

Words are counted in lower case, an apostrophe inside kept ("don't") and a possessive 's dropped. A topic is a list of
entries; the forms of an entry's words, regular inflections included, all count as that one entry.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from playground.errors import InvalidRequest

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
VOWELS = "aeiou"


def words_of(text: str) -> list[str]:
    """The words of ``text`` in order."""
    return [word.removesuffix("'s") for word in WORD.findall(text.lower().replace("\u2019", "'"))]


def forms(word: str) -> frozenset[str]:
    """``word`` and its regular inflections as noun or verb: -s, -es, -ies, -ed, -ing, with letters doubled or dropped.

    Some are no English words, and do no harm. Irregular forms and -er, -est, -y and -ly are not made ("corn" is no
    part of "corner"); a topic's entry spells them out.
    """
    found = {word, word + "s"}
    if word.endswith(("s", "x", "z", "ch", "sh", "o")):
        found.add(word + "es")
    consonant_y = len(word) > 2 and word.endswith("y") and word[-2] not in VOWELS
    if consonant_y:
        found |= {word[:-1] + "ies", word[:-1] + "ied", word + "ing"}
    elif word.endswith("ie"):
        found |= {word + "d", word[:-2] + "ying"}
    elif word.endswith("e"):
        found |= {word + "d", word[:-1] + "ing", word + "ing"}
    elif _doubles(word):
        found |= {word + word[-1] + "ed", word + word[-1] + "ing"}
    else:
        found |= {word + "ed", word + "ing"}
    return frozenset(found)


def _doubles(word: str) -> bool:
    """One syllable that ends in one vowel and one consonant: swim, swimming."""
    letters = [letter in VOWELS for letter in word]
    return len(word) > 2 and word[-1] not in "wxy" and letters[-3:] == [False, True, False] and sum(letters) == 1


@dataclass(frozen=True)
class Topic:
    """Entries, each a tuple of lower-case words that count as one; the first word of an entry names it."""

    entries: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, words: Iterable[str]) -> "Topic":
        """A topic from lines such as "fish" or "swim swam swum".

        Raises:
            InvalidRequest: no words, or two entries with a form in common.
        """
        entries = tuple(tuple(line.lower().split()) for line in words)
        if not entries or not all(entries):
            raise InvalidRequest("A topic needs at least one word, and no empty ones.")
        owners: dict[str, tuple[str, ...]] = {}
        for entry in entries:
            for form in sorted(_entry_forms(entry)):
                other = owners.setdefault(form, entry)
                if other is not entry:
                    raise InvalidRequest(
                        f"The topic's entries {other[0]!r} and {entry[0]!r} share the form {form!r}. Name them in one "
                        f"entry, {' '.join(dict.fromkeys((*other, *entry)))!r}."
                    )
        return cls(entries)

    @cached_property
    def names(self) -> dict[str, str]:
        """The entry's name by each form."""
        return {form: entry[0] for entry in self.entries for form in _entry_forms(entry)}

    def without(self, boosted: Iterable[str]) -> "Topic":
        """The topic less the entries that share a form with a ``boosted`` word: these do not count."""
        gone = {form for text in boosted for word in words_of(text) for form in forms(word)}
        return Topic(tuple(entry for entry in self.entries if not gone & _entry_forms(entry)))

    def count(self, words: Iterable[str]) -> Counter[str]:
        """How often each entry occurs among ``words``."""
        return Counter(self.names[word] for word in words if word in self.names)


def _entry_forms(entry: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*map(forms, entry))
