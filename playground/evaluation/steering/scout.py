"""Cheap foresight on which edits steer: plain continuations of a prompt are read again, instead of written anew.

What an edit does to the next-token probabilities along texts that were written without it costs one pass, and for
all (word, sense) pairs at once one gradient. It leaves out that steered text steers on: it ranks, and does not measure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample_rows
from playground.generation.steps import Row, Step


@dataclass(frozen=True)
class Promise:
    """What an edit does to plain text's next-token probabilities.

    Attributes:
        ratio: probability of the target tokens with the edit over without, summed over all positions.
        shift: mean Kullback-Leibler divergence of the edited from the plain probabilities, in bits per token.
    """

    ratio: float
    shift: float


class Scout:
    """Plain continuations of one prompt under one model; ``seeds`` says how many."""

    @torch.inference_mode()
    def __init__(self, model: Any, prompt: str, options: SamplingOptions, seeds: Sequence[int]):
        self.network = model.network
        prompt_ids = model.prompt_ids(prompt)
        rows = _continuations(model, prompt_ids, options, seeds)
        width = max(map(len, rows))
        self.ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])  # (B, T)
        predicts = torch.arange(width) >= len(prompt_ids) - 1
        self.counted = torch.stack([predicts & (torch.arange(width) < len(row) - 1) for row in rows])  # (B, T)
        self.plain = self._log_probabilities(())  # (N, V)
        self._gains: dict[tuple[int, ...], Tensor] = {}

    def common_tokens(self) -> list[int]:
        """Ids that stand in at least half of the texts, the prompt included."""
        present = torch.zeros(len(self.ids), self.network.vocab_size).scatter_(1, self.ids, 1.0)
        return (present.mean(0) >= 0.5).nonzero().flatten().tolist()

    @torch.inference_mode()
    def gains(self, targets: Sequence[int]) -> Tensor:
        """``(V, k)``: growth of the targets' summed probability per unit that a (token, sense)'s factor grows.

        The gradient of the summed probability with respect to the hidden states, along what each sense adds to them;
        0 for tokens that the texts do not hold.
        """
        key = tuple(targets)
        if key not in self._gains:
            network, words = self.network, self.network.word_vectors
            alpha = network.sense_weights(self.ids)  # (B, k, T, S)
            senses = network.sense_vectors(self.ids)  # (B, S, k, d)
            p = self.plain.exp()
            on = p[:, list(key)]  # (N, targets)
            gradient = torch.zeros(*self.ids.shape, words.shape[1])
            gradient[self.counted] = on @ words[list(key)] - on.sum(-1, keepdim=True) * (p @ words)
            reach = torch.einsum("bkts,btd->bskd", alpha, gradient)
            worth = (reach * senses).sum(-1) / network.sense_divisor  # (B, S, k)
            table = torch.zeros(network.vocab_size, network.num_senses)
            self._gains[key] = table.index_add_(0, self.ids.flatten(), worth.flatten(0, 1))
        return self._gains[key]

    @torch.inference_mode()
    def promise(self, edits: Sequence[Any], targets: Sequence[int]) -> Promise:
        """What ``edits`` do to the probability of ``targets`` and to all others."""
        edited = self._log_probabilities(edits)
        chosen = list(targets)
        ratio = edited[:, chosen].exp().sum() / self.plain[:, chosen].exp().sum()
        shift = (edited.exp() * (edited - self.plain)).sum(-1).mean() / torch.log(torch.tensor(2.0))
        return Promise(ratio.item(), shift.item())

    def _log_probabilities(self, edits: Sequence[Any]) -> Tensor:
        """``(N, V)`` for the positions that predict generated tokens."""
        controls = self.network.controls([(edits, row) for row in self.ids.tolist()])
        hidden = self.network.hidden_states(self.ids, controls=controls)
        return self.network.unembed(hidden[self.counted]).log_softmax(-1)


def _continuations(model: Any, prompt: list[int], options: SamplingOptions, seeds: Sequence[int]) -> list[list[int]]:
    rows = [list(prompt) for _ in seeds]
    for event in sample_rows(model, prompt, [Row(replace(options, seed=seed)) for seed in seeds]):
        if isinstance(event, Step):
            rows[event.row].append(event.token_id)
    return rows
