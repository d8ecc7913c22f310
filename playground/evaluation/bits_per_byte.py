"""Bits per byte: how well a language model predicts a text, whatever its tokenizer.

All tokens of a text are scored, with a begin token in front where the model has one; an end token is not counted; the
sum in bits is divided by the text's UTF-8 bytes. Tokenizers like GPT-2's name no begin token, but have an
``<|endoftext|>`` that stood between the documents of training: what follows it begins a text, so it serves as one. A
first token that nothing stands before costs what a uniform guess would. Texts beyond the context are read in windows
that overlap by half.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

import torch
import torch.nn.functional as F

from playground.errors import InvalidRequest
from playground.text.tokenizers import BEGIN_NAMES

BEGIN_TOKENS = (*BEGIN_NAMES, "<|endoftext|>")
ROWS = 8
LOGITS = 2**26  # numbers in a batch of logits: large vocabularies take fewer rows


@dataclass(frozen=True)
class TextScore:
    """What a list of texts cost a model: ``bits`` over ``tokens`` scored, in ``texts`` of ``bytes`` UTF-8 bytes."""

    texts: int
    tokens: int
    bytes: int
    bits: float

    @property
    def bits_per_byte(self) -> float:
        return self.bits / self.bytes

    @property
    def nats_per_token(self) -> float:
        return self.bits * math.log(2) / self.tokens

    def __add__(self, other: "TextScore") -> "TextScore":
        return TextScore(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def as_json(self) -> dict[str, float]:
        return asdict(self) | {"bits_per_byte": self.bits_per_byte, "nats_per_token": self.nats_per_token}


def bits_per_byte(model: Any, texts: Sequence[str]) -> float:
    """Bits per byte of ``texts`` under ``model``; see :func:`score_texts`."""
    return score_texts(model, texts).bits_per_byte


@torch.inference_mode()
def score_texts(
    model: Any, texts: Sequence[str], on_progress: Callable[[int, int], None] = lambda done, total: None
) -> TextScore:
    """Score non-empty ``texts``, each on its own, under a model with ``network`` and ``tokenizer``.

    ``on_progress`` is told the tokens done and the tokens in all, those that windows read twice included.

    Raises:
        InvalidRequest: if the model has no tokenizer or no text has a token.
    """
    network, tokenizer = model.network, model.tokenizer
    if tokenizer is None:
        raise InvalidRequest("This model has no tokenizer, so its bits per byte are unknown. Load it with one.")
    begin = begin_token(model)
    encoded = [ids for ids in map(tokenizer.encode, texts) if ids]
    if not encoded:
        raise InvalidRequest("There is no text to score. Give at least one character.")
    bits = 0.0 if begin is not None else len(encoded) * math.log2(network.vocab_size)
    rows = [ids if begin is None else [begin, *ids] for ids in encoded]
    windows = sorted((w for row in rows for w in _windows(row, network.context_length)), key=lambda w: len(w[0]))
    first, done, total = 0, 0, sum(len(ids) for ids, _ in windows)
    while first < len(windows):
        longest = len(windows[min(first + ROWS, len(windows)) - 1][0])
        batch = windows[first : first + max(1, min(ROWS, LOGITS // (longest * network.vocab_size)))]
        bits += _bits(network, batch)
        first += len(batch)
        done += sum(len(ids) for ids, _ in batch)
        on_progress(done, total)
    return TextScore(len(encoded), sum(map(len, encoded)), sum(len(text.encode()) for text in texts), bits)


def begin_token(model: Any) -> int | None:
    """The id to put before a text: the one its family uses, else a begin token that its tokenizer knows."""
    if getattr(model, "begin_id", None) is not None:
        return model.begin_id
    return next(
        (model.tokenizer.special_ids[name] for name in BEGIN_TOKENS if name in model.tokenizer.special_ids), None
    )


def _windows(row: list[int], context: int) -> Iterator[tuple[list[int], int]]:
    """Pieces of at most ``context + 1`` ids, each with the index of its first id to score; every id is scored once."""
    yield row[: context + 1], 1
    done = context + 1
    while done < len(row):
        stop = min(len(row), done + max(1, context // 2))
        start = stop - context - 1
        yield row[start:stop], done - start
        done = stop


def _bits(network: Any, windows: list[tuple[list[int], int]]) -> float:
    width = max(len(ids) for ids, _ in windows)
    if width == 1:
        return 0.0
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    ids = torch.zeros(len(windows), width, dtype=torch.long)
    counted = torch.zeros(len(windows), width, dtype=torch.bool)
    for i, (window, first) in enumerate(windows):
        ids[i, : len(window)] = torch.tensor(window)
        counted[i, first : len(window)] = True
    ids, counted = ids.to(device), counted.to(device)
    logits = network(ids[:, :-1])  # (B, T, V)
    nats = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    return nats[counted[:, 1:].flatten()].double().sum().item() / math.log(2)
