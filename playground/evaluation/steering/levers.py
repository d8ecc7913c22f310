"""Levers: an edit with a prompt and a ladder of strengths, weakest first, and which of them look promising."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from playground.evaluation.steering.scout import Promise, Scout
from playground.evaluation.steering.topics import TopicPlan
from playground.evaluation.steering.words import Topic
from playground.networks.backpack import Backpack
from playground.senses.edit_documents import edited_words, read_edits
from playground.senses.edits import STRENGTHS
from playground.senses.presets import Preset
from playground.text.tokenizers import Tokenizer

FACTORS = (2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0)
BOOSTS = (STRENGTHS[1], (1.8, 1.8, 1.4, 1.0), STRENGTHS[2], (2.7, 2.7, 2.2, 1.0), STRENGTHS[3])
LOOKED_AT = {"scale_sense": (2, 4, 6), "topic_boost": (1, 2, 4)}  # rungs that are tried on plain text
LABELS = 3  # words that name a topic to boost
SHIFT_COST = {"scale_sense": 2.0, "topic_boost": 0.8}  # off the logarithm of the promised ratio, per bit of shift

Document = dict[str, Any]


@dataclass(frozen=True)
class Lever:
    """One way to steer: ``rungs`` are lists of edit documents, from weak to strong."""

    prompt: str
    rungs: tuple[tuple[Document, ...], ...]

    @property
    def kind(self) -> str:
        return self.rungs[0][0]["kind"]

    @property
    def words(self) -> tuple[str, ...]:
        """The words that the edits name; they do not count as on-topic."""
        return edited_words(self.rungs[0])


@dataclass(frozen=True)
class Prospect:
    """A lever, the rung to begin with, and how good that looked on plain text."""

    lever: Lever
    rung: int
    hope: float


def scale_lever(prompt: str, word: str, sense: int) -> Lever:
    rungs = ({"kind": "scale_sense", "word": word, "sense": sense, "factor": factor} for factor in FACTORS)
    return Lever(prompt, tuple((rung,) for rung in rungs))


def boost_lever(prompt: str, words: Sequence[str], anneal: bool) -> Lever:
    rungs = []
    for multipliers in BOOSTS:
        strength: Document = {"multipliers": list(multipliers)}
        if multipliers in STRENGTHS:
            strength = {"strength": STRENGTHS.index(multipliers)}
        rungs.append(({"kind": "topic_boost", "words": list(words), **strength, "anneal": anneal},))
    return Lever(prompt, tuple(rungs))


def lever_of(preset: Preset) -> Lever | None:
    """The lever that a preset with a single edit stands on; None for other presets."""
    edit = preset.edits[0] if len(preset.edits) == 1 else {"kind": None}
    if edit["kind"] == "scale_sense" and edit.get("position") is None:
        return scale_lever(preset.prompt, edit["word"], edit["sense"])
    if edit["kind"] == "topic_boost" and edit.get("recency", True):
        return boost_lever(preset.prompt, edit["words"], edit.get("anneal", True))
    return None


def target_ids(topic: Topic, tokenizer: Tokenizer) -> list[int]:
    """Ids of the topic's forms that are one token inside a text."""
    encoded = (tokenizer.encode(" " + form) for form in topic.names)
    return sorted({ids[0] for ids in encoded if len(ids) == 1})


@torch.inference_mode()
def sense_shares(network: Backpack, token: int, targets: Sequence[int]) -> list[float]:
    """Per sense of ``token``: the targets' probability if that sense alone, with weight 1, made the logits."""
    logits = network.unembed(network.sense_vectors(torch.tensor(token)))  # (k, V)
    return logits.softmax(-1)[:, list(targets)].sum(-1).tolist()


def promising_words(plan: TopicPlan, network: Backpack, tokenizer: Tokenizer) -> list[str]:
    """The plan's mentions that are one token, those whose best sense says most of the topic first."""
    shares = {}
    for mention in plan.mentions:
        ids = tokenizer.encode(" " + mention)
        targets = target_ids(plan.topic.without([mention]), tokenizer)
        if len(ids) == 1 and targets:
            shares[" " + mention] = max(sense_shares(network, ids[0], targets))
    return sorted(shares, key=shares.get, reverse=True)


def scale_levers(scout: Scout, plan: TopicPlan, prompt: str, tokenizer: Tokenizer, count: int) -> list[Lever]:
    """The ``count`` senses whose scaling gains most for the topic, among the words of the prompt and common ones."""
    gains = []
    for token in scout.common_tokens():
        word = tokenizer.token_text(token)
        topic = plan.topic.without([word])
        if word.startswith(" ") and word[1:].isalpha() and word.islower() and topic.entries:
            targets = target_ids(topic, tokenizer)
            gains += [(gain, word, sense) for sense, gain in enumerate(scout.gains(targets)[token].tolist())]
    return [scale_lever(prompt, word, sense) for gain, word, sense in sorted(gains, reverse=True)[:count] if gain > 0]


def boost_levers(labels: Sequence[str], prompt: str) -> list[Lever]:
    """Boosts by the best label, by the best two, and by the best three together."""
    wanted = [tuple(labels[:count]) for count in range(1, LABELS + 1)]
    return [boost_lever(prompt, words, anneal) for words in dict.fromkeys(wanted) if words for anneal in (True, False)]


def prospect(lever: Lever, scout: Scout, plan: TopicPlan, tokenizer: Tokenizer) -> Prospect:
    """The rung of ``lever`` that does best on plain text, among those looked at."""
    targets = target_ids(plan.topic.without(lever.words), tokenizer)
    found = []
    for rung in LOOKED_AT[lever.kind]:
        edits = read_edits(lever.rungs[rung], scout.network, tokenizer)
        found.append(Prospect(lever, rung, hope(scout.promise(edits, targets), lever.kind)))
    return max(found, key=lambda prospect: prospect.hope)


def hope(promise: Promise, kind: str) -> float:
    """Logarithm of the promised ratio, less what the shift of all probabilities costs, by kind of edit."""
    return math.log(promise.ratio) - SHIFT_COST[kind] * promise.shift


def best_of_each_kind(prospects: Iterable[Prospect], count: int) -> list[Prospect]:
    """The ``count`` most hopeful prospects of each kind of edit."""
    chosen: list[Prospect] = []
    ranked = sorted(prospects, key=lambda prospect: prospect.hope, reverse=True)
    for kind in LOOKED_AT:
        chosen += [prospect for prospect in ranked if prospect.lever.kind == kind][:count]
    return chosen
