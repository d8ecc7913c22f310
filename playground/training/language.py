"""What a language model trains on: windows of token streams, next-token loss, bits per byte on held-out text."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from playground.errors import InvalidRequest
from playground.networks.language import LanguageNetwork
from playground.training.corpus import Split
from playground.training.tokenizers import TrainingTokenizer

ALIGNED = 0.25  # share of windows that start exactly where a document starts, so that prompts look familiar
LATE = 0.9  # from here on windows are longer, if the recipe says so
BARE = 0.5  # share of those that leave the begin token out, since not every family's prompts carry one


@dataclass(frozen=True)
class Tokens:
    """Documents in one flat array: ``ids[starts[i] : starts[i + 1]]`` is document i, begin and end token included.

    Where one token both begins and ends a text, it stands once, in front.
    """

    ids: np.ndarray
    starts: np.ndarray

    @classmethod
    def encode(cls, tokenizer: TrainingTokenizer, documents: Sequence[str]) -> "Tokens":
        kind = np.uint16 if tokenizer.size <= 2**16 else np.int32
        closing = [] if tokenizer.end == tokenizer.begin else [tokenizer.end]
        rows = [np.array([tokenizer.begin, *ids, *closing], dtype=kind) for ids in tokenizer.encode_batch(documents)]
        return cls(np.concatenate(rows), np.cumsum([0, *map(len, rows)]))


class Stream:
    """Endless windows of ids from the documents of one source, reshuffled at every epoch.

    Windows follow one another without overlap; now and then one skips ahead to the next document's start. ``longest``
    is the most ids that a window may have.
    """

    def __init__(self, tokens: Tokens, longest: int, seed: Sequence[int]):
        self.tokens, self.longest, self.seed = tokens, longest, tuple(seed)
        self.epoch, self.cursor = 0, 0
        self._shuffle()

    def _shuffle(self) -> None:
        starts = self.tokens.starts
        order = np.random.default_rng((*self.seed, self.epoch)).permutation(len(starts) - 1)
        rows = [self.tokens.ids[starts[i] : starts[i + 1]] for i in order]
        while sum(map(len, rows)) < self.longest + 1:  # a corpus smaller than one window is repeated
            rows += rows
        self.ids = np.concatenate(rows)
        self.starts = np.cumsum([0, *map(len, rows)])

    def window(self, length: int, aligned: bool, bare: bool) -> np.ndarray:
        """The next ``length`` ids; ``aligned`` starts at a document, ``bare`` then leaves its begin token out."""
        start = self.cursor
        if aligned:
            start = int(self.starts[np.searchsorted(self.starts, start)]) + int(bare)
        if start + length > len(self.ids):
            self.epoch, start = self.epoch + 1, int(aligned and bare)
            self._shuffle()
        self.cursor = start + length
        return self.ids[start : self.cursor]

    def state_dict(self) -> dict:
        return {"epoch": self.epoch, "cursor": self.cursor}

    def load_state_dict(self, state: dict) -> None:
        self.epoch, self.cursor = state["epoch"], state["cursor"]
        self._shuffle()


class LanguageTask:
    """Batches, loss and measures of a language model; :class:`~playground.training.trainer.Trainer` drives it.

    Args:
        splits: documents by source name.
        weights: share of the training windows by source name.
        batch: windows per step. context: ids that each window predicts.
        late_context: ids per window once ``LATE`` of the run is done (as many ids per step as before, so fewer
            windows): attention is dear, so positions far out are only learned at the end. None means ``context``.
        longest: most ids of a held-out text; longer ones are not measured on.
        measured: held-out units per source that the curve's bits per byte are taken on.
    """

    unit = "tokens"

    def __init__(
        self,
        tokenizer: TrainingTokenizer,
        splits: dict[str, Split],
        weights: dict[str, float],
        batch: int,
        context: int,
        seed: int,
        late_context: int | None = None,
        longest: int = 512,
        measured: int = 100,
    ):
        self.batch_size, self.context, self.late_context, self.seed = batch, context, late_context or context, seed
        names = [name for name in splits if weights.get(name)]
        shares = np.array([weights[name] for name in names], dtype=float)
        self.shares = shares / shares.sum()
        self.streams = {
            name: Stream(Tokens.encode(tokenizer, splits[name].train), self.late_context + 1, (seed, i))
            for i, name in enumerate(names)
        }
        self.held_out = {name: _held_out_rows(tokenizer, splits[name].held_out, longest, measured) for name in names}

    @property
    def units_per_step(self) -> int:
        """Ids predicted in one step."""
        return self.batch_size * self.context

    def batch(self, step: int, done: float) -> Tensor:
        """Int64 ``(batch, context + 1)`` for a step; ``done`` (0 to 1) of the run lies behind.

        Which source each row comes from depends on (seed, step) alone.
        """
        context = self.late_context if done >= LATE else self.context
        count = max(1, self.units_per_step // context)
        dice = np.random.default_rng((self.seed, 1_000_003, step))
        chosen = dice.choice(len(self.shares), count, p=self.shares)
        chances = dice.random((count, 2))
        streams = list(self.streams.values())
        rows = [
            streams[i].window(context + 1, a < ALIGNED, b < BARE) for i, (a, b) in zip(chosen, chances, strict=True)
        ]
        return torch.from_numpy(np.stack(rows).astype(np.int64))

    @staticmethod
    def loss(network: LanguageNetwork, ids: Tensor) -> Tensor:
        """Mean cross-entropy in nats of every id of ``ids (B, T + 1)`` after the first."""
        logits = network(ids[:, :-1])  # (B, T, V)
        return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())

    def measure(self, network: LanguageNetwork, device: torch.device) -> dict[str, float]:
        """Bits per byte of held-out text, by source."""
        return {
            f"bits_per_byte/{name}": bits_per_byte(network, rows, byte_count, device)
            for name, (rows, byte_count) in self.held_out.items()
            if rows
        }

    def state_dict(self) -> dict:
        return {name: stream.state_dict() for name, stream in self.streams.items()}

    def load_state_dict(self, state: dict) -> None:
        if set(state) != set(self.streams):
            raise InvalidRequest(
                f"The run was on the corpora {sorted(state)}, but now there are {sorted(self.streams)}. "
                "Give the same --data, or another --out."
            )
        for name, stream in self.streams.items():
            stream.load_state_dict(state[name])


def _held_out_rows(
    tokenizer: TrainingTokenizer, texts: Sequence[str], longest: int, most: int
) -> tuple[list[list[int]], int]:
    """Ids (begin token in front) and the sum of UTF-8 bytes of the first ``most`` texts of at most ``longest`` ids."""
    rows, byte_count = [], 0
    for text, ids in zip(texts, tokenizer.encode_batch(texts), strict=True):
        if len(rows) < most and len(ids) <= longest:
            rows.append([tokenizer.begin, *ids])
            byte_count += len(text.encode())
    return sorted(rows, key=len), byte_count


@torch.no_grad()
def bits_per_byte(network: LanguageNetwork, rows: list[list[int]], byte_count: int, device: torch.device) -> float:
    """Bits that the ids of ``rows`` (sorted by length) cost after each row's first, divided by ``byte_count``."""
    nats = 0.0
    for first in range(0, len(rows), 16):
        some = rows[first : first + 16]
        width = max(map(len, some))
        ids = torch.tensor([row + [-100] * (width - len(row)) for row in some], device=device)
        logits = network(ids[:, :-1].clamp(min=0))
        nats += F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), ignore_index=-100, reduction="sum").item()
    return nats / math.log(2) / byte_count
