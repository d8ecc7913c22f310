"""Looking at the senses of words: what each promotes and demotes, how a text uses it, and which words are alike by it.

Scores are what a sense adds to a token's logit where its weight is 1; in Levanter's variant, which divides the sum over
senses by their number, so are the vectors and norms told here.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from playground.errors import InvalidRequest
from playground.senses.ledger import text_ids
from playground.senses.reading import SenseReading, finished, read_senses
from playground.senses.uses import SenseUse, uses_in
from playground.senses.vocabulary import sense_directions, sense_logits
from playground.senses.words import LookedUp, check_has_senses, look_up, piece

SPARE = 64  # candidates beyond those wanted that half precision may have put in the wrong order


@dataclass(frozen=True)
class Scored:
    """A token with a score or a cosine."""

    token_id: int
    text: str
    score: float


@dataclass(frozen=True)
class Sense:
    """One sense of a word: its number, the length of its vector, and the tokens that it makes likelier and less likely,
    strongest first. ``use`` is None without a text, or where the text does not hold the word."""

    sense: int
    norm: float
    promotes: tuple[Scored, ...]
    demotes: tuple[Scored, ...]
    use: SenseUse | None


@dataclass(frozen=True)
class WordSenses:
    """All senses of a word, by number. ``occurrences`` counts the token in the text, None without a text."""

    word: LookedUp
    senses: tuple[Sense, ...]
    occurrences: int | None


@dataclass(frozen=True)
class Nearest:
    """The nearest tokens by one sense, nearest first, the word itself left out; scores are cosines."""

    word: LookedUp
    sense: int
    words: tuple[Scored, ...]


@dataclass(frozen=True)
class WordPair:
    """Two words and the cosine of each pair of senses of one number."""

    a: LookedUp
    b: LookedUp
    cosines: tuple[float, ...]


@dataclass(frozen=True)
class Promoter:
    """A sense of a token, and what it adds to the logit of the word asked for where its weight is 1."""

    token_id: int
    text: str
    sense: int
    score: float


@dataclass(frozen=True)
class Promoters:
    """The (token, sense) pairs that promote a word most, strongest first."""

    word: LookedUp
    pairs: tuple[Promoter, ...]


def inspect_senses(
    model: Any, word: str | int, top: int = 10, text: str | None = None, as_typed: bool = False, number: int = 0
) -> WordSenses:
    """All senses of ``word``, a text or a token id: the ``top`` tokens that each promotes and demotes, and how ``text``
    uses it.

    Args:
        as_typed: take exactly these letters, without trying a blank in front. number: of a word of several pieces,
            the one to look at.

    Raises:
        InvalidRequest: a model without senses, or a word or a text that does not suit it.
    """
    check_has_senses(model)
    found = look_up(model, word, as_typed, number)
    reading = None if text is None else read_senses(model.network, text_ids(model, text))
    return word_senses(model, found, top, reading)


@torch.inference_mode()
def word_senses(model: Any, found: LookedUp, top: int, reading: SenseReading | None = None) -> WordSenses:
    """As :func:`inspect_senses`, for a word that was looked up and a text that was read."""
    network = model.network
    vectors = senses_of(network, found.token_id)  # (k, d)
    logits = network.unembed(vectors.to(network.word_vectors.dtype))[:, : model.sampled_size]  # (k, V)
    uses = None if reading is None else uses_in(network, reading, found.token_id)
    senses = tuple(
        Sense(number, float(vector.norm()), _top(model, own, top), _top(model, -own, top, -1), uses and uses[number])
        for number, (vector, own) in enumerate(zip(vectors, logits, strict=True))
    )
    return WordSenses(found, senses, None if reading is None else reading.ids.count(found.token_id))


def senses_of(network: Any, token_id: int) -> Tensor:
    """Float32 ``(k, d)``, as they enter the sum."""
    ids = torch.tensor(token_id, device=network.word_vectors.device)
    return network.sense_vectors(ids).float() / network.sense_divisor


def compare_words(model: Any, a: str | int, b: str | int, as_typed: bool = False) -> WordPair:
    """How alike two words are, sense by sense.

    Raises:
        InvalidRequest: a model without senses, or a word that does not suit it.
    """
    check_has_senses(model)
    first, second = look_up(model, a, as_typed), look_up(model, b, as_typed)
    with torch.inference_mode():
        one, other = senses_of(model.network, first.token_id), senses_of(model.network, second.token_id)
        return WordPair(first, second, tuple(F.cosine_similarity(one, other, dim=-1).tolist()))


def nearest_by_sense(model: Any, word: str | int, sense: int, top: int = 20, as_typed: bool = False) -> Nearest:
    """The ``top`` tokens whose sense of that number points most nearly as that of ``word`` does.

    Raises:
        InvalidRequest: a model without senses, a word that does not suit it, or no such sense.
    """
    check_has_senses(model)
    found = look_up(model, word, as_typed)
    check_sense(model.network, sense)
    return nearest_among(model, found, sense, top, finished(sense_directions(model.network, sense)))


@torch.inference_mode()
def nearest_among(model: Any, found: LookedUp, sense: int, top: int, directions: Tensor) -> Nearest:
    """As :func:`nearest_by_sense`, given what :func:`~playground.senses.vocabulary.sense_directions` returned.

    The half precision of that table only chooses; those chosen are compared in full.
    """
    network, own = model.network, found.token_id
    wanted = F.normalize(senses_of(network, own)[sense], dim=-1)
    rough = torch.cat([part.float() @ wanted for part in directions[: model.sampled_size].split(4096)])
    best = rough.topk(min(top + SPARE, len(rough))).indices
    vectors = network.sense_network.one(network.encoder.wte(best), sense).float()
    cosines = F.cosine_similarity(vectors, wanted[None], dim=-1)
    ranked = sorted(zip(cosines.tolist(), best.tolist(), strict=True), key=lambda pair: (-pair[0], pair[1]))
    words = [_scored(model, id_, cosine) for cosine, id_ in ranked if id_ != own]
    return Nearest(found, sense, tuple(words[:top]))


def promoters_of(model: Any, word: str | int, top: int = 20, as_typed: bool = False) -> Promoters:
    """The ``top`` (token, sense) pairs of the whole vocabulary that promote ``word`` most.

    Raises:
        InvalidRequest: a model without senses, or a word that does not suit it.
    """
    check_has_senses(model)
    return finished(promoters_steps(model, look_up(model, word, as_typed), top))


def promoters_steps(model: Any, found: LookedUp, top: int) -> Generator[tuple[int, int], None, Promoters]:
    """As :func:`promoters_of`, as a generator that yields tokens done and in all, and can be closed in between."""
    network = model.network
    scores = yield from sense_logits(network, network.word_vectors[found.token_id])
    with torch.inference_mode():
        cells = (scores[: model.sampled_size] / network.sense_divisor).flatten()
        best = cells.topk(min(top, len(cells)))
    pairs = []
    for score, cell in zip(best.values.tolist(), best.indices.tolist(), strict=True):
        token, sense = divmod(cell, network.num_senses)
        pairs.append(Promoter(token, piece(model, token).text, sense, score))
    return Promoters(found, tuple(pairs))


def check_sense(network: Any, sense: int) -> None:
    """Raises:
    InvalidRequest: the model has no sense of that number.
    """
    if not 0 <= sense < network.num_senses:
        raise InvalidRequest(
            f"Sense {sense} was asked for, but this model's senses go from 0 to {network.num_senses - 1}."
        )


def _top(model: Any, scores: Tensor, count: int, sign: int = 1) -> tuple[Scored, ...]:
    best = scores.topk(min(count, len(scores)))
    return tuple(
        _scored(model, id_, sign * score)
        for score, id_ in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    )


def _scored(model: Any, token_id: int, score: float) -> Scored:
    return Scored(token_id, piece(model, token_id).text, score)
