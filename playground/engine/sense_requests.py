"""What can be asked about a Backpack's senses, and what is answered: frozen, validated, plain data.

All requests load the model if need be (:class:`~playground.engine.requests.Loading` comes first), and are refused in
a line by a model without senses. Long work tells :class:`Progress` and stops when its stream is closed. Whatever is
called ``edits`` takes edit objects or edit documents, as :class:`~playground.engine.requests.NextTokenRequest` does;
the mixer's live distribution is that request's answer.

Words: ``word`` is looked up with a blank in front if that makes it one token (words inside a text begin with one), else
as it was typed; what begins with no letter or digit is tried as typed first. ``as_typed`` asks for exactly the letters
given. Of several pieces the first is looked at. A whole number is a token id: every token can be looked at so, those
too that no text is read as.

Scores of a sense are what it adds to a token's logit where its weight is 1; in Levanter's variant, which divides the
sum over senses by their number, so are the vectors and norms told here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playground import limits
from playground.engine.requests import Request, check_asked_edits, check_prompt_text
from playground.errors import InvalidRequest
from playground.generation.options import token_ids
from playground.senses.bias import SLOT, BiasAnswer, BiasRow
from playground.senses.inspection import Nearest, Promoter, Promoters, Scored, Sense, SenseUse, WordPair, WordSenses
from playground.senses.words import LookedUp, Piece

__all__ = [
    "AlphaRequest", "BiasAnswer", "BiasRequest", "BiasRow", "BiasSearchAnswer", "BiasSearchRequest", "Candidate",
    "LedgerAnswer", "LedgerRequest", "LookedUp", "Nearest", "NearestRequest", "NextChoice", "Piece", "Progress",
    "Promoter", "Promoters", "PromotersRequest", "Scored", "Sense", "SenseFacts", "SenseFactsRequest", "SenseUse",
    "SenseWeights", "SensesRequest", "WordPair", "WordPairRequest", "WordSenses",
]  # fmt: skip


def _check_looked_up(word: Any, name: str = "The word") -> None:
    """A text, or a token id."""
    if isinstance(word, int) and not isinstance(word, bool):
        token_ids((word,), name)
    else:
        _check_word(word, name)


def _check_word(word: Any, name: str = "The word") -> None:
    if not isinstance(word, str) or not word.strip():
        raise InvalidRequest(f"{name} is empty. Type one." if isinstance(word, str) else f"{name} must be text.")
    if len(word) > limits.WORD_CHARACTERS:
        raise InvalidRequest(
            f"{name} has {len(word):,} characters, but at most {limits.WORD_CHARACTERS} are allowed. Shorten it."
        )


def _check_count(name: str, value: Any, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InvalidRequest(f"{name} must be a whole number from 1 to {most:,}, not {value!r:.40}.")


def _check_whole(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**31:
        raise InvalidRequest(f"{name} must be a whole number, not {value!r:.40}.")


def _check_flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be true or false, not {value!r:.40}.")


def _check_texts(name: str, values: Any, most: int, longest: int) -> tuple[str, ...]:
    """``values`` as a tuple of 1 to ``most`` different texts that are not blank."""
    if isinstance(values, str) or not isinstance(values, Sequence) or not all(isinstance(one, str) for one in values):
        raise InvalidRequest(f"{name} must be a list of texts.")
    texts = tuple(dict.fromkeys(one for one in values if one.strip()))
    if not 1 <= len(texts) <= most:
        raise InvalidRequest(f"{name} must be 1 to {most}, and there are {len(texts)}.")
    for text in texts:
        if len(text) > longest:
            raise InvalidRequest(f"{name}: {text[:20]!r}… has {len(text):,} characters; at most {longest} are allowed.")
    return texts


# Looking at words


@dataclass(frozen=True)
class SenseFactsRequest(Request):
    """How many senses a model has, and the edits that come ready-made with it. Answered by :class:`SenseFacts`."""


@dataclass(frozen=True)
class SensesRequest(Request):
    """All senses of a word: what each promotes and demotes, and how a text of the user's choice uses it.

    Answered by :class:`WordSenses`.

    Attributes:
        top: tokens listed per sense and direction.
        text: what to look for uses in, or None.
        as_typed: take the word's letters exactly, without trying a blank in front.
        piece: of a word of several pieces, the one to look at, from 0.
    """

    word: str | int = ""
    top: int = 10
    text: str | None = None
    as_typed: bool = False
    piece: int = 0

    def __post_init__(self):
        super().__post_init__()
        _check_looked_up(self.word)
        _check_count("top", self.top, limits.SHOWN_TOKENS)
        if self.text is not None:
            object.__setattr__(self, "text", check_prompt_text(self.text))
        _check_flag("as_typed", self.as_typed)
        _check_whole("piece", self.piece)


@dataclass(frozen=True)
class NearestRequest(Request):
    """The tokens whose sense of that number points most nearly the same way as the word's.

    Answered by :class:`Progress` where the sense's vectors of the whole vocabulary have to be computed, and
    :class:`Nearest`.
    """

    word: str | int = ""
    sense: int = 0
    top: int = 20
    as_typed: bool = False

    def __post_init__(self):
        super().__post_init__()
        _check_looked_up(self.word)
        _check_whole("sense", self.sense)
        _check_count("top", self.top, limits.SHOWN_TOKENS)
        _check_flag("as_typed", self.as_typed)


@dataclass(frozen=True)
class WordPairRequest(Request):
    """How alike two words are, sense by sense. Answered by :class:`WordPair`."""

    a: str | int = ""
    b: str | int = ""
    as_typed: bool = False

    def __post_init__(self):
        super().__post_init__()
        _check_looked_up(self.a, "The first word")
        _check_looked_up(self.b, "The second word")
        _check_flag("as_typed", self.as_typed)


@dataclass(frozen=True)
class PromotersRequest(Request):
    """The other way round: which (token, sense) pairs of the whole vocabulary promote this word most.

    Answered by :class:`Progress` and :class:`Promoters`.
    """

    word: str | int = ""
    top: int = 20
    as_typed: bool = False

    def __post_init__(self):
        super().__post_init__()
        _check_looked_up(self.word)
        _check_count("top", self.top, limits.SHOWN_TOKENS)
        _check_flag("as_typed", self.as_typed)


@dataclass(frozen=True)
class Progress:
    """How far a long piece of work is: what is being done, steps done, and steps in all."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class SenseFacts:
    """What a page needs before it asks for more.

    Attributes:
        senses: how many every token has. context: the most tokens that a text may have.
        presets: as in a presets file (see senses/presets.py), or none: id, title, watch, prompt, edits, topic,
            sampling, measured.
    """

    senses: int
    context: int
    presets: tuple[Mapping[str, Any], ...]


# Taking a prediction apart


@dataclass(frozen=True)
class LedgerRequest(Request):
    """What every (context word, sense) adds to the logit of a next token.

    Answered by :class:`LedgerAnswer`. Edits see the whole text, as in ``model.logits(ids, edits)``.

    Attributes:
        text: text, or token ids taken as they are.
        position: the token after which the model predicts, from 0, or from the end: -1 is the last.
        candidates: next tokens to explain, as words (one token each) or ids; none means the two likeliest.
        top: how many of the likeliest next tokens are listed to choose from.
    """

    text: str | tuple[int, ...] = ""
    position: int = -1
    candidates: tuple[str | int, ...] = ()
    edits: tuple[Any, ...] = ()
    top: int = 20

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "text", check_prompt_text(self.text))
        _check_whole("position", self.position)
        candidates = self.candidates
        if isinstance(candidates, str) or not isinstance(candidates, Sequence):
            raise InvalidRequest("candidates must be a list of words or token ids.")
        if len(candidates) > limits.LEDGERS:
            raise InvalidRequest(
                f"{len(candidates)} tokens were to be explained, but at most {limits.LEDGERS} can be at once."
            )
        for one in candidates:
            if isinstance(one, str):
                _check_word(one, "A candidate")
            else:
                token_ids((one,), "candidates")
        object.__setattr__(self, "candidates", tuple(candidates))
        object.__setattr__(self, "edits", check_asked_edits(self.edits))
        _check_count("top", self.top, limits.SHOWN_TOKENS)


@dataclass(frozen=True)
class NextChoice:
    """A token that could come next, with the model's logit and natural log-probability (after the edits)."""

    token_id: int
    text: str
    logit: float
    logprob: float


@dataclass(frozen=True)
class Candidate:
    """One next token's logit taken apart.

    Attributes:
        contributions: ``(T, k)``, a row for each context token up to the position, a number for each sense.
        added: what edits of the kind ``add_sense`` add beside the cells.
        total: the sum of all contributions and ``added``.
        logit: the model's own, from an ordinary forward pass. difference: ``total - logit``.
    """

    token_id: int
    text: str
    contributions: tuple[tuple[float, ...], ...]
    added: float
    total: float
    logit: float
    logprob: float
    difference: float


@dataclass(frozen=True)
class LedgerAnswer:
    """The exact shares of every context word and sense in the logits of some next tokens.

    "Why A rather than B" is the difference of two candidates' contributions, cell by cell.

    Attributes:
        tokens: of the whole text. position: the place predicted from, counted from 0; contributions cover the tokens
            up to it, itself included.
        written: the token that the text goes on with there, or None at its end.
        choices: the likeliest next tokens, best first.
        candidates: those asked for, in that order.
        weights: ``(T, k)``, the model's sense weights alpha at the position, before edits scale them.
    """

    tokens: tuple[Piece, ...]
    position: int
    written: NextChoice | None
    choices: tuple[NextChoice, ...]
    candidates: tuple[Candidate, ...]
    weights: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class AlphaRequest(Request):
    """The sense weights alpha of a text, as a map for each sense. Answered by :class:`SenseWeights`.

    Attributes:
        senses: numbers of the senses wanted; none means all. Together the maps may hold limits.ALPHA_CELLS numbers.
    """

    text: str | tuple[int, ...] = ""
    senses: tuple[int, ...] = ()

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "text", check_prompt_text(self.text))
        senses = token_ids(self.senses, "senses")
        object.__setattr__(self, "senses", tuple(dict.fromkeys(senses)))


@dataclass(frozen=True)
class SenseWeights:
    """Sense weights alpha, rounded to 6 decimals.

    Attributes:
        tokens: of the text. senses: the number of the sense that each map shows.
        maps: ``(len(senses), T, T)``: sense, position predicted from, context token; rows sum to 1, the future is 0.
    """

    tokens: tuple[Piece, ...]
    senses: tuple[int, ...]
    maps: tuple[tuple[tuple[float, ...], ...], ...]


# The bias probe


@dataclass(frozen=True)
class _Probe(Request):
    """Prompts with a slot, words for it, and two groups of next words."""

    templates: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    group_a: tuple[str, ...] = ("he",)
    group_b: tuple[str, ...] = ("she",)
    edits: tuple[Any, ...] = ()

    def __post_init__(self):
        super().__post_init__()
        templates = _check_texts("The templates", self.templates, limits.TEMPLATES, 500)
        for template in templates:
            if template.count(SLOT) != 1:
                raise InvalidRequest(
                    f"The template {template[:60]!r} has {template.count(SLOT)} slots, but needs one, written {SLOT}."
                )
        object.__setattr__(self, "templates", templates)
        for name, label, most in (
            ("words", "The words", limits.SLOT_WORDS),
            ("group_a", "The words of the first group", limits.GROUP_WORDS),
            ("group_b", "The words of the second group", limits.GROUP_WORDS),
        ):
            object.__setattr__(self, name, _check_texts(label, getattr(self, name), most, limits.WORD_CHARACTERS))
        object.__setattr__(self, "edits", check_asked_edits(self.edits))


@dataclass(frozen=True)
class BiasRequest(_Probe):
    """How likely the words of two groups are after every template with every word, before and after an edit.

    Answered by :class:`BiasRow` for each (word, template), and a :class:`BiasAnswer`.

    Attributes:
        templates: prompts with one slot ``{}``. words: what fills it.
        group_a, group_b: next words, one token each (a blank in front is tried first).
        edits: what "after" means, together with sense and factor.
        sense, factor: if a sense is given, it is scaled by this factor in the word that fills the slot, which then has
            to be one token there.
    """

    sense: int | None = None
    factor: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        if self.sense is not None:
            _check_whole("sense", self.sense)
        if isinstance(self.factor, bool) or not isinstance(self.factor, int | float) or not abs(self.factor) <= 100:
            raise InvalidRequest(f"factor must be a number from -100 to 100, not {self.factor!r:.40}.")


@dataclass(frozen=True)
class BiasSearchRequest(_Probe):
    """Search the factor of one sense that brings p(A) / p(B) nearest to 1 with the least change.

    As in the paper (Hewitt et al. 2023, section 5.2), for each word the factor in [0, 1] that minimises
    ``bias + |1 - factor|``, where the bias is the mean of ``max(p(A)/p(B), p(B)/p(A))`` over the templates. The paper
    uses Nelder-Mead; here the logits are linear in the factor, so all of [0, 1] is looked at on a grid of 201 points
    and the best place refined by golden section.

    Answered by :class:`Progress` and :class:`BiasSearchAnswer`. ``edits`` hold before and after.

    Attributes:
        sense: the sense that is scaled in the word that fills the slot.
        neutral: a text on which the cost of the found edits is measured, or empty.
        common: one factor for all words, minimising the mean over them, instead of one for each.
    """

    sense: int = 0
    neutral: str = ""
    common: bool = False

    def __post_init__(self):
        super().__post_init__()
        _check_whole("sense", self.sense)
        if not isinstance(self.neutral, str):
            raise InvalidRequest("The neutral text must be text.")
        object.__setattr__(self, "neutral", check_prompt_text(self.neutral))
        _check_flag("common", self.common)
        if len(self.words) + len(self.edits) > limits.EDITS:
            raise InvalidRequest(
                f"{len(self.words)} words and {len(self.edits)} edits are more than the {limits.EDITS} edits that a "
                "model takes at once. Remove some."
            )


@dataclass(frozen=True)
class BiasSearchAnswer:
    """The factors found, what they do, and what they cost.

    Attributes:
        factors: a factor for each of ``words``, in their order; all the same for a common one.
        rows, bias, bias_after: as in :class:`BiasAnswer`, after meaning with the factors.
        edits: the documents of the found edits (``scale_sense``), for the mixer.
        bits, bits_after: bits per byte of the neutral text without and with the edits; None without one.
        touched: how many tokens of the neutral text the edits change: where none is, there can be no cost.
    """

    words: tuple[str, ...]
    factors: tuple[float, ...]
    rows: tuple[BiasRow, ...]
    bias: float
    bias_after: float
    edits: tuple[Mapping[str, Any], ...]
    bits: float | None
    bits_after: float | None
    touched: int
