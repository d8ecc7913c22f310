"""A fixed English paragraph that tells right from wrong where a checkpoint leaves a choice open.

A trained model predicts plain English far better under its own architecture than under any other; an untrained one
predicts it no better than chance under all of them.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from playground.decode.calibrations import remember, remembered

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
SHELF = "checks"
COMPANIONS = ("*.json", "*.txt", "*.model")  # of weights: configs and tokenizers
MOST_TOKENS = 256
CHUNK = 32  # positions whose logits are held at a time: loading should need little memory beyond the weights


def origin_of(*places: Any) -> str:
    """What tells a checkpoint from any other, without reading it: its files' names, sizes and times, and all else
    that shapes the model."""
    return " ".join(told for place in places for told in _told(place))


def _told(place: Any) -> Iterator[str]:
    if isinstance(place, Mapping):
        for name, value in sorted(place.items()):
            yield from (str(name), *_told(value))
        return
    path = Path(place) if isinstance(place, str | Path) else None
    try:
        files = sorted(each for kind in COMPANIONS for each in path.glob(kind)) if path.is_dir() else [path]
        stats = [(each.resolve(), each.stat()) for each in files]
    except (AttributeError, OSError, ValueError):  # no path at all
        yield repr(place)
        return
    yield from (f"{each} {stat.st_size} {stat.st_mtime_ns}" for each, stat in stats)


def measured(model: Any, what: str, measure: Callable[[], Any]) -> Any:
    """What ``measure`` finds of ``model``: plain data, remembered for the next time that the same files are loaded."""
    if model.origin is None:
        return measure()
    key = f"{what}: {model.origin}"
    found = remembered(key, SHELF)
    if found is None:
        found = measure()
        if found is not None:
            remember(key, found, SHELF)
    return found


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
