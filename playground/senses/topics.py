"""Topics: which senses speak of a list of words, in bands by quantile, and how a boost fades as the words are said.

Formulas: Hewitt et al. 2023, section 5.1, and the authors' published code, for any number of senses and any words.
"""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from playground.networks.backpack import Backpack
from playground.senses.reading import finished
from playground.senses.vocabulary import largest_logits, named, sense_logits

QUANTILES = (0.95, 0.80, 0.60)  # of all (token, sense) scores; the bands between them get the four multipliers
ANNEAL_DIVISOR, ANNEAL_OFFSET, RECENCY = 7.5, 6.0, 100.0
LARGEST = "largest logits"  # of every (token, sense), among what was derived from the weights
TOPICS_KEPT, TEXTS_KEPT = 16, 8


@torch.inference_mode()
def spoken_senses(network: Backpack, ids: Sequence[int]) -> Tensor:
    """``(T, k)``: how much of what each position's senses promote the text ``ids`` already says.

    The sum over all tokens x of the text of ``ReLU(sense . word vector of x)``.
    """
    key = ("spoken", tuple(ids))
    spoken = network.derived.get(key)
    if spoken is None:
        row = torch.tensor(ids, device=network.word_vectors.device)
        spoken = torch.relu(network.sense_vectors(row) @ network.word_vectors[row].T).float().sum(-1)
        network.keep(*key, spoken, TEXTS_KEPT)
    return spoken


def annealing(network: Backpack, ids: Sequence[int], multipliers: Sequence[float], recency: bool = True) -> Tensor:
    """``(T, k)``: how much of the boost is left, from 1 (all) towards 0; recency can push it above 1.

    ``sigmoid(-max(multipliers) / 7.5 * spoken + 6) * (1 + position / 100)``
    """
    fade = torch.sigmoid(ANNEAL_OFFSET - max(multipliers) / ANNEAL_DIVISOR * spoken_senses(network, ids))
    return fade * (1 + torch.arange(len(ids), device=fade.device) / RECENCY)[:, None] if recency else fade


def topic_scores(network: Backpack, targets: Sequence[int], skip: int | None = None) -> Tensor:
    """``(V, k)``: a sense's logits for the ``targets``, summed, over its largest logit of any token; 0 for ``skip``."""
    return finished(_scores_steps(network, targets, skip))


def _scores_steps(
    network: Backpack, targets: Sequence[int], skip: int | None
) -> Generator[tuple[str, int, int], None, Tensor]:
    senses = network.vocab_size * network.num_senses
    if LARGEST not in network.derived:
        stage = f"Comparing {senses:,} senses with every word, once for all topics"
        network.derived[LARGEST] = yield from named(stage, largest_logits(network))
    with torch.inference_mode():
        wanted = network.word_vectors[list(targets)].float().sum(0)  # the sum of logits is the logit of the sum
    logits = yield from named(f"Comparing {senses:,} senses with the topic", sense_logits(network, wanted))
    with torch.inference_mode():
        scores = logits / network.derived[LARGEST]
        if skip is not None:
            scores[skip] = 0.0
        return scores


def topic_bands(network: Backpack, targets: tuple[int, ...], skip: int | None = None) -> Tensor:
    """``(V, k)`` uint8: 0 to 3 for the band of :func:`topic_scores` that each (token, sense) is in, from the best; 4
    for an exact tie with a quantile. The latest few topics are remembered with the weights that they belong to.
    """
    return finished(bands_steps(network, targets, skip))


def bands_steps(
    network: Backpack, targets: tuple[int, ...], skip: int | None
) -> Generator[tuple[str, int, int], None, Tensor]:
    key = ("topic bands", (targets, skip))
    bands = network.derived.get(key)
    if bands is None:
        scores = yield from _scores_steps(network, targets, skip)
        with torch.inference_mode():
            ordered = scores.flatten().sort().values
            high, middle, low = (_quantile(ordered, q) for q in QUANTILES)
            bands = torch.full(scores.shape, 4, dtype=torch.uint8, device=scores.device)
            bands[scores > high] = 0
            bands[(scores > middle) & (scores < high)] = 1
            bands[(scores > low) & (scores < middle)] = 2
            bands[scores < low] = 3
        network.keep(*key, bands, TOPICS_KEPT)
    return bands


def topic_multipliers(
    network: Backpack,
    targets: tuple[int, ...],
    multipliers: Sequence[float],
    skip: int | None = None,
    ids: Sequence[int] | None = None,
) -> Tensor:
    """``(V, k)`` factors by quantile of :func:`topic_scores`, or ``(T, k)``, those of the tokens ``ids``; exact ties
    with a quantile keep 1."""
    bands = topic_bands(network, targets, skip)
    factors = torch.tensor([*multipliers, 1.0], device=bands.device)
    return factors[(bands if ids is None else bands[torch.tensor(ids, device=bands.device)]).long()]


def _quantile(ordered: Tensor, q: float) -> Tensor:
    """Linear interpolation between neighbours; ``torch.quantile`` refuses tables of published size."""
    place = q * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
