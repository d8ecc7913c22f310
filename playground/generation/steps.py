"""What the token loop takes and gives: a row's settings in, steps out. Plain data, no tensors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from playground.generation.options import SamplingOptions

# Why a row ended.
END_TOKEN = "end token"  # noqa: S105 (no password)
STOP_STRING = "stop string"
TOKEN_LIMIT = "token limit"  # noqa: S105
CONTEXT_FULL = "context full"


@dataclass(frozen=True)
class Row:
    """One of the samples that are drawn side by side from one prompt.

    Attributes:
        given: token ids that the row begins with, chosen by somebody rather than drawn. They count as new tokens, and
            only the last of them can end the row.
    """

    options: SamplingOptions = field(default_factory=SamplingOptions)
    edits: Sequence[Any] = ()
    given: Sequence[int] = ()


@dataclass(frozen=True)
class Prefill:
    """The first ``done`` of ``total`` positions have been read; at ``total`` there is something to draw from."""

    done: int
    total: int


@dataclass(frozen=True)
class Alternative:
    """A token that could have come.

    Attributes:
        text: the piece by itself, for display.
        logprob: the model's own natural log-probability, before any warper.
        probability: what the warpers made of it; 0 for a token that they removed.
    """

    token_id: int
    text: str
    logprob: float
    probability: float


@dataclass(frozen=True)
class Step:
    """One token of one row.

    Attributes:
        row: which row of the request.
        index: 0 for the first new token.
        position: the token's place in the whole sequence, the prompt included.
        text: what became complete with this token, safe for UTF-8. A row's texts in a row are its whole text.
        logprob, probability: as in :class:`Alternative`, of the token that was drawn.
        alternatives: the ten best by the model's own probability, best first; the drawn token may be among them.
        end: None, or why this is the row's last step: one of the four constants above.
        unfinished: the end of ``text`` that stands for a character of which bytes are missing, in a last step only. A
            text that goes on from here begins with that character.
        cut: what a stop string, found in a last step, took away behind ``text``; the tokens hold it all the same.
    """

    row: int
    index: int
    position: int
    token_id: int
    text: str
    logprob: float
    probability: float
    alternatives: tuple[Alternative, ...]
    end: str | None
    unfinished: str = ""
    cut: str = ""
