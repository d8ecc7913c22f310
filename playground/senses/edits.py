"""Edits of a Backpack's senses: plain frozen data that compiles to scales and replaced vectors.

An edit changes the sum over (word, sense), never the encoder, so the weights alpha stay as they are and the edited
next-token logits are exact. Formulas: Hewitt et al. 2023, section 5, and the authors' published code.
"""

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.errors import InvalidRequest
from playground.networks.backpack import Backpack
from playground.senses.topics import annealing, bands_steps, spoken_senses, topic_multipliers, topic_scores

__all__ = [
    "STRENGTHS", "AddSense", "Edit", "ScaleSense", "SwapDirection", "TopicBoost", "annealing", "spoken_senses",
    "topic_multipliers", "topic_scores", "topic_steps",
]  # fmt: skip

STRENGTHS = ((1.0, 1.0, 1.0, 1.0), (1.5, 1.5, 1.3, 1.0), (2.2, 2.2, 1.5, 1.0), (3.3, 3.3, 3.0, 1.0))


def _check(network: Backpack, sense: int | None = None, **tokens: int) -> None:
    for name, token in tokens.items():
        if not isinstance(token, int) or not 0 <= token < network.vocab_size:
            raise InvalidRequest(
                f"{name} is {token!r}, but token ids are whole numbers from 0 to {network.vocab_size - 1:,}."
            )
    if sense is not None and (not isinstance(sense, int) or not 0 <= sense < network.num_senses):
        raise InvalidRequest(f"sense is {sense!r}, but this model's senses go from 0 to {network.num_senses - 1}.")


class Edit:
    """What the network asks of an edit; each kind changes one of the three."""

    def scales(self, network: Backpack, ids: Sequence[int]) -> Tensor:
        """Factors ``(T, k)`` on the weight of every (position, sense) of ``ids``."""
        return torch.ones(len(ids), network.num_senses, device=network.word_vectors.device)

    def vectors(self, network: Backpack, replaced: Mapping[int, Tensor]) -> dict[int, Tensor]:
        """Sense vectors ``(k, d)`` by token id, made from those that earlier edits have ``replaced``."""
        return {}

    def added(self, network: Backpack, replaced: Mapping[int, Tensor]) -> Tensor | None:
        """A vector ``(d,)`` that joins the sum over (word, sense) at every position, or None."""
        return None


@dataclass(frozen=True)
class ScaleSense(Edit):
    """Multiply one sense's weight wherever ``token_id`` stands, or only at ``position``; nothing is renormalised."""

    token_id: int
    sense: int
    factor: float
    position: int | None = None

    def scales(self, network: Backpack, ids: Sequence[int]) -> Tensor:
        _check(network, self.sense, token_id=self.token_id)
        if not math.isfinite(self.factor):
            raise InvalidRequest(f"factor is {self.factor}, but it must be a finite number.")
        factors = super().scales(network, ids)
        for place, token in enumerate(ids):
            if token == self.token_id and self.position in (None, place):
                factors[place, self.sense] = self.factor
        return factors


@dataclass(frozen=True)
class AddSense(Edit):
    """Let one sense of ``token_id`` speak everywhere, as if the word were always there with this ``weight``.

    One more term ``weight * C(token)_sense`` in the sum over (word, sense), so the next-token logits stay exact.
    """

    token_id: int
    sense: int
    weight: float

    def added(self, network: Backpack, replaced: Mapping[int, Tensor]) -> Tensor:
        _check(network, self.sense, token_id=self.token_id)
        if not math.isfinite(self.weight):
            raise InvalidRequest(f"weight is {self.weight}, but it must be a finite number.")
        senses = replaced.get(self.token_id)
        if senses is None:
            senses = network.token_senses(self.token_id)  # (k, d)
        return self.weight * senses[self.sense]


@dataclass(frozen=True)
class SwapDirection(Edit):
    """In every sense of ``token_id``, replace the part along ``out_token_id``'s word vector by ``in_token_id``'s.

    ``s - c * e_out + c * |e_out|^2 / |e_in|^2 * e_in`` with ``c = s . e_out / |e_out|^2``.
    """

    token_id: int
    out_token_id: int
    in_token_id: int

    def vectors(self, network: Backpack, replaced: Mapping[int, Tensor]) -> dict[int, Tensor]:
        _check(network, token_id=self.token_id, out_token_id=self.out_token_id, in_token_id=self.in_token_id)
        with torch.inference_mode():
            senses = replaced.get(self.token_id)
            if senses is None:
                senses = network.token_senses(self.token_id)  # (k, d)
            out, into = network.word_vectors[self.out_token_id], network.word_vectors[self.in_token_id]
            for id_, vector in ((self.out_token_id, out), (self.in_token_id, into)):
                if not vector.any():
                    raise InvalidRequest(f"The word vector of token {id_} is all zeros: it has no direction to swap.")
            along = (senses @ out / out.dot(out))[:, None]  # (k, 1)
            return {self.token_id: senses - along * out + along * (out.dot(out) / into.dot(into)) * into}


@dataclass(frozen=True)
class TopicBoost(Edit):
    """Strengthen the senses that promote the ``targets``, fading as their words get said.

    Args:
        targets: ids of the words that make the topic.
        multipliers: factors for (token, sense) pairs scored above the 95 percent quantile, 80 to 95, 60 to 80, below.
        anneal: fade a sense's boost once the words it promotes are in the text.
        recency: boost later positions more, by 1 percent a position (only with ``anneal``).
        skip: a token whose score counts as 0, the end of text in the authors' code.
    """

    targets: tuple[int, ...]
    multipliers: tuple[float, float, float, float] = STRENGTHS[2]
    anneal: bool = True
    recency: bool = True
    skip: int | None = None

    def __post_init__(self):
        for name in ("targets", "multipliers"):  # lists, say from JSON, are as good
            object.__setattr__(self, name, tuple(getattr(self, name)))

    def check(self, network: Backpack) -> None:
        """Raises:
        InvalidRequest: what does not suit the network.
        """
        if not self.targets:
            raise InvalidRequest("A topic needs at least one target word.")
        if len(self.multipliers) != 4 or not all(map(math.isfinite, self.multipliers)):
            raise InvalidRequest(f"A topic needs 4 multipliers, all finite numbers, and has {self.multipliers}.")
        for target in self.targets:
            _check(network, target=target)
        if self.skip is not None:
            _check(network, skip=self.skip)

    def scales(self, network: Backpack, ids: Sequence[int]) -> Tensor:
        self.check(network)
        boost = topic_multipliers(network, self.targets, self.multipliers, self.skip, ids)  # (T, k)
        if not self.anneal:
            return boost
        fade = annealing(network, ids, self.multipliers, self.recency)
        return boost * fade + (1 - fade)


def topic_steps(network: Backpack, edits: Sequence[Edit]) -> Generator[tuple[str, int, int], None, None]:
    """Make ready what the topics among ``edits`` need: every sense's largest logit, once for each loaded model and then
    for all topics, and every sense's logits for a topic's words.

    Yields what is being done, tokens done and tokens in all; nothing where it was done before. It can be closed in
    between. An edit that was not made ready does the same work itself.

    Raises:
        InvalidRequest: a topic that does not suit the network.
    """
    for edit in edits:
        if isinstance(edit, TopicBoost):
            edit.check(network)
            yield from bands_steps(network, edit.targets, edit.skip)
