"""A text seen as if the model had written it: for each of its tokens the step that the token loop would have told."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import torch

from playground import limits
from playground.decode.plain import chunk_length
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.generation.prompts import prompt_ids
from playground.generation.row_state import RowState, draw_steps
from playground.generation.steps import Prefill, Row, Step

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
    if len(ids) > model.network.context_length:
        raise InvalidRequest(
            f"The text has {len(ids):,} tokens, but this model's context holds {model.network.context_length:,}. "
            "Shorten it."
        )
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
    network, total = model.network, len(ids) - 1
    cache = network.new_cache()
    weight = next(iter(network.parameters()), None)
    sequence = torch.tensor([ids], dtype=torch.int64, device=None if weight is None else weight.device)
    # Edits may depend on the whole text, so an edited text is read in one piece.
    controls, chunk = (network.controls([(row.edits, ids)]), len(ids)) if row.edits else (None, chunk_length(network))
    most = max(1, LOGITS // network.vocab_size)
    for begin in range(0, total, chunk):
        end = min(begin + chunk, total)
        with torch.inference_mode():
            hidden = network.hidden_states(sequence[:, begin : begin + chunk], cache, controls)[0]  # (T, D)
        yield Prefill(end, total)
        # The state after position i tells of the token at i + 1.
        for states in hidden[max(0, start - 1 - begin) : end - begin].split(most):
            with torch.inference_mode():
                logits = network.unembed(states[None])[0]  # (t, V)
            for own in logits:
                yield from draw_steps(model, [row], own[None])
