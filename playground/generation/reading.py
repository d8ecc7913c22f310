"""A text seen as if the model had written it: for each of its tokens the step that the token loop would have told."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import torch

from playground import limits
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.generation.prompts import prompt_ids
from playground.generation.row_state import RowState, draw_steps
from playground.generation.steps import Prefill, Row, Step
from playground.generation.teacher_forcing import check_fits, forced_states

LOGITS = 2**22  # logits held at once (16 MiB in float32)


def read_steps(
    model: Any, text: str | Sequence[int], options: SamplingOptions, edits: Sequence[Any] = (), start: int = 1
) -> Generator[Prefill | Step, None, None]:
    """One :class:`Step` for each token of ``text`` (or ids, taken as they are) from position ``start`` on.

    Teacher-forced and in batches, so much faster than the loop; ``index`` counts from ``start``. Probabilities after
    the warpers are those under ``options``. The first token of all has nothing before it, so no step.

    Raises:
        InvalidRequest: the text or the edits do not suit the model, or ``start`` lies outside the text.
        PlaygroundError: the model's logits are not finite.
    """
    ids = prompt_ids(model, text)
    check_fits(model, ids)
    if not 1 <= start <= len(ids):
        raise InvalidRequest(f"Reading was to begin at token {start:,} of {len(ids):,}. Choose one from 1 on.")
    given = ids[start:]
    if len(given) > limits.NEW_TOKENS:
        raise InvalidRequest(
            f"{len(given):,} tokens were to be looked at, but at most {limits.NEW_TOKENS:,} can be at once. Shorten it."
        )
    # The last of them ends the row, so that nothing of its text is held back.
    options = replace(options, stop=(), max_new_tokens=max(1, len(given)))
    return _run(model, ids, start, RowState(model, 0, Row(options, edits, given), ids[:start]))


def _run(model: Any, ids: list[int], start: int, row: RowState) -> Generator[Prefill | Step, None, None]:
    network = model.network
    most = max(1, LOGITS // network.vocab_size)
    for begin, end, hidden in forced_states(network, ids, row.edits):
        yield Prefill(end, len(ids) - 1)
        # The state after position i tells of the token at i + 1.
        for states in hidden[max(0, start - 1 - begin) :].split(most):
            with torch.inference_mode():
                logits = network.unembed(states[None])[0]  # (t, V)
            for own in logits:
                yield from draw_steps(model, [row], own[None])
