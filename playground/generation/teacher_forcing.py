"""A given text through the network, chunk by chunk: the one forward behind scores and behind reading a text back."""

from collections.abc import Generator, Sequence
from typing import Any

import torch
from torch import Tensor

from playground.decode.plain import chunk_length
from playground.errors import InvalidRequest


def check_fits(model: Any, ids: Sequence[int]) -> None:
    """Raises:
    InvalidRequest: the text is longer than the model's context.
    """
    if len(ids) > model.network.context_length:
        raise InvalidRequest(
            f"The text has {len(ids):,} tokens, but this model's context holds {model.network.context_length:,}. "
            "Shorten it."
        )


def forced_states(
    network: Any, ids: Sequence[int], edits: tuple[Any, ...]
) -> Generator[tuple[int, int, Tensor], None, None]:
    """``(begin, end, hidden)`` of each chunk: the states ``(end - begin, D)`` after positions begin to end - 1.

    The state after the last position tells of nothing in the text, and is left out.
    """
    total, cache = len(ids) - 1, network.new_cache()
    weight = next(iter(network.parameters()), None)
    sequence = torch.tensor([ids], dtype=torch.int64, device=None if weight is None else weight.device)
    # Edits may depend on the whole text, so an edited text is read in one piece, as ``model.logits`` reads it.
    controls, chunk = (network.controls([(edits, ids)]), len(ids)) if edits else (None, chunk_length(network))
    for begin in range(0, total, chunk):
        end = min(begin + chunk, total)
        with torch.inference_mode():
            hidden = network.hidden_states(sequence[:, begin : begin + chunk], cache, controls)[0]  # (T, D)
        yield begin, end, hidden[: end - begin]
