"""From logits to the distribution that is drawn from: transformers' own logits processors, in its own order.

Where the best few tokens settle what they would do, the rest of the vocabulary is left alone (truncation.py).
"""

from collections.abc import Sequence
from functools import cache
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.generation.options import SamplingOptions
from playground.generation.truncation import Truncation, truncated

# Below this, dividing float32 logits by the temperature only magnifies their rounding errors: take the best token.
COLDEST = 1e-6


@cache
def load_processors() -> ModuleType:
    """The module of transformers that holds the processors; the first call takes about a second."""
    from transformers.generation import logits_process

    return logits_process


class Warpers:
    """The processors that one row's options ask for.

    Args:
        options: which of them, and how strong.
        sampled_size: ids from here on are never drawn, and count for nothing (padding rows of the vocabulary).
    """

    def __init__(self, options: SamplingOptions, sampled_size: int):
        self.sampled_size = sampled_size
        self.greedy = options.temperature < COLDEST
        self.penalised = options.repetition_penalty != 1.0
        self.truncation = Truncation(options.top_k, options.top_p, options.min_p)
        chosen = []
        if self.penalised:
            chosen.append(("RepetitionPenaltyLogitsProcessor", options.repetition_penalty))
        if not self.greedy:
            if options.temperature != 1.0:
                chosen.append(("TemperatureLogitsWarper", options.temperature))
            if options.top_k > 0:
                chosen.append(("TopKLogitsWarper", options.top_k))
            if options.top_p < 1.0:
                chosen.append(("TopPLogitsWarper", options.top_p))
            if options.min_p > 0.0:
                chosen.append(("MinPLogitsWarper", options.min_p))
        library = load_processors() if chosen else None
        processors = [getattr(library, name)(setting) for name, setting in chosen]
        first = self.penalised + (not self.greedy and options.temperature != 1.0)
        self.changing, self.cutting = processors[:first], processors[first:]

    def survivors(self, ids: Sequence[int], logits: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """The tokens that may come after ``ids``: their ids, ascending, and their log-probabilities in float64.

        ``logits`` is float32 ``(vocab_size,)`` on the CPU. Greedy decoding leaves one token with log-probability 0,
        the first of the best.

        Raises:
            PlaygroundError: no token has a finite logit.
        """
        scores = logits[None]
        if self.sampled_size < scores.shape[1]:
            # Masked, not cut off: among tokens that tie at an edge, which survives depends on the row's length.
            scores = scores.clone()
            scores[:, self.sampled_size :] = -torch.inf
        # Only the penalty looks at the text so far.
        said = torch.tensor([ids if self.penalised else []], dtype=torch.int64)
        for processor in self.changing:
            scores = processor(said, scores)
        if not self.greedy:
            found = truncated(scores[0], self.truncation)
            if found is not None:
                return found[0], _normalised(found[1])
        for processor in self.cutting:
            scores = processor(said, scores)
        scores = scores[0].numpy()
        if self.greedy:
            best = scores.argmax()
            self._check(scores[best])
            return best[None], np.zeros(1)
        tokens = np.flatnonzero(scores > -np.inf)
        self._check(scores[tokens].max(initial=-np.inf))
        return tokens, _normalised(scores[tokens].astype(np.float64))

    @staticmethod
    def _check(best: np.float32) -> None:
        if not np.isfinite(best):
            raise PlaygroundError(
                f"No token can be drawn: the best logit is {best}. Check the checkpoint, or try other options."
            )


def _normalised(scores: np.ndarray) -> np.ndarray:
    """Log-probabilities in proportion to ``exp(scores)``."""
    logprobs = scores - scores.max()
    logprobs -= np.log(np.exp(logprobs).sum())
    return logprobs
