"""Sentence templates: ``[one|another|]`` is a choice, ``{h.his}`` names a slot, ``{*glad}`` draws from a word list.

A template is compiled once into a tuple of pieces and kept. Choices may be nested and may be empty.
"""

import re
from dataclasses import dataclass
from functools import cache

TOKEN = re.compile(r"(\[|\]|\||\{[^{}]*\})")
SENTENCE_END = re.compile(r'[.!?]"?(?:\s|$)')
WHOLE = re.compile(r"[.!?]$")


@dataclass(frozen=True)
class Literal:
    """Plain text, and how many sentences end in it."""

    text: str
    ends: int


@dataclass(frozen=True)
class Slot:
    """``{name.form}``; ``form`` is empty where none is written."""

    name: str
    form: str


@dataclass(frozen=True)
class Draw:
    """``{*list}``: any word of a list."""

    words: str


@dataclass(frozen=True)
class Choice:
    """One of several sequences; ``aside`` where each is a whole sentence that follows another and may be left out."""

    options: tuple[tuple, ...]
    aside: bool = False


@cache
def compile_template(source: str) -> tuple:
    """The pieces of ``source``.

    Raises:
        ValueError: if its brackets do not match.
    """
    stack: list[list[list]] = [[[]]]  # open choices, each a list of options, each a list of pieces
    for part in TOKEN.split(source):
        options = stack[-1]
        if part == "[":
            stack.append([[]])
        elif part == "]":
            if len(stack) == 1:
                raise ValueError(f"Unopened ] in {source!r}")
            stack.pop()
            before = stack[-1][-1]
            after_sentence = bool(before) and isinstance(before[-1], Literal) and before[-1].text.endswith((". ", "! "))
            whole = all(
                option and isinstance(option[-1], Literal) and WHOLE.search(option[-1].text) for option in options
            )
            before.append(Choice(tuple(tuple(option) for option in options), after_sentence and whole))
        elif part == "|" and len(stack) > 1:
            options.append([])
        elif part.startswith("{*"):
            options[-1].append(Draw(part[2:-1]))
        elif part.startswith("{"):
            name, _, form = part[1:-1].partition(".")
            options[-1].append(Slot(name, form))
        elif part:
            options[-1].append(Literal(part, len(SENTENCE_END.findall(part))))
    if len(stack) > 1:
        raise ValueError(f"Unclosed [ in {source!r}")
    return tuple(stack[0][0])
