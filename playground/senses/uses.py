"""How a text uses the senses of a word that stands in it."""

from dataclasses import dataclass
from typing import Any

import torch

from playground.senses.reading import SenseReading

AMONG = 3  # contributions to a logit that count as its largest


@dataclass(frozen=True)
class SenseUse:
    """How much one sense of a word is used in a text, after the word has been said.

    Attributes:
        weight: mean weight alpha of the sense, over all places of the word and all positions from there to the end.
        among_top: of the tokens that follow the word's first place in the text, the share for which this sense of the
            word is among the three largest contributions, of all (place, sense) before them, to the logit of what was
            really written. None where nothing follows.
    """

    weight: float
    among_top: float | None


@torch.inference_mode()
def uses_in(network: Any, reading: SenseReading, token_id: int) -> tuple[SenseUse, ...] | None:
    """How a text uses each sense of a token, by number of the sense; None where it does not hold the token."""
    ids, divisor = reading.ids, network.sense_divisor
    places = [place for place, id_ in enumerate(ids) if id_ == token_id]
    if not places:
        return None
    total, pairs, following = torch.zeros(network.num_senses), 0, len(ids) - 1 - places[0]
    among = torch.zeros(network.num_senses)
    for position in range(places[0], len(ids)):
        weights = reading.weights_at(position).T  # (S, k)
        before = [place for place in places if place <= position]
        total += weights[before].sum(0).cpu()
        pairs += len(before)
        if position + 1 < len(ids):
            word = network.word_vectors[ids[position + 1]].float()
            shares = weights * (reading.senses[: position + 1].float() @ word) / divisor  # (S, k)
            best = shares.flatten().topk(min(AMONG, shares.numel())).indices
            held = {int(cell) % network.num_senses for cell in best if int(cell) // network.num_senses in before}
            among[list(held)] += 1
    return tuple(
        SenseUse(float(total[sense]) / pairs, float(among[sense]) / following if following else None)
        for sense in range(network.num_senses)
    )
