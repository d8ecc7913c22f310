"""Edits as plain JSON: words as text, senses as numbers, one object per edit; and the way from there to edit objects.

    {"kind": "scale_sense", "word": " sea", "sense": 3, "factor": 4.0}                  and "position"
    {"kind": "add_sense", "word": " sea", "sense": 3, "weight": 0.4}
    {"kind": "swap_direction", "word": " lion", "out": " roar", "in": " swim"}
    {"kind": "topic_boost", "words": [" sea"], "strength": 2}                           and "anneal", "recency"
    {"kind": "topic_boost", "words": [" sea", " ship"], "multipliers": [4, 3, 1, 1]}    and "anneal", "recency"

A word is the text of exactly one token, so a word inside a sentence begins with a blank. Where a checkpoint ships no
tokenizer, it is the token's number, such as "17". In a topic the end of text scores 0, as in the authors' code, so that
no boost hurries a text to its end.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from playground import limits
from playground.errors import InvalidRequest, name_some
from playground.networks.backpack import Backpack
from playground.senses.edits import STRENGTHS, AddSense, Edit, ScaleSense, SwapDirection, TopicBoost
from playground.text.tokenizers import Tokenizer

WORDS = 64  # the most words that make one topic
WORD_CHARACTERS = 64
FACTOR = 100.0  # the largest factor or multiplier, either sign

REQUIRED = {
    "scale_sense": ("word", "sense", "factor"),
    "swap_direction": ("word", "out", "in"),
    "topic_boost": ("words",),
    "add_sense": ("word", "sense", "weight"),
}
OPTIONAL = {
    "scale_sense": ("position",),
    "add_sense": (),
    "swap_direction": (),
    "topic_boost": ("strength", "multipliers", "anneal", "recency"),
}


def resolve_edits(model: Any, edits: Sequence[Edit | Mapping[str, Any]]) -> tuple[Edit, ...]:
    """``edits``, edit objects and edit documents in any mixture, as edit objects for ``model``.

    Raises:
        InvalidRequest: too many, a model without senses, or what :func:`read_edit` refuses.
    """
    if isinstance(edits, str | bytes | Mapping) or not isinstance(edits, Sequence):
        raise InvalidRequest(f"Edits must be a list of edits, not {_shown(edits)}.")
    if len(edits) > limits.EDITS:
        raise InvalidRequest(f"There are {len(edits)} edits, but at most {limits.EDITS} are allowed. Remove some.")
    if edits and "senses" not in model.abilities:
        raise InvalidRequest("This model has no sense vectors, so edits do not apply to it. Remove the edits.")
    return tuple(edit if isinstance(edit, Edit) else read_edit(edit, model.network, model.tokenizer) for edit in edits)


def read_edits(documents: Any, network: Backpack, tokenizer: Tokenizer | None) -> tuple[Edit, ...]:
    """The edits that a list of edit documents asks for, in its order, ready for ``network``.

    Raises:
        InvalidRequest: no list, too many edits, or what :func:`read_edit` refuses.
    """
    check_edits(documents)
    return tuple(read_edit(document, network, tokenizer) for document in documents)


def read_edit(document: Any, network: Backpack, tokenizer: Tokenizer | None) -> Edit:
    """The edit that one document asks for.

    Raises:
        InvalidRequest: an unknown kind, missing or unknown entries, a word that is not one token, a sense or position
            out of range, a number that is none, not finite or too large.
    """
    kind = check_edit(document)
    if kind in ("scale_sense", "add_sense"):
        sense = document["sense"]
        if sense >= network.num_senses:
            raise InvalidRequest(
                f"The edit of {document['word']!r} names sense {_shown(sense)}, but this model's senses go from 0 to "
                f"{network.num_senses - 1}."
            )
        token = one_token(document["word"], tokenizer)
        if kind == "add_sense":
            return AddSense(token, sense, float(document["weight"]))
        return ScaleSense(token, sense, float(document["factor"]), document.get("position"))
    if kind == "swap_direction":
        return SwapDirection(*(one_token(document[name], tokenizer) for name in ("word", "out", "in")))
    multipliers = document.get("multipliers") or STRENGTHS[document["strength"]]
    return TopicBoost(
        tuple(one_token(word, tokenizer) for word in document["words"]),
        tuple(map(float, multipliers)),
        anneal=document.get("anneal", True),
        recency=document.get("recency", True),
        skip=None if tokenizer is None else tokenizer.end_id,
    )


def check_edits(documents: Any) -> None:
    """Refuse a list that no model could take; what depends on the model is left to :func:`read_edits`."""
    if not isinstance(documents, list | tuple):
        raise InvalidRequest(f"Edits must be a list of objects, not {_shown(documents)}.")
    if len(documents) > limits.EDITS:
        raise InvalidRequest(f"There are {len(documents)} edits, but at most {limits.EDITS} are allowed. Remove some.")
    for document in documents:
        check_edit(document)


def check_edit(document: Any) -> str:
    """Refuse a document that no model could take; return its kind."""
    if not isinstance(document, Mapping):
        raise InvalidRequest(f"An edit must be an object with a 'kind', not {_shown(document)}.")
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in REQUIRED:
        raise InvalidRequest(f"An edit's kind is {_shown(kind)}, but must be one of {', '.join(REQUIRED)}.")
    missing = [name for name in REQUIRED[kind] if name not in document]
    if missing:
        raise InvalidRequest(f"The edit {kind} lacks {missing[0]!r}; it needs {', '.join(REQUIRED[kind])}.")
    known = ("kind", *REQUIRED[kind], *OPTIONAL[kind])
    unknown = [name for name in document if name not in known]
    if unknown:
        raise InvalidRequest(f"The edit {kind} has {_shown(unknown[0])}, but only knows {', '.join(known)}.")
    CHECKS[kind](document)
    return kind


def edited_words(documents: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Every word that the edits name, each once, in order; blanks around them are part of the token and stay."""
    named: list[str] = []
    for document in documents:
        named += document.get("words") or [document[name] for name in ("word", "out", "in") if name in document]
    return tuple(dict.fromkeys(named))


def token_of(word: str, tokenizer: Tokenizer) -> int | None:
    """The id of the one token that ``word`` is; None if it is several, or one that stands for all unknown words."""
    ids = tokenizer.encode(word)
    return ids[0] if len(ids) == 1 and tokenizer.token_text(ids[0]) == word else None


def one_token(word: str, tokenizer: Tokenizer | None, why: str = "an edit names one token") -> int:
    """As :func:`token_of`, but raises InvalidRequest, saying ``why``, where there is none; without a tokenizer ``word``
    is the id."""
    if tokenizer is None:
        if word.strip().isascii() and word.strip().isdecimal():
            return int(word)
        raise InvalidRequest(
            f"This checkpoint ships no tokenizer, so a word must be a token id such as '17', not {_shown(word)}; or "
            "load it with a tokenizer."
        )
    token = token_of(word, tokenizer)
    if token is not None:
        return token
    ids, hint = tokenizer.encode(word), "Choose another word."
    if token_of(" " + word, tokenizer) is not None:
        hint = f"With a blank in front, {' ' + word!r}, it is one."
    pieces = [repr(tokenizer.token_text(id_)) for id_ in ids]
    if len(ids) == 1:
        raise InvalidRequest(f"This model does not know {word!r}: it reads {pieces[0]} instead. {hint}")
    raise InvalidRequest(f"{word!r} is {len(ids)} tokens to this model ({name_some(pieces)}), but {why}. {hint}")


def _check_scale(document: Mapping[str, Any]) -> None:
    _check_word(document["word"], "word")
    _check_whole(document["sense"], "sense")
    _check_factor(document["factor"], "factor")
    if document.get("position") is not None:
        _check_whole(document["position"], "position")


def _check_added(document: Mapping[str, Any]) -> None:
    _check_word(document["word"], "word")
    _check_whole(document["sense"], "sense")
    _check_factor(document["weight"], "weight")


def _check_swap(document: Mapping[str, Any]) -> None:
    for name in ("word", "out", "in"):
        _check_word(document[name], name)


def _check_topic(document: Mapping[str, Any]) -> None:
    words = document["words"]
    if not isinstance(words, list | tuple) or not 1 <= len(words) <= WORDS:
        raise InvalidRequest(f"A topic's words must be a list of 1 to {WORDS} words, not {_shown(words)}.")
    for word in words:
        _check_word(word, "a topic's word")
    strength, multipliers = document.get("strength"), document.get("multipliers")
    if (strength is None) == (multipliers is None):
        raise InvalidRequest("A topic needs either a strength or four multipliers, and not both.")
    if multipliers is None:
        _check_whole(strength, "strength")
        if strength >= len(STRENGTHS):
            raise InvalidRequest(
                f"A topic's strength is {_shown(strength)}, but strengths go from 0 to {len(STRENGTHS) - 1}."
            )
    elif not isinstance(multipliers, list | tuple) or len(multipliers) != 4:
        raise InvalidRequest(f"A topic's multipliers must be a list of 4 numbers, not {_shown(multipliers)}.")
    for factor in multipliers or ():
        _check_factor(factor, "a multiplier")
    for name in ("anneal", "recency"):
        if not isinstance(document.get(name, True), bool):
            raise InvalidRequest(f"A topic's {name} must be true or false, not {_shown(document[name])}.")


CHECKS = {
    "scale_sense": _check_scale,
    "add_sense": _check_added,
    "swap_direction": _check_swap,
    "topic_boost": _check_topic,
}


def _check_word(word: Any, name: str) -> None:
    if not isinstance(word, str) or not 1 <= len(word) <= WORD_CHARACTERS:
        raise InvalidRequest(f"{name} must be text of 1 to {WORD_CHARACTERS} characters, not {_shown(word)}.")


def _check_whole(value: Any, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidRequest(f"{name} must be a whole number from 0, not {_shown(value)}.")


def _check_factor(value: Any, name: str) -> None:
    number = not isinstance(value, bool) and isinstance(value, int | float)
    if not number or not abs(value) <= FACTOR:  # also catches NaN
        raise InvalidRequest(f"{name} must be a number from {-FACTOR:g} to {FACTOR:g}, not {_shown(value)}.")


def _shown(value: Any) -> str:
    """``value`` for a message, short whatever it is."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."
