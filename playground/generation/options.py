"""What can be set about sampling. The page's sliders and the command line's help read the fields' metadata."""

import numbers
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from playground import limits
from playground.errors import InvalidRequest

DICE = ("token", "position")


def _option(default: Any, description: str, minimum=None, maximum=None, step=None) -> Any:
    return field(
        default=default,
        metadata={"description": description, "minimum": minimum, "maximum": maximum, "step": step},
    )


@dataclass(frozen=True)
class SamplingOptions:
    """How to draw tokens; the defaults are mild sampling. Lists become tuples, and numbers plain ints and floats.

    Each field's metadata holds ``description``, ``minimum``, ``maximum`` and ``step`` (None where they mean nothing).

    Raises:
        InvalidRequest: a value of the wrong type, not finite or out of range.
    """

    max_new_tokens: int = _option(64, "The most tokens to write.", 1, limits.NEW_TOKENS, 1)
    temperature: float = _option(
        0.8, "Below 1 the likely tokens gain, above 1 the unlikely ones; 0 always takes the likeliest.",
        *limits.TEMPERATURE, 0.05,
    )  # fmt: skip
    top_p: float = _option(
        1.0, "Keep the fewest tokens whose probabilities reach this sum (the nucleus); 1 keeps all.", 0.0, 1.0, 0.01
    )
    top_k: int = _option(0, "Keep only this many of the likeliest tokens; 0 keeps all.", *limits.TOP_K, 1)
    min_p: float = _option(
        0.0, "Keep tokens at least this fraction as likely as the likeliest; 0 keeps all.", 0.0, 1.0, 0.01
    )
    repetition_penalty: float = _option(
        1.0, "Above 1, tokens that the text already holds become less likely; 1 changes nothing.",
        *limits.REPETITION_PENALTY, 0.01,
    )  # fmt: skip
    seed: int = _option(0, "The same seed gives the same text on the same machine.", *limits.SEED, 1)
    stop: tuple[str, ...] = _option((), "Strings that end the text; they are not part of it.")
    stop_ids: tuple[int, ...] | None = _option(None, "Token ids that end the text; None means the model's own.")
    dice: str = _option(
        "token", "What a seed's chance belongs to: every token at every position, or the number of the new token "
        "alone, so that models with different vocabularies can be compared.",
    )  # fmt: skip

    def __post_init__(self):
        for option in fields(self):
            value = getattr(self, option.name)
            if option.name == "stop":
                value = _strings(value)
            elif option.name == "dice":
                if value not in DICE:
                    raise InvalidRequest(f"dice is {_shown(value)}; it must be {' or '.join(map(repr, DICE))}.")
            elif option.name == "stop_ids":
                value = None if value is None else token_ids(value, "stop_ids")
            else:
                whole = isinstance(option.default, int)
                value = _number(option.name, value, whole, option.metadata["minimum"], option.metadata["maximum"])
            object.__setattr__(self, option.name, value)


def options_from(values: Any, whose: str) -> SamplingOptions:
    """The options in a mapping that came from a file or a browser; messages call it ``whose``.

    Raises:
        InvalidRequest: no mapping, an unknown option, or a value that is not allowed.
    """
    if not isinstance(values, Mapping):
        raise InvalidRequest(f"{whose} has no options, but {_shown(values)}.")
    known = {option.name for option in fields(SamplingOptions)}
    unknown = sorted(str(name) for name in values if name not in known)
    if unknown:
        raise InvalidRequest(f"{whose} has the unknown option {_shown(unknown[0])}.")
    return SamplingOptions(**values)


def token_ids(values: Iterable[Any], name: str, below: int | None = None) -> tuple[int, ...]:
    """``values`` as a tuple of plain ints, each at least 0 and, if given, less than ``below``.

    Raises:
        InvalidRequest: anything else; the message calls the values ``name`` and shows the offending one.
    """
    if isinstance(values, str | bytes) or not (isinstance(values, Iterable) and hasattr(values, "__len__")):
        raise InvalidRequest(f"{name} must be a list of token ids, not {_shown(values)}.")
    value, ids = values, []
    try:
        for value in values:
            if isinstance(value, bool):
                raise TypeError
            ids.append(operator.index(value))
    except (TypeError, ValueError):
        raise InvalidRequest(f"{name} must hold whole numbers, but {_shown(value)} is none.") from None
    for value in ids:
        if value < 0 or (below is not None and value >= below):
            allowed = "0 or more" if below is None else f"from 0 to {below - 1:,}"
            raise InvalidRequest(f"{name} holds the token id {_shown(value)}, but ids are {allowed}.")
    return tuple(ids)


def _number(name: str, value: Any, whole: bool, minimum: float, maximum: float) -> int | float:
    kind = numbers.Integral if whole else numbers.Real
    if isinstance(value, bool) or not isinstance(value, kind):
        raise InvalidRequest(f"{name} must be a {'whole ' if whole else ''}number, not {_shown(value)}.")
    if not minimum <= value <= maximum:  # also catches NaN
        raise InvalidRequest(f"{name} is {_shown(value)}, but must lie between {minimum:,} and {maximum:,}.")
    return int(value) if whole else float(value)


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, Sequence) or not all(isinstance(text, str) for text in value):
        raise InvalidRequest(f"stop must be a list of strings, not {_shown(value)}.")
    if len(value) > limits.STOP_STRINGS:
        raise InvalidRequest(f"stop holds {len(value)} strings, but at most {limits.STOP_STRINGS} are allowed.")
    for text in value:
        if not 1 <= len(text) <= limits.STOP_CHARACTERS:
            raise InvalidRequest(
                f"A stop string has {len(text):,} characters, but must have from 1 to {limits.STOP_CHARACTERS}."
            )
    return tuple(value)


def _shown(value: Any) -> str:
    """``value`` for a message: short, whatever it is."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= 40 else text[:37] + "..."
