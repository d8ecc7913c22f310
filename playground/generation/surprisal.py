"""How surprised a model is by a text: the log-probability of every token, given those before it."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.generation.prompts import check_edits, prompt_ids, token_text
from playground.generation.steps import Prefill
from playground.generation.teacher_forcing import check_fits, forced_states
from playground.text.streaming import TextStream

LOGITS = 2**24  # logits held at once (64 MiB in float32), however large the vocabulary


@dataclass(frozen=True)
class Score:
    """A text seen by a model, token by token. All tuples have one entry per token of ``token_ids``.

    Attributes:
        texts: each token by itself, for display.
        logprobs: natural log-probability given all tokens before it. The first token has nothing before it, so its
            entry is None; where the family puts a begin token before a text, that is the token.
        ranks: how many tokens of the vocabulary the model found likelier; None as above.
        byte_ends: bytes of UTF-8 that are complete once the token is there; None without a tokenizer.
        total_bits: the sum of ``-log2 p`` over the scored tokens.
        utf8_bytes: bytes that the scored tokens stand for: those of the text without an unscored first token. None
            without a tokenizer.
        bits_per_byte: their ratio, comparable between tokenizers; None where there are no bytes.
    """

    token_ids: tuple[int, ...]
    texts: tuple[str, ...]
    logprobs: tuple[float | None, ...]
    ranks: tuple[int | None, ...]
    byte_ends: tuple[int, ...] | None
    total_bits: float
    utf8_bytes: int | None
    bits_per_byte: float | None


def score(model: Any, text: str | Sequence[int], edits: Sequence[Any] = ()) -> Score:
    """Score ``text``, a string or token ids taken as they are, teacher-forced.

    Raises:
        InvalidRequest: the text or the edits do not suit the model.
        PlaygroundError: the model's logits are not finite.
    """
    *_, result = score_events(model, text, edits)
    return result


def score_events(
    model: Any, text: str | Sequence[int], edits: Sequence[Any] = ()
) -> Generator[Prefill | Score, None, None]:
    """As :func:`score`, but a generator: a :class:`Prefill` after each chunk, so that it can be closed in between,
    and the :class:`Score` at the end.
    """
    ids = prompt_ids(model, text)
    check_fits(model, ids)
    return _run(model, text, ids, check_edits(edits))


def _run(
    model: Any, text: str | Sequence[int], ids: list[int], edits: tuple[Any, ...]
) -> Generator[Prefill | Score, None, None]:
    network, targets = model.network, torch.tensor(ids[1:], dtype=torch.int64)
    logprobs: list[float | None] = [None]
    ranks: list[int | None] = [None]
    for begin, end, hidden in forced_states(network, ids, edits):
        with torch.inference_mode():
            _measure(network, hidden, targets[begin:end].to(hidden.device), logprobs, ranks)
        yield Prefill(end, len(ids) - 1)
    yield _result(model, text, ids, logprobs, ranks)


def _measure(network: Any, hidden: Tensor, targets: Tensor, logprobs: list, ranks: list) -> None:
    """Append log-probability and rank of ``targets (T,)`` after ``hidden (T, D)``, a few positions at a time."""
    most = max(1, LOGITS // network.vocab_size)
    for states, wanted in zip(hidden.split(most), targets.split(most), strict=True):
        logits = network.unembed(states[None])[0]  # (t, V)
        chosen = logits.gather(1, wanted[:, None])
        best = logits.amax(-1, keepdim=True)
        ranks += (logits > chosen).sum(-1).tolist()
        spread = (logits - best).exp_().sum(-1).log()
        values = (chosen - best)[:, 0].double() - spread.double()
        bad = torch.isnan(values) | torch.isposinf(values)
        if bad.any():
            position = len(logprobs) + int(bad.nonzero()[0])
            raise PlaygroundError(
                f"The model's logits for position {position:,} are not finite numbers. The checkpoint or its "
                "precision is at fault: check its weights, or load it in float32."
            )
        logprobs += values.tolist()


def _result(model: Any, text: str | Sequence[int], ids: list[int], logprobs: list, ranks: list) -> Score:
    bits = -sum(value for value in logprobs if value is not None) / math.log(2)
    tokenizer = model.tokenizer
    if tokenizer is None:
        ends, covered = None, None
    else:
        ends = _byte_ends(tokenizer, ids)
        if isinstance(text, str):  # the family may have stripped it, and unknown characters decode to others
            ends = tuple(min(end, len(text.encode())) for end in (*ends[:-1], len(text.encode())))
        covered = ends[-1] - ends[0]
    return Score(
        token_ids=tuple(ids),
        texts=tuple(token_text(model, token_id) for token_id in ids),
        logprobs=tuple(logprobs),
        ranks=tuple(ranks),
        byte_ends=ends,
        total_bits=bits,
        utf8_bytes=covered,
        bits_per_byte=bits / covered if covered and len(ids) > 1 else None,
    )


def _byte_ends(tokenizer: Any, ids: Sequence[int]) -> tuple[int, ...]:
    stream, done, ends = TextStream(tokenizer, []), 0, []
    for token_id in ids:
        done += len(stream.push(token_id).encode())
        ends.append(done)
    ends[-1] += len(stream.flush().encode())
    return tuple(ends)
