"""Lexical similarity: do a Backpack's senses find words alike that people find alike?

People scored pairs of words; a model scores a pair by the cosine of its vectors for the two words. The measure is
Spearman's rank correlation of the two, for each sense by itself, for the least of the senses' cosines, and, to compare
with, for the model's own input embeddings (Hewitt et al. 2023, section 4.2 and table 2).

Only pairs are counted whose words are single tokens with a space in front, as words stand in running text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from playground.errors import InvalidRequest
from playground.evaluation.word_pairs import WordPair, read_word_pairs

PAIRS_AT_A_TIME = 64


@dataclass(frozen=True)
class Similarity:
    """Rank correlations with human scores, each from -1 to 1, or None where there are too few pairs to rank.

    Attributes:
        pairs: pairs that were counted, of all those ``of`` the list.
        embedding: of the cosines of the model's input embeddings.
        senses: of each sense's cosines.
        minimum: of the least cosine over the senses (the paper's Sim_min).
    """

    pairs: int
    of: int
    embedding: float | None
    senses: tuple[float | None, ...]
    minimum: float | None

    @property
    def best(self) -> int | None:
        """The sense of the highest correlation."""
        known = [sense for sense, correlation in enumerate(self.senses) if correlation is not None]
        return max(known, key=lambda sense: self.senses[sense], default=None)

    def as_json(self) -> dict[str, Any]:
        best = None if self.best is None else {"sense": self.best, "correlation": self.senses[self.best]}
        return {
            "pairs": self.pairs,
            "of": self.of,
            "embedding": self.embedding,
            "senses": list(self.senses),
            "minimum": self.minimum,
            "best": best,
        }


def similarity_table(model: Any, files: Sequence[Path]) -> dict[str, Similarity]:
    """The measure on each file of word pairs, by the file's name without its ending.

    Raises:
        PlaygroundError: as :func:`similarity` and :func:`~playground.evaluation.word_pairs.read_word_pairs`.
    """
    names = [file.stem for file in files]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise InvalidRequest(f"Two files of word pairs are called {doubled}. Give each once, or rename one.")
    return {name: similarity(model, read_word_pairs(file)) for name, file in zip(names, files, strict=True)}


@torch.inference_mode()
def similarity(model: Any, pairs: Sequence[WordPair]) -> Similarity:
    """How well the cosines of ``model``'s vectors rank ``pairs``.

    Raises:
        InvalidRequest: the model has no senses or no tokenizer.
    """
    if "senses" not in model.abilities:
        raise InvalidRequest(
            f"Word similarity is measured on senses, and this {model.card.family} model has none. Give a Backpack."
        )
    if model.tokenizer is None:
        raise InvalidRequest("This model has no tokenizer, so words mean nothing to it. Load it with one.")
    token = {word: _single_token(model, word) for pair in pairs for word in (pair.first, pair.second)}
    counted = [pair for pair in pairs if token[pair.first] is not None and token[pair.second] is not None]
    human = np.array([pair.score for pair in counted])
    cosines = _cosines(model.network, [(token[pair.first], token[pair.second]) for pair in counted])  # (n, 1 + k)
    embedding, *senses = (spearman(human, column) for column in cosines.T)
    minimum = spearman(human, cosines[:, 1:].min(axis=1))
    return Similarity(len(counted), len(pairs), embedding, tuple(senses), minimum)


def _single_token(model: Any, word: str) -> int | None:
    """The id of `` word``, if it is one token that is written back as such."""
    ids = model.tokenizer.encode(f" {word}")
    return ids[0] if len(ids) == 1 and model.tokenizer.decode(ids).strip() == word else None


def _cosines(network: Any, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Float64 ``(n, 1 + k)``: the cosine of the input embeddings, then that of each sense, for pairs of token ids."""
    rows = [np.empty((0, 1 + network.num_senses))]
    for start in range(0, len(pairs), PAIRS_AT_A_TIME):
        ids = torch.tensor(pairs[start : start + PAIRS_AT_A_TIME], device=network.word_vectors.device)  # (b, 2)
        embeddings = network.encoder.wte(ids).unsqueeze(2)  # (b, 2, 1, d)
        vectors = torch.cat((embeddings, network.sense_vectors(ids)), dim=2).double()  # (b, 2, 1 + k, d)
        rows.append(F.cosine_similarity(vectors[:, 0], vectors[:, 1], dim=-1).cpu().numpy())
    return np.concatenate(rows)


def spearman(first: np.ndarray, second: np.ndarray) -> float | None:
    """Spearman's rank correlation of two equally long lists of numbers: Pearson's, of the ranks.

    None if it is not defined: fewer than two pairs, or a list of equal numbers.
    """
    if len(first) < 2:
        return None
    centred = [ranks - ranks.mean() for ranks in (average_ranks(first), average_ranks(second))]
    spread = np.sqrt(np.prod([np.dot(ranks, ranks) for ranks in centred]))
    return float(np.dot(*centred) / spread) if spread else None


def average_ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each number from 1 up; equal numbers share the mean of the ranks that they take."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts - 1) / 2)[place]
