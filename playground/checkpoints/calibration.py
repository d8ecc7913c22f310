"""A fixed English paragraph that tells right from wrong where a checkpoint leaves a choice open.

A trained model predicts plain English far better under its own architecture than under any other; an untrained one
predicts it no better than chance under all of them.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

PARAGRAPH = (
    "Once there was a small village at the foot of a hill. Every morning the people walked down to the river to fetch "
    "water, and every evening they sat together and told stories. One day a young girl found an old box under a tree. "
    "She opened it and saw a map, a key and a short letter. The letter said that whoever found the box should follow "
    "the river until it met the sea. She asked her brother to come with her, and the next day they left the village "
    "before the sun came up. They walked for three days. They slept in the forest and ate bread and apples. When they "
    "finally reached the sea, they found a little house with a blue door. The key fitted the lock. Inside there was "
    "nothing but a table, two chairs and a window that looked out over the water. They sat down, looked at each other "
    "and began to laugh, because the view was the most beautiful thing that they had ever seen."
)
MOST_TOKENS = 256
CHUNK = 32  # positions whose logits are held at a time: loading should need little memory beyond the weights


def paragraph_states(model: Any) -> tuple[Tensor, Tensor] | None:
    """Ids ``(1, T)`` of the paragraph and the network's hidden states ``(1, T, D)``; None without a tokenizer."""
    if model.tokenizer is None:
        return None
    ids = model.prompt_ids(PARAGRAPH)[: min(MOST_TOKENS, model.network.context_length)]
    if len(ids) < 2 or max(ids) >= model.network.vocab_size:
        return None
    batch = torch.tensor([ids], device=next(model.network.parameters()).device)
    with torch.inference_mode():
        return batch, model.network.hidden_states(batch)


def mean_surprisal(model: Any) -> float | None:
    """Mean negative log-likelihood of the paragraph in nats per token, or None without a tokenizer."""
    known = paragraph_states(model)
    if known is None:
        return None
    return surprisal(model.network, *known)


@torch.inference_mode()
def surprisal(network: Any, ids: Tensor, states: Tensor) -> float:
    """Mean negative log-likelihood, in nats, of ``ids (1, T)`` after the first under hidden ``states (1, T, D)``."""
    total = 0.0
    for start in range(0, ids.shape[1] - 1, CHUNK):
        targets = ids[0, start + 1 : start + 1 + CHUNK]
        logits = network.unembed(states[:, start : start + len(targets)])[0]
        total += float(F.cross_entropy(logits, targets, reduction="sum"))
    return total / (ids.shape[1] - 1)
