"""The one token loop: B rows continue one prompt, each with its own seed, options, edits and end.

The loop is a generator. Closing it, or no longer asking it for more, ends the work at once: nothing runs between two
events. A model object is anything with ``network``, ``tokenizer`` (or None), ``prompt_ids``, ``stop_ids``,
``sampled_size`` and ``abilities``.
"""

import math
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
from torch import Tensor

from playground import limits
from playground.decode.plain import PlainDecoder
from playground.errors import InvalidRequest, PlaygroundError
from playground.generation.noise import gumbel, quantile
from playground.generation.options import SamplingOptions, token_ids
from playground.generation.prompts import check_edits, prompt_ids, token_text
from playground.generation.steps import (
    CONTEXT_FULL,
    END_TOKEN,
    STOP_STRING,
    TOKEN_LIMIT,
    Alternative,
    Prefill,
    Row,
    Step,
)
from playground.generation.warping import Warpers
from playground.text.streaming import StopStrings, TextStream

DEFAULTS = SamplingOptions()


def sample(
    model: Any, prompt: str | Sequence[int], options: SamplingOptions = DEFAULTS, edits: Sequence[Any] = ()
) -> Generator[Step, None, None]:
    """Continue ``prompt``, text or token ids, token by token; the last step says why it ended.

    Raises:
        InvalidRequest: the prompt, the options or the edits do not suit the model.
        PlaygroundError: the model's logits are not finite.
    """
    return _only_steps(sample_rows(model, prompt, [Row(options, edits)]))


def sample_rows(model: Any, prompt: str | Sequence[int], rows: Sequence[Row]) -> Generator[Prefill | Step, None, None]:
    """Continue one prompt in several rows at once. A row's tokens are those it would have alone.

    Yields a :class:`Prefill` after each chunk of the prompt, then for each position one :class:`Step` per row that
    goes on, in order of rows. A row that has ended leaves the batch.

    Raises:
        InvalidRequest: as :func:`sample`, or no rows, or more than ``limits.ROWS``.
        PlaygroundError: the model's logits are not finite.
    """
    ids = prompt_ids(model, prompt)
    context = model.network.context_length
    if len(ids) >= context:
        raise InvalidRequest(
            f"The prompt has {len(ids):,} tokens, but this model's context holds {context:,} and the next token needs "
            "a place. Shorten the prompt."
        )
    if not 1 <= len(rows) <= limits.ROWS:
        raise InvalidRequest(f"{len(rows)} samples were asked for, but 1 to {limits.ROWS} can be drawn at once.")
    return _run(model, ids, [_RowState(model, number, row, ids) for number, row in enumerate(rows)])


class _RowState:
    """What one row carries from step to step."""

    def __init__(self, model: Any, number: int, row: Row, prompt: Sequence[int]):
        self.number, self.options, self.edits = number, row.options, check_edits(row.edits)
        self.ids, self.prompt_length, self.context = list(prompt), len(prompt), model.network.context_length
        asked = row.options.stop_ids
        self.stop_ids = frozenset(
            model.stop_ids if asked is None else token_ids(asked, "stop_ids", below=model.network.vocab_size)
        )
        self.warpers = Warpers(row.options, model.sampled_size)
        self.stream, self.stops = TextStream(model.tokenizer, prompt), StopStrings(row.options.stop)

    def draw(self, logits: Tensor) -> tuple[int, np.ndarray, np.ndarray]:
        """The next token, and the survivors with their log-probabilities that it was drawn from."""
        tokens, logprobs = self.warpers.survivors(self.ids, logits)
        seed, position = self.options.seed, len(self.ids)
        if len(tokens) == 1:
            drawn = 0
        elif self.options.dice == "position":
            drawn = quantile(seed, position - self.prompt_length, logprobs)
        else:
            drawn = np.argmax(logprobs + gumbel(seed, position, tokens))  # Gumbel-max
        return int(tokens[drawn]), tokens, logprobs

    def append(self, token_id: int) -> tuple[str, str | None]:
        """Take a token; return the text that is complete and free of stop strings by now, and why it ends here."""
        self.ids.append(token_id)
        end = self._end(token_id)
        text, found = ("", False) if end == END_TOKEN else self.stops.push(self.stream.push(token_id))
        if end and not found:
            rest, found = self.stops.push(self.stream.flush())
            text += rest
            text += "" if found else self.stops.flush()
        return text, STOP_STRING if found else end

    def _end(self, token_id: int) -> str | None:
        if token_id in self.stop_ids:
            return END_TOKEN
        if len(self.ids) - self.prompt_length == self.options.max_new_tokens:
            return TOKEN_LIMIT
        return CONTEXT_FULL if len(self.ids) == self.context else None


def _run(model: Any, prompt: list[int], rows: list[_RowState]) -> Generator[Prefill | Step, None, None]:
    network, decoder = model.network, PlainDecoder(model.network)
    # Edits may change what the cache holds, so rows share the prefill only if they share their edits.
    readers = rows[:1] if all(row.edits == rows[0].edits for row in rows) else rows
    edited = any(row.edits for row in rows)

    def prompt_controls(length: int) -> Any:
        return network.controls([(row.edits, prompt[:length]) for row in readers])

    for done, total in decoder.prefill(prompt, prompt_controls if edited else None, rows=len(readers)):
        yield Prefill(done, total)
    if len(readers) < len(rows):
        decoder.select([0] * len(rows))

    while True:
        going_on = []
        for i, step in enumerate(_steps(model, rows, decoder.logits)):
            yield step
            if step.end is None:
                going_on.append(i)
        if not going_on:
            return
        if len(going_on) < len(rows):
            decoder.select(going_on)
            rows = [rows[i] for i in going_on]
        edited = any(row.edits for row in rows)
        controls = network.controls([(row.edits, row.ids) for row in rows]) if edited else None
        decoder.step([row.ids[-1] for row in rows], controls)


def _steps(model: Any, rows: Sequence[_RowState], logits: Tensor) -> Generator[Step, None, None]:
    """Draw the next token of each row from its ``logits (rows, vocab_size)``."""
    for row, own in zip(rows, logits.float().cpu(), strict=True):
        position, values = len(row.ids), own.numpy()
        best = values.max()
        with np.errstate(invalid="ignore"):  # reported below
            normaliser = float(best) + math.log(np.exp(values - best).sum())
        if not math.isfinite(normaliser):
            raise PlaygroundError(
                f"The model's logits for position {position:,} are not finite numbers (row {row.number}). The "
                "checkpoint or its precision is at fault: check its weights, or load it in float32."
            )
        token_id, tokens, warped = row.draw(own)
        ids = np.append(_likeliest(values[: model.sampled_size], limits.ALTERNATIVES), token_id)
        logprobs = (values[ids].astype(np.float64) - normaliser).tolist()
        places = np.searchsorted(tokens, ids).clip(max=len(tokens) - 1)
        probabilities = np.where(tokens[places] == ids, np.exp(warped[places]), 0.0).tolist()
        *others, drawn = zip(ids.tolist(), logprobs, probabilities, strict=True)
        text, end = row.append(token_id)
        yield Step(
            row=row.number,
            index=position - row.prompt_length,
            position=position,
            token_id=token_id,
            text=text,
            logprob=drawn[1],
            probability=drawn[2],
            alternatives=tuple(
                Alternative(other, token_text(model, other), logprob, probability)
                for other, logprob, probability in others
            ),
            end=end,
        )


def _likeliest(logits: np.ndarray, count: int) -> np.ndarray:
    """The ids of the ``count`` highest finite ``logits (V,)``, highest first, the lower id first where they tie."""
    edge = np.partition(logits, -count)[-count] if len(logits) > count else -np.inf
    ids = np.flatnonzero((logits >= edge) & (logits > -np.inf))
    return ids[np.argsort(-logits[ids], kind="stable")[:count]]


def _only_steps(events: Generator[Prefill | Step, None, None]) -> Generator[Step, None, None]:
    with closing(events):
        for event in events:
            if isinstance(event, Step):
                yield event
