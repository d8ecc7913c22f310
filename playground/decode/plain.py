"""Decoding with the readable networks as they are: prefill in chunks, then one token per row and step.

Every decode path offers the same four things: ``prefill``, ``step``, ``select`` and ``logits``. All rows of a batch
continue one prompt, so they always have the same length.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from playground.networks.language import LanguageNetwork

PATHS = ("plain", "torch", "compiled", "int8", "graph")  # ways to compute a token step, see paths.py
CHUNK_FLOPS = 3e11  # one or two seconds on two laptop cores
CHUNKS = (16, 512)


def chunk_length(network: LanguageNetwork) -> int:
    """How many positions to read in one forward, so that a long prompt can be stopped in between.

    A power of two that depends on the network's size alone: were it timed, the same seed could mean another text.
    """
    parameters = max(1, sum(parameter.numel() for parameter in network.parameters()))
    positions = max(CHUNKS[0], min(CHUNKS[1], int(CHUNK_FLOPS / (2 * parameters))))
    return 1 << (positions.bit_length() - 1)


class PlainDecoder:
    """One run of ``network``: its cache and the logits of the last position.

    Attributes:
        logits: float32 ``(rows, vocab_size)``, the next-token logits after the last position; None before prefill.
    """

    def __init__(self, network: LanguageNetwork):
        self.network = network
        self.cache = network.new_cache()
        self.logits: Tensor | None = None
        weight = next(iter(network.parameters()), None)
        self.device = torch.device("cpu") if weight is None else weight.device

    def prefill(
        self,
        ids: Sequence[int],
        controls: Callable[[int], Any] | None = None,
        chunk: int | None = None,
        rows: int = 1,
    ) -> Iterator[tuple[int, int]]:
        """Read the prompt ``ids`` into ``rows`` equal rows, at most ``chunk`` positions at a time (by default
        :func:`chunk_length`).

        Yields ``(positions done, positions in all)`` after each chunk, so that a caller can stop in between; the
        logits are there once all of them are done. ``controls(n)`` returns what the network's ``controls`` made of
        the first n ids.
        """
        total, chunk = len(ids), chunk or chunk_length(self.network)
        prompt = torch.tensor(ids, dtype=torch.int64, device=self.device).repeat(rows, 1)  # (rows, T)
        for start in range(0, total, chunk):
            end = min(start + chunk, total)
            self._forward(prompt[:, start:end], controls(end) if controls else None, unembed=end == total)
            yield end, total

    def step(self, ids: Sequence[int], controls: Any = None) -> Tensor:
        """Append one token to every row; return the new ``logits (rows, vocab_size)``."""
        return self._forward(torch.tensor(ids, dtype=torch.int64, device=self.device)[:, None], controls, unembed=True)

    def select(self, rows: Sequence[int]) -> None:
        """Keep, repeat or reorder rows: row i becomes what row ``rows[i]`` was; ``[0] * n`` turns one into n."""
        with torch.inference_mode():
            self.cache.select(rows)
            self.logits = self.logits[torch.tensor(rows, device=self.logits.device)]

    # Inference mode is entered per forward, never across a yield: a suspended generator must not leave it switched on
    # for its caller.
    @torch.inference_mode()
    def _forward(self, ids: Tensor, controls: Any, unembed: bool) -> Tensor | None:
        hidden = self.network.hidden_states(ids, self.cache, controls, tail=1)  # (rows, 1, D)
        self.logits = self.network.unembed(hidden)[:, 0] if unembed else None
        return self.logits
