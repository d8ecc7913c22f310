"""What can be asked of an engine, and what it answers: frozen, validated, plain data that could cross a network.

A request names everything it needs (model, ids, position, options, edits), so any worker can answer it. The limits
are those of limits.py; whatever arrives here comes from a browser and is checked, whatever the widgets promised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playground import limits
from playground.checkpoints.card import ModelCard
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions, token_ids
from playground.generation.steps import Alternative, Prefill, Step
from playground.generation.surprisal import Score

NAME_CHARACTERS = 500

__all__ = [
    "CardRequest", "Ended", "GenerateRequest", "LoadRequest", "Loaded", "Loading", "ModelState", "Models",
    "ModelsRequest", "NextToken", "NextTokenRequest", "Prefill", "Request", "Score", "ScoreRequest", "Token",
    "UnloadRequest",
]  # fmt: skip


def _check_model(name: Any) -> None:
    if not isinstance(name, str) or not name:
        raise InvalidRequest("No model was chosen. Choose one.")
    if len(name) > NAME_CHARACTERS:
        raise InvalidRequest(f"The model's name has {len(name):,} characters; at most {NAME_CHARACTERS} are allowed.")


def _check_prompt(prompt: Any) -> str | tuple[int, ...]:
    if isinstance(prompt, str):
        if len(prompt) > limits.PROMPT_CHARACTERS:
            raise InvalidRequest(
                f"The text has {len(prompt):,} characters, but at most {limits.PROMPT_CHARACTERS:,} are allowed. "
                "Shorten it."
            )
        return prompt
    if isinstance(prompt, Sequence) and len(prompt) > limits.PROMPT_TOKENS:
        raise InvalidRequest(
            f"The text has {len(prompt):,} tokens, but at most {limits.PROMPT_TOKENS:,} are allowed. Shorten it."
        )
    return token_ids(prompt, "The prompt")


@dataclass(frozen=True)
class Request:
    """Base of all requests that name a model."""

    model: str

    def __post_init__(self):
        _check_model(self.model)


@dataclass(frozen=True)
class GenerateRequest(Request):
    """Continue ``prompt`` (text, or token ids taken as they are) once for each of ``rows``.

    Answered by :class:`Loading` while the model loads, :class:`Prefill` while the prompt is read, :class:`Token`
    for each token, and :class:`Ended` for each row.
    """

    prompt: str | tuple[int, ...] = ""
    rows: tuple[SamplingOptions, ...] = (SamplingOptions(),)
    edits: tuple[Any, ...] = ()

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "prompt", _check_prompt(self.prompt))
        rows, edits = tuple(self.rows), tuple(self.edits)
        if not 1 <= len(rows) <= limits.ROWS or not all(isinstance(row, SamplingOptions) for row in rows):
            raise InvalidRequest(f"{len(rows)} samples were asked for, but 1 to {limits.ROWS} can be drawn at once.")
        if len(edits) > limits.EDITS:
            raise InvalidRequest(f"There are {len(edits)} edits, but at most {limits.EDITS} are allowed. Remove some.")
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "edits", edits)


@dataclass(frozen=True)
class ScoreRequest(Request):
    """How surprising a text is to a model, token by token. Answered by :class:`Loading` while the model loads, then a :class:`Score`."""

    text: str | tuple[int, ...] = ""

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "text", _check_prompt(self.text))


@dataclass(frozen=True)
class NextTokenRequest(Request):
    """The distribution of the token after ``prompt``, before and after the warpers. Answered by :class:`NextToken`.

    A redraw: the engine remembers the logits, so that a moved slider runs no model.
    """

    prompt: str | tuple[int, ...] = ""
    options: SamplingOptions = SamplingOptions()
    edits: tuple[Any, ...] = ()
    top: int = limits.ALTERNATIVES

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "prompt", _check_prompt(self.prompt))
        object.__setattr__(self, "edits", tuple(self.edits))
        if isinstance(self.top, bool) or not isinstance(self.top, int) or not 1 <= self.top <= limits.SHOWN_TOKENS:
            raise InvalidRequest(f"{self.top!r} tokens were asked for, but 1 to {limits.SHOWN_TOKENS} can be shown.")


@dataclass(frozen=True)
class LoadRequest(Request):
    """Load a model, or load it anew with other choices. Answered by :class:`Loading`, then :class:`Loaded`."""

    dtype: str | None = None
    tokenizer: str | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class UnloadRequest(Request):
    """Free a model's memory. Answered by :class:`Models`."""


@dataclass(frozen=True)
class CardRequest(Request):
    """The card of a model, loading it first if need be. Answered by :class:`Loading`, then :class:`Loaded`."""


@dataclass(frozen=True)
class ModelsRequest:
    """What exists and what is in memory. Answered by :class:`Models`."""


@dataclass(frozen=True)
class Loading:
    """A stage of a load under way; ``fraction`` runs from 0 to 1 where it is known."""

    model: str
    stage: str
    fraction: float | None
    seconds: float


@dataclass(frozen=True)
class Loaded:
    """The model is in memory."""

    model: str
    card: ModelCard


@dataclass(frozen=True)
class Token:
    """One new token: the step, and seconds since the first forward pass began."""

    step: Step
    seconds: float


@dataclass(frozen=True)
class Ended:
    """A row is complete: why, how many tokens, and how fast they came.

    Attributes:
        seconds: decoding time, the prompt's not included.
        tokens_per_second: new tokens after the first, over ``seconds``; None for fewer than two.
    """

    row: int
    reason: str
    tokens: int
    seconds: float
    tokens_per_second: float | None


@dataclass(frozen=True)
class NextToken:
    """The likeliest next tokens, and the whole distribution in numbers.

    Attributes:
        tokens: best first by the model's own probability, with the probability after the warpers.
        entropy_bits: of the model's own distribution.
        effective_choices: 2 to the entropy.
        survivors: how many tokens the warpers leave.
        remembered: whether no model had to run.
    """

    tokens: tuple[Alternative, ...]
    entropy_bits: float
    effective_choices: float
    survivors: int
    remembered: bool


@dataclass(frozen=True)
class ModelState:
    """One model of the catalogue as it is now."""

    name: str
    kind: str
    description: str
    family: str | None
    abilities: tuple[str, ...]
    state: str
    stage: str | None
    fraction: float | None
    memory_bytes: int
    in_use: int
    error: str | None
    card: ModelCard | None


@dataclass(frozen=True)
class Models:
    """Every known model, and memory in bytes."""

    models: tuple[ModelState, ...]
    used: int
    reserved: int
    budget: int
