"""Who writes what in a benchmark: models beside a peer, random prompts, and the playground's own loop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from playground.benchmarks.peers import Asked
from playground.benchmarks.plan import Plan
from playground.checkpoints.model import LanguageModel
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample_rows
from playground.generation.steps import Row, Step

TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
WARM = 2  # tokens of a run that is not counted


@dataclass(frozen=True)
class Pair:
    """A model of the playground and its peer, in one precision.

    Attributes:
        about: what the table calls it. dtype: a key of ``TYPES``. weights: how many a token step reads.
        paths: the models by the path that they are stepped on. chosen: the path that the playground takes by itself.
        peer: who asks transformers and llama.cpp. peer_weights: how many weights a token step of theirs reads.
    """

    about: str
    dtype: str
    weights: int
    paths: Mapping[str, LanguageModel]
    chosen: str
    peer: Asked
    peer_weights: int

    @property
    def model(self) -> LanguageModel:
        return self.paths[self.chosen]


def write(model: LanguageModel, path: str, ids: list[int], tokens: int, rows: int = 1) -> list[list[int]]:
    """The tokens that the playground's own loop writes greedily in each row."""
    options = SamplingOptions(max_new_tokens=tokens, temperature=0, stop_ids=())
    written: list[list[int]] = [[] for _ in range(rows)]
    for event in sample_rows(model, ids, [Row(options)] * rows, path):
        if isinstance(event, Step):
            written[event.row].append(event.token_id)
    if any(len(row) != tokens for row in written):
        raise RuntimeError(f"the playground wrote {[len(row) for row in written]} tokens instead of {tokens}")
    return written


def random_prompt(model: LanguageModel, length: int, seed: int = 0) -> list[int]:
    return torch.randint(model.network.vocab_size, (length,), generator=torch.Generator().manual_seed(seed)).tolist()


def lengths(model: LanguageModel, plan: Plan) -> tuple[int, int]:
    """Tokens of the prompt and new ones, no more than the context holds."""
    context = model.network.context_length
    tokens = min(plan.tokens, context - 2)
    return min(plan.prompt, context - tokens - 1), tokens


def of(runs: Mapping[str, Callable[[int], Any]], tokens: int) -> dict[str, Callable[[], Any]]:
    """The runs, each with so many ``tokens`` to write."""
    return {name: partial(run, tokens) for name, run in runs.items()}
