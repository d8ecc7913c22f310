"""A text read once by a Backpack, so that every edit of it is one matrix product away.

The weights alpha depend on the tokens alone. So what a text's predictions are made of, queries and keys of the weights
and the sense vectors, is kept, and the logits after any position, under any edits, follow without a forward pass:
``logits = sum over (word, sense) of alpha * scale * sense vector``, plus what edits add, times the word vectors.
"""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from playground.networks.backpack import Backpack, SenseControls

CHUNK_FLOPS = 5e10  # about half a second on two laptop cores
CHUNK = (16, 256)


@dataclass(frozen=True)
class SenseReading:
    """What a text's predictions are made of.

    Attributes:
        ids: the text. queries, keys: float32 ``(k, T, h)``, of the sense weights. senses: ``(T, k, d)``, as the network
            computes them, of each token.
    """

    ids: tuple[int, ...]
    queries: Tensor
    keys: Tensor
    senses: Tensor

    @property
    def nbytes(self) -> int:
        return self.queries.nbytes + self.keys.nbytes + self.senses.nbytes + 64 * len(self.ids)

    def weights_at(self, position: int) -> Tensor:
        """Float32 alpha ``(k, position + 1)``: how the prediction after ``position`` weighs each sense so far."""
        scores = self.keys[:, : position + 1] @ self.queries[:, position].unsqueeze(-1)  # (k, S, 1)
        return (scores.squeeze(-1) / math.sqrt(self.keys.shape[-1])).softmax(-1)

    def weights(self, sense: int) -> Tensor:
        """Float32 alpha ``(T, T)`` of one sense: position predicted from, context token. Rows sum to 1."""
        scores = self.queries[sense] @ self.keys[sense].T / math.sqrt(self.keys.shape[-1])
        return scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), -torch.inf).softmax(-1)


def reading_steps(network: Backpack, ids: Sequence[int]) -> Generator[tuple[int, int], None, SenseReading]:
    """Read ``ids`` chunk by chunk, so that it can be stopped in between; yield positions done and in all.

    The generator's return value is the reading.
    """
    cache, total, device = network.new_cache(), len(ids), network.word_vectors.device
    row = torch.tensor([ids], dtype=torch.int64, device=device)
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    chunk = chunk_of(network, CHUNK_FLOPS, CHUNK)
    for start in range(0, total, chunk):
        with torch.inference_mode():
            own = row[:, start : start + chunk]
            queries, keys = network.read_on(own, cache)
            parts.append((queries[0].float(), keys[0].float(), network.sense_vectors(own)[0]))
        yield min(start + chunk, total), total
    queries, keys, senses = zip(*parts, strict=True)
    return SenseReading(tuple(ids), torch.cat(queries, 1), torch.cat(keys, 1), torch.cat(senses))


def read_senses(network: Backpack, ids: Sequence[int]) -> SenseReading:
    """As :func:`reading_steps`, at once."""
    return finished(reading_steps(network, ids))


def finished(steps: Generator[Any, None, Any]) -> Any:
    """Run a generator to its end and return what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as stopped:
            return stopped.value


@torch.inference_mode()
def controlled(
    network: Backpack, reading: SenseReading, position: int, controls: SenseControls | None
) -> tuple[Tensor, Tensor, Tensor]:
    """What the prediction after ``position`` sums under the edits in ``controls``, which one row compiled.

    Returns:
        Float32 weights ``(S, k)`` with the scales in them, sense vectors ``(S, k, d)`` and a further term ``(d,)``; the
        division by the number of senses, where the variant has it, is in the weights and in the term.
    """
    seen = position + 1
    weights = reading.weights_at(position).T  # (S, k)
    senses = reading.senses[:seen].float()
    added = torch.zeros(senses.shape[-1], device=senses.device)
    if controls is not None:
        if controls.scales is not None:
            weights = weights * controls.scales[0, :seen].float()
        replaced = {token: vectors for token, vectors in controls.vectors[0].items() if token in reading.ids[:seen]}
        if replaced:
            senses = senses.clone()
            row = torch.tensor(reading.ids[:seen], device=senses.device)
            for token, vectors in replaced.items():
                senses[row == token] = vectors.float()
        if controls.added is not None:
            added = controls.added[0].float()
    return weights / network.sense_divisor, senses, added / network.sense_divisor


@torch.inference_mode()
def logits_at(
    network: Backpack, reading: SenseReading, position: int, edits: Sequence[Any] = (), own_past: bool = True
) -> Tensor:
    """Float32 next-token logits ``(V,)`` after ``position`` under ``edits``, without a forward pass.

    Args:
        own_past: let edits see the text up to ``position`` only, as when the model writes; else all of it, as in
            ``model.logits``. It matters to a boost that fades with what is said.
    """
    ids = reading.ids[: position + 1] if own_past else reading.ids
    weights, senses, added = controlled(network, reading, position, network.controls([(edits, ids)]))
    hidden = weights.flatten() @ senses.flatten(0, 1) + added  # (d,)
    return network.unembed(hidden.to(network.word_vectors.dtype))


def chunk_of(network: Backpack, flops: float, bounds: tuple[int, int]) -> int:
    """How many positions cost about ``flops``, a number that depends on the network's size alone."""
    parameters = max(1, sum(parameter.numel() for parameter in network.parameters()))
    return max(bounds[0], min(bounds[1], int(flops / (2 * parameters))))
