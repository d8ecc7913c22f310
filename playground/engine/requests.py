"""What can be asked of an engine, and what it answers: frozen, validated, plain data that could cross a network.

A request names everything it needs (model, ids, position, options, edits), so any worker can answer it. The limits
are those of limits.py; whatever arrives here comes from a browser and is checked, whatever the widgets promised.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from playground import limits
from playground.checkpoints.card import ModelCard
from playground.decode.plain import PATHS
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions, token_ids
from playground.generation.prompts import check_edits
from playground.generation.steps import Alternative, Prefill, Step
from playground.generation.surprisal import Score
from playground.senses.edit_documents import check_edit
from playground.senses.edits import Edit

NAME_CHARACTERS = 500

__all__ = [
    "CardRequest", "ColumnEvent", "ColumnFailed", "CompareRequest", "Ended", "GenerateRequest", "LoadRequest",
    "Loaded", "Loading", "ModelState", "Models", "ModelsRequest", "MovedToken", "NextToken", "NextTokenRequest",
    "Prefill", "ReadRequest", "ReplayRequest", "Replayed", "Request", "Score", "ScoreRequest", "Started", "Step",
    "Token", "UnloadRequest",
]  # fmt: skip


def _check_model(name: Any) -> None:
    if not isinstance(name, str) or not name:
        raise InvalidRequest("No model was chosen. Choose one.")
    if len(name) > NAME_CHARACTERS:
        raise InvalidRequest(f"The model's name has {len(name):,} characters; at most {NAME_CHARACTERS} are allowed.")


def check_prompt_text(prompt: Any) -> str | tuple[int, ...]:
    """A text, or token ids as a tuple, of an allowed length; raises InvalidRequest for anything else."""
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


def _check_given(given: Any) -> tuple[int, ...]:
    if isinstance(given, Sequence) and len(given) > limits.NEW_TOKENS:
        raise InvalidRequest(
            f"{len(given):,} tokens were given to begin with, but at most {limits.NEW_TOKENS:,} are allowed."
        )
    return token_ids(given, "given")


def check_asked_edits(edits: Any) -> tuple[Edit | Mapping[str, Any], ...]:
    """``edits`` as a tuple of edit objects and checked edit documents; the engine reads these once the model is there.

    Raises:
        InvalidRequest: no list, too many, or what no model could take.
    """
    if isinstance(edits, str | bytes) or not isinstance(edits, Sequence):
        raise InvalidRequest(f"edits must be a list of edits, not {type(edits).__name__}.")
    checked = []
    for edit in check_edits(edits):
        if not isinstance(edit, Edit):
            check_edit(edit)
            edit = deepcopy(dict(edit))  # what the caller does to it later is not asked here
        checked.append(edit)
    return tuple(checked)


def _check_choice(name: str, value: Any) -> None:
    if isinstance(value, str) and len(value) > NAME_CHARACTERS and name != "tensor_map":
        raise InvalidRequest(f"{name} has {len(value):,} characters; at most {NAME_CHARACTERS} are allowed.")
    plain = str | int | float | bool | None
    if not isinstance(value, plain | Mapping):
        raise InvalidRequest(f"{name} must be text or a number, not {type(value).__name__}.")


@dataclass(frozen=True)
class Request:
    """Base of all requests that name a model."""

    model: str

    def __post_init__(self):
        _check_model(self.model)


@dataclass(frozen=True)
class GenerateRequest(Request):
    """Continue ``prompt`` (text, or token ids taken as they are) once for each of ``rows``, each beginning with the
    tokens ``given``.

    Answered by :class:`Loading` while the model loads or what edits need is made ready, :class:`Started`,
    :class:`Prefill` while the prompt is read, :class:`Token` for each token, and :class:`Ended` for each row.

    Attributes:
        edits: of a Backpack's senses, as edit objects or edit documents (see senses/edit_documents.py), here and in
            the requests below.
        decode: the path of the token steps (see decode/paths.py); by default the fastest that is exact.
    """

    prompt: str | tuple[int, ...] = ""
    rows: tuple[SamplingOptions, ...] = (SamplingOptions(),)
    edits: tuple[Any, ...] = ()
    given: tuple[int, ...] = ()
    decode: str | None = None

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "prompt", check_prompt_text(self.prompt))
        object.__setattr__(self, "given", _check_given(self.given))
        if self.decode is not None and self.decode not in PATHS:
            raise InvalidRequest(f"The decode path is {self.decode!r:.40}; known are {', '.join(PATHS)}.")
        if not isinstance(self.rows, Sequence) or not all(isinstance(row, SamplingOptions) for row in self.rows):
            raise InvalidRequest("rows must be a list of sampling options, one for each sample.")
        if not 1 <= len(self.rows) <= limits.ROWS:
            raise InvalidRequest(
                f"{len(self.rows)} samples were asked for, but 1 to {limits.ROWS} can be drawn at once."
            )
        object.__setattr__(self, "rows", tuple(self.rows))
        object.__setattr__(self, "edits", check_asked_edits(self.edits))


@dataclass(frozen=True)
class CompareRequest:
    """Several generations that take turns, each in a column of its own: other models, or one under other settings.

    Answered by a :class:`ColumnEvent` for each event of a column's :class:`GenerateRequest`, and a
    :class:`ColumnFailed` for a column that cannot go on; the others do.
    """

    columns: tuple[GenerateRequest, ...]

    def __post_init__(self):
        columns = self.columns
        if not isinstance(columns, Sequence) or not all(isinstance(column, GenerateRequest) for column in columns):
            raise InvalidRequest("columns must be a list of requests to generate.")
        if not 1 <= len(columns) <= limits.COLUMNS:
            raise InvalidRequest(f"{len(columns)} columns were asked for, but 1 to {limits.COLUMNS} can be compared.")
        object.__setattr__(self, "columns", tuple(columns))


@dataclass(frozen=True)
class ReplayRequest:
    """Draw a recorded run again: ``document`` is what :func:`playground.engine.records.record_run` wrote.

    Answered as a :class:`GenerateRequest`, and by a :class:`Replayed` in the end.
    """

    document: Mapping[str, Any]

    def __post_init__(self):
        if not isinstance(self.document, Mapping):
            raise InvalidRequest(f"A recorded run must be a JSON object, not {type(self.document).__name__}.")


@dataclass(frozen=True)
class ReadRequest(Request):
    """See ``text`` as if the model had written it from token ``start`` on, with all that could have come instead.

    Answered by :class:`Loading` while the model loads, :class:`Started`, then :class:`Prefill` and :class:`Token` as
    the text is read.
    """

    text: str | tuple[int, ...] = ""
    options: SamplingOptions = SamplingOptions()
    edits: tuple[Any, ...] = ()
    start: int = 1

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "text", check_prompt_text(self.text))
        object.__setattr__(self, "edits", check_asked_edits(self.edits))
        if not isinstance(self.options, SamplingOptions):
            raise InvalidRequest(f"options must be sampling options, not {type(self.options).__name__}.")
        if isinstance(self.start, bool) or not isinstance(self.start, int):
            raise InvalidRequest(f"start must be a whole number, not {type(self.start).__name__}.")


@dataclass(frozen=True)
class ScoreRequest(Request):
    """How surprising a text is to a model, token by token.

    Answered by :class:`Loading` while the model loads, :class:`Prefill` while the text is read, and a :class:`Score`.
    """

    text: str | tuple[int, ...] = ""

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "text", check_prompt_text(self.text))


@dataclass(frozen=True)
class NextTokenRequest(Request):
    """The distribution of the token after ``prompt``, before and after the warpers.

    A redraw: the engine remembers the logits, so that a moved slider runs no model. Answered by :class:`NextToken`;
    where the model has to run, :class:`Loading` and :class:`Prefill` come before it.
    """

    prompt: str | tuple[int, ...] = ""
    options: SamplingOptions = SamplingOptions()
    edits: tuple[Any, ...] = ()
    top: int = limits.ALTERNATIVES

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "prompt", check_prompt_text(self.prompt))
        object.__setattr__(self, "edits", check_asked_edits(self.edits))
        if not isinstance(self.options, SamplingOptions):
            raise InvalidRequest(f"options must be sampling options, not {type(self.options).__name__}.")
        if isinstance(self.top, bool) or not isinstance(self.top, int) or not 1 <= self.top <= limits.SHOWN_TOKENS:
            raise InvalidRequest(f"{self.top!r} tokens were asked for, but 1 to {limits.SHOWN_TOKENS} can be shown.")


@dataclass(frozen=True)
class LoadRequest(Request):
    """Load a model, or load it anew with other choices. Answered by :class:`Loading`, then :class:`Loaded`."""

    dtype: str | None = None
    tokenizer: str | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        super().__post_init__()
        for name in ("dtype", "tokenizer"):
            if not isinstance(getattr(self, name), str | None):
                raise InvalidRequest(f"{name} must be text, not {type(getattr(self, name)).__name__}.")
            _check_choice(name, getattr(self, name))
        if not isinstance(self.choices, Mapping) or not all(isinstance(name, str) for name in self.choices):
            raise InvalidRequest(f"choices must be pairs of name and value, not {type(self.choices).__name__}.")
        for name, value in self.choices.items():
            _check_choice(name, value)


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
class Started:
    """The model is there and begins: all that a record needs to draw the same again.

    Attributes:
        prompt_ids: what the model reads. threads: that torch computes with. decode: the path of the token steps.
    """

    card: ModelCard
    prompt_ids: tuple[int, ...]
    threads: int
    decode: str


@dataclass(frozen=True)
class Replayed:
    """A recorded run was drawn again: whether token for token, and if not, the first new token that differs."""

    same: bool
    first_difference: int | None


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
class ColumnEvent:
    """An event of one column, numbered from 0. Seconds in it count only the time in which that column worked."""

    column: int
    event: Any


@dataclass(frozen=True)
class ColumnFailed:
    """A column ended with an error."""

    column: int
    message: str


@dataclass(frozen=True)
class NextToken:
    """The likeliest next tokens, and the whole distribution in numbers.

    Attributes:
        tokens: best first by the model's own probability, with the probability after the warpers.
        entropy_bits: of the model's own distribution.
        effective_choices: 2 to the entropy.
        survivors: how many tokens the warpers leave.
        remembered: whether no model had to run. Under edits of a Backpack's senses that only means one matrix product.
        before: with edits, the same for the model as it is; else None.
        moved: with edits, all tokens that are among ``tokens`` or ``before.tokens``, likeliest after the edits first.
        moved_share: with edits, the probability that moves to other tokens, over the whole vocabulary: half the sum of
            ``|p - q|``, from 0 to 1.
        kl_bits: with edits, the KL divergence of the distribution after them from the one before, over the whole
            vocabulary: the sum of ``q log2(q / p)``.
    """

    tokens: tuple[Alternative, ...]
    entropy_bits: float
    effective_choices: float
    survivors: int
    remembered: bool
    before: "NextToken | None" = None
    moved: tuple["MovedToken", ...] = ()
    moved_share: float | None = None
    kl_bits: float | None = None


@dataclass(frozen=True)
class MovedToken:
    """A token under edits: log-probability by the model and probability after the warpers, before and after."""

    token_id: int
    text: str
    logprob_before: float
    logprob_after: float
    probability_before: float
    probability_after: float


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
