"""The measure of steering: how much more often the topic comes up, and what that costs in fluency.

Samples are drawn with the same seeds with and without the edits (coupled: noise depends on seed, position and token
alone). The rate is on-topic words per generated word; the prompt does not count, and neither does any word that an edit
names, with its inflections. Fluency is bits per byte of the generated text under a reference model that has read the
prompt: the bits of prompt and text less the bits of the prompt, over the text's UTF-8 bytes.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from playground import limits
from playground.errors import InvalidRequest
from playground.evaluation.bits_per_byte import score_texts
from playground.evaluation.steering.words import Topic, words_of
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample_rows
from playground.generation.steps import Row, Step

SMOOTHING = 0.5  # added to both counts of on-topic words, so that a topic that never came up has a ratio too
RESAMPLES, DICE = 1000, 0
DOUBT = 5  # percent of the resamples that are worse than the cautious figures


@dataclass(frozen=True)
class Samples:
    """Generated texts, one per seed, and the bits each cost the reference model after the prompt."""

    texts: tuple[str, ...]
    bits: tuple[float, ...]


@dataclass(frozen=True)
class Side:
    """What was counted in the texts without, or with, the edits.

    Attributes:
        words: generated words.
        topic: how often each entry of the topic came up.
        repeated: runs of three words that the same text already held, of ``runs`` in all.
        bytes, bits: the texts' UTF-8 bytes and what they cost the reference model.
    """

    words: int
    topic: dict[str, int]
    repeated: int
    runs: int
    bytes: int
    bits: float

    @property
    def on_topic(self) -> int:
        return sum(self.topic.values())

    @property
    def rate(self) -> float:
        """On-topic words per generated word."""
        return self.on_topic / self.words

    @property
    def repetition(self) -> float:
        """The share of repeated runs of three words: a loop is cheap in bits, and no pleasure to read."""
        return self.repeated / max(1, self.runs)

    @property
    def bits_per_byte(self) -> float:
        return self.bits / self.bytes

    def as_json(self) -> dict[str, Any]:
        return {
            "words": self.words,
            "on_topic": self.on_topic,
            "rate": round(self.rate, 6),
            "repetition": round(self.repetition, 4),
            "bits_per_byte": round(self.bits_per_byte, 4),
        }


@dataclass(frozen=True)
class Steering:
    """What edits did to ``samples`` texts with seeds from ``seed`` on.

    Attributes:
        ratio: rate with edits over rate without, half a word added to both counts of on-topic words.
        rise: bits per byte with edits over without, less 1.
        cautious_ratio, cautious_rise: what 95 percent of 1,000 resamples of the pairs of texts exceed, or stay below.
    """

    seed: int
    samples: int
    plain: Side
    edited: Side
    ratio: float
    rise: float
    cautious_ratio: float
    cautious_rise: float

    @property
    def distinct(self) -> int:
        """How many different on-topic words the edited texts hold."""
        return len(self.edited.topic)

    @property
    def spread(self) -> float:
        """The number of equally frequent on-topic words that would be as varied: 2 to their entropy in bits."""
        counts = self.edited.topic.values()
        return 2 ** -sum(n / sum(counts) * math.log2(n / sum(counts)) for n in counts) if counts else 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "samples": self.samples,
            "plain": self.plain.as_json(),
            "edited": self.edited.as_json(),
            "ratio": round(self.ratio, 3),
            "cautious_ratio": round(self.cautious_ratio, 3),
            "distinct": self.distinct,
            "spread": round(self.spread, 2),
            "topic_words": dict(sorted(self.edited.topic.items(), key=lambda item: (-item[1], item[0]))),
            "rise_percent": round(100 * self.rise, 2),
            "cautious_rise_percent": round(100 * self.cautious_rise, 2),
        }


def draw(
    model: Any, reference: Any, prompt: str, options: SamplingOptions, edits: Sequence[Any], seeds: Sequence[int]
) -> Samples:
    """Sample one text per seed after ``prompt`` under ``edits``, and score them under ``reference``.

    The options' own seed is not used. The prompt itself is no part of the texts.

    Raises:
        InvalidRequest: as ``sample_rows`` and ``score_texts``.
    """
    texts = []
    for first in range(0, len(seeds), limits.ROWS):
        chunk = seeds[first : first + limits.ROWS]
        texts += _continue(model, prompt, [Row(replace(options, seed=seed), edits) for seed in chunk])
    return Samples(tuple(texts), _bits(reference, prompt, texts))


def measure(
    model: Any,
    reference: Any,
    prompt: str,
    options: SamplingOptions,
    edits: Sequence[Any],
    topic: Topic,
    seeds: range,
) -> Steering:
    """Draw with and without ``edits`` and compare; ``topic`` is already :meth:`Topic.without` the words edited."""
    plain = draw(model, reference, prompt, options, (), seeds)
    return compare(plain, draw(model, reference, prompt, options, edits, seeds), topic, seeds.start)


def compare(plain: Samples, edited: Samples, topic: Topic, seed: int) -> Steering:
    """What changed from ``plain`` to ``edited`` texts, pair by pair of the same seeds.

    Raises:
        InvalidRequest: the two have different numbers of texts, or one of them holds no word at all.
    """
    if len(plain.texts) != len(edited.texts):
        raise InvalidRequest(f"{len(plain.texts)} texts cannot be compared with {len(edited.texts)}: use equal seeds.")
    tables = [_table(samples, topic) for samples in (plain, edited)]
    sides = [_side(samples, topic) for samples in (plain, edited)]
    for side, name in zip(sides, ("without", "with"), strict=True):
        if not side.words:
            raise InvalidRequest(f"The texts {name} edits hold no word; let the model write more, or edit less.")
    ratio, rise = _effects(tables[0].sum(0), tables[1].sum(0))
    picks = np.random.default_rng(DICE).integers(len(plain.texts), size=(RESAMPLES, len(plain.texts)))
    with np.errstate(divide="ignore", invalid="ignore"):  # a resample may be without words
        ratios, rises = _effects(*(table[picks].sum(1).T for table in tables))
    return Steering(
        seed,
        len(plain.texts),
        *sides,
        float(ratio),
        float(rise),
        float(np.percentile(np.nan_to_num(ratios, nan=0.0), DOUBT)),
        float(np.percentile(np.nan_to_num(rises, nan=np.inf), 100 - DOUBT)),
    )


def _effects(plain: np.ndarray, edited: np.ndarray) -> tuple[Any, Any]:
    """Ratio and rise from totals ``(4, ...)`` of words, on-topic words, bits and bytes."""
    rates = [(on_topic + SMOOTHING) / words for words, on_topic, _, _ in (plain, edited)]
    costs = [bits / size for _, _, bits, size in (plain, edited)]
    return rates[1] / rates[0], costs[1] / costs[0] - 1


def _table(samples: Samples, topic: Topic) -> np.ndarray:
    """``(N, 4)``: words, on-topic words, bits and bytes of each text."""
    rows = []
    for text, bits in zip(samples.texts, samples.bits, strict=True):
        words = words_of(text)
        rows.append((len(words), topic.count(words).total(), bits, len(text.encode())))
    return np.array(rows, dtype=np.float64)


def _side(samples: Samples, topic: Topic) -> Side:
    counts, words, runs, different = Counter(), 0, 0, 0
    for text in samples.texts:
        found = words_of(text)
        words += len(found)
        counts += topic.count(found)
        threes = list(zip(found, found[1:], found[2:], strict=False))
        runs, different = runs + len(threes), different + len(set(threes))
    size = sum(len(text.encode()) for text in samples.texts)
    return Side(words, dict(counts), runs - different, runs, size, sum(samples.bits))


def _continue(model: Any, prompt: str, rows: Sequence[Row]) -> list[str]:
    texts = [""] * len(rows)
    for event in sample_rows(model, prompt, rows):
        if isinstance(event, Step):
            texts[event.row] += event.text
    return texts


def _bits(reference: Any, prompt: str, texts: Sequence[str]) -> tuple[float, ...]:
    before = score_texts(reference, [prompt]).bits
    return tuple(score_texts(reference, [prompt + text]).bits - before for text in texts)
