"""One row of the token loop: from the logits of a position to the token that is taken there, and what is told of it."""

import math
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from playground import limits
from playground.errors import PlaygroundError
from playground.generation.noise import gumbel, quantile
from playground.generation.options import token_ids
from playground.generation.prompts import check_edits, token_text
from playground.generation.steps import (
    CONTEXT_FULL,
    END_TOKEN,
    STOP_STRING,
    TOKEN_LIMIT,
    Alternative,
    Row,
    Step,
)
from playground.generation.truncation import log_sum_exp
from playground.generation.warping import Warpers
from playground.text.streaming import StopStrings, TextStream


class RowState:
    """What one row carries from step to step.

    Raises:
        InvalidRequest: the options, the edits or the given tokens do not suit the model.
    """

    def __init__(self, model: Any, number: int, row: Row, prompt: Sequence[int]):
        self.number, self.options, self.edits = number, row.options, check_edits(row.edits)
        self.ids, self.prompt_length, self.context = list(prompt), len(prompt), model.network.context_length
        asked = row.options.stop_ids
        self.stop_ids = frozenset(
            model.stop_ids if asked is None else token_ids(asked, "stop_ids", below=model.network.vocab_size)
        )
        self.given = token_ids(row.given, "given", below=model.network.vocab_size)
        self.warpers = Warpers(row.options, model.sampled_size)
        self.unfinished = self.cut = self.waiting = ""
        self.stream, self.stops = TextStream(model.tokenizer, prompt), StopStrings(row.options.stop)

    def draw(self, logits: Tensor) -> tuple[int, np.ndarray, np.ndarray]:
        """The next token, and the survivors with their log-probabilities that it was drawn from.

        A given token may not be among them.
        """
        tokens, logprobs = self.warpers.survivors(self.ids, logits)
        seed, position = self.options.seed, len(self.ids)
        if position - self.prompt_length < len(self.given):
            return self.given[position - self.prompt_length], tokens, logprobs
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
        self.unfinished = self.cut = ""
        end = self._end(token_id)
        fresh = "" if end == END_TOKEN else self.stream.push(token_id)
        text, found = self.stops.push(fresh)
        if end and not found:
            unfinished = self.stream.flush()
            rest, found = self.stops.push(unfinished)
            text, fresh = text + rest, fresh + unfinished
            self.unfinished = "" if found else unfinished
            text += "" if found else self.stops.flush()
        self.waiting = (self.waiting + fresh)[len(text) :]  # it may be the beginning of a stop string
        self.cut = self.waiting if found else ""
        return text, STOP_STRING if found else end

    def _end(self, token_id: int) -> str | None:
        if len(self.ids) - self.prompt_length < len(self.given):
            return None
        if token_id in self.stop_ids:
            return END_TOKEN
        if len(self.ids) - self.prompt_length >= self.options.max_new_tokens:
            return TOKEN_LIMIT
        return CONTEXT_FULL if len(self.ids) == self.context else None


def draw_steps(model: Any, rows: Sequence[RowState], logits: Tensor) -> Generator[Step, None, None]:
    """Draw the next token of each row from its ``logits (rows, vocab_size)``."""
    logits = logits.float().cpu()
    values, likeliest = logits.numpy(), _likeliest(logits[:, : model.sampled_size], limits.ALTERNATIVES)
    for row, own, numbers, best in zip(rows, logits, values, likeliest, strict=True):
        position, normaliser = len(row.ids), log_sum_exp(numbers)
        if not math.isfinite(normaliser):
            raise PlaygroundError(
                f"The model's logits for position {position:,} are not finite numbers (row {row.number}). The "
                "checkpoint or its precision is at fault: check its weights, or load it in float32."
            )
        token_id, tokens, warped = row.draw(own)
        ids = [*best, token_id]
        # In plain numbers: for eleven of them that is quicker than arrays.
        logprobs = [float(numbers[i]) - normaliser for i in ids]
        places = tokens.searchsorted(ids)
        probabilities = [
            math.exp(warped[place]) if place < len(tokens) and tokens[place] == i else 0.0
            for place, i in zip(places.tolist(), ids, strict=True)
        ]
        text, end = row.append(token_id)
        yield Step(
            row=row.number,
            index=position - row.prompt_length,
            position=position,
            token_id=token_id,
            text=text,
            logprob=logprobs[-1],
            probability=probabilities[-1],
            alternatives=tuple(
                Alternative(other, token_text(model, other), logprob, probability)
                for other, logprob, probability in zip(best, logprobs, probabilities, strict=False)
            ),
            end=end,
            unfinished=row.unfinished,
            cut=row.cut,
        )


def _likeliest(logits: Tensor, count: int) -> list[list[int]]:
    """For each row of ``logits (B, V)`` the ids of the ``count`` highest finite ones, highest first, lower ids first
    where they tie."""
    if logits.shape[1] <= count:
        return [_sorted_by_hand(row, count) for row in logits.numpy()]
    best, ids = (found.numpy() for found in logits.topk(count + 1))
    return [
        _sorted_by_hand(row, count)
        if not (scores[-1] < scores[-2] and np.isfinite(scores[-2]))
        else own[:-1][np.lexsort((own[:-1], -scores[:-1]))].tolist()
        for row, scores, own in zip(logits.numpy(), best, ids, strict=True)
    ]


def _sorted_by_hand(logits: np.ndarray, count: int) -> list[int]:
    """As :func:`_likeliest` for one row, whatever ties or is not finite in it."""
    edge = np.partition(logits, -count)[-count] if len(logits) > count else -np.inf
    ids = np.flatnonzero((logits >= edge) & (logits > -np.inf))
    return ids[np.argsort(-logits[ids], kind="stable")[:count]].tolist()
