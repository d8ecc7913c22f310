"""Levers: an edit with a prompt and a ladder of strengths, weakest first, and which senses promise to be one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from playground.evaluation.steering.topics import TopicPlan
from playground.evaluation.steering.words import Topic
from playground.networks.backpack import Backpack
from playground.senses.edit_documents import edited_words, token_of
from playground.senses.edits import STRENGTHS
from playground.senses.presets import Preset
from playground.text.tokenizers import Tokenizer

FACTORS = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0)
WEIGHTS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.25)
BOOSTS = ((1.25, 1.25, 1.15, 1.0), STRENGTHS[1], (1.8, 1.8, 1.4, 1.0), STRENGTHS[2], (2.7, 2.7, 2.2, 1.0), STRENGTHS[3])

Document = dict[str, Any]


@dataclass(frozen=True)
class Lever:
    """One way to steer: ``rungs`` are lists of edit documents, from weak to strong; ``first`` is where to begin."""

    prompt: str
    rungs: tuple[tuple[Document, ...], ...]
    first: int

    @property
    def kind(self) -> str:
        return self.rungs[0][0]["kind"]

    @property
    def words(self) -> tuple[str, ...]:
        """The words that the edits name; they do not count as on-topic."""
        return edited_words(self.rungs[0])


def scale_lever(prompt: str, word: str, sense: int, factor: float = 3.0) -> Lever:
    """Scaling ``sense`` of ``word``, to begin with by the rung nearest to ``factor``."""
    rungs = ({"kind": "scale_sense", "word": word, "sense": sense, "factor": rung} for rung in FACTORS)
    return Lever(prompt, tuple((rung,) for rung in rungs), _nearest(FACTORS, factor))


def add_lever(prompt: str, word: str, sense: int, weight: float = 0.7) -> Lever:
    """Adding ``sense`` of ``word`` everywhere, to begin with by the rung nearest to ``weight``."""
    rungs = ({"kind": "add_sense", "word": word, "sense": sense, "weight": rung} for rung in WEIGHTS)
    return Lever(prompt, tuple((rung,) for rung in rungs), _nearest(WEIGHTS, weight))


def boost_lever(prompt: str, words: Sequence[str], multipliers: Sequence[float] = BOOSTS[2]) -> Lever:
    """Boosting the topic that ``words`` make, to begin with by the rung nearest to ``multipliers``.

    Nothing fades: in a small model the annealing, meant for large logits, takes the boost away at once.
    """
    rungs = []
    for boost in BOOSTS:
        strength: Document = {"multipliers": list(boost)}
        if boost in STRENGTHS:
            strength = {"strength": STRENGTHS.index(boost)}
        rungs.append(({"kind": "topic_boost", "words": list(words), **strength, "anneal": False},))
    return Lever(prompt, tuple(rungs), _nearest([boost[0] for boost in BOOSTS], multipliers[0]))


def lever_of(preset: Preset) -> Lever | None:
    """The lever that a preset of a single edit stands on, at its own strength; None for other presets."""
    edit = preset.edits[0] if len(preset.edits) == 1 else {"kind": None}
    if edit["kind"] == "scale_sense" and edit.get("position") is None:
        return scale_lever(preset.prompt, edit["word"], edit["sense"], edit["factor"])
    if edit["kind"] == "add_sense":
        return add_lever(preset.prompt, edit["word"], edit["sense"], edit["weight"])
    if edit["kind"] == "topic_boost" and not edit.get("anneal", True):
        multipliers = edit.get("multipliers") or STRENGTHS[edit["strength"]]
        return boost_lever(preset.prompt, edit["words"], multipliers)
    return None


def target_ids(topic: Topic, tokenizer: Tokenizer) -> list[int]:
    """Ids of the topic's forms that are one token inside a text."""
    tokens = {token_of(" " + form, tokenizer) for form in topic.names}
    return sorted(tokens - {None})


@torch.inference_mode()
def sense_shares(network: Backpack, token: int, targets: Sequence[int]) -> list[float]:
    """Per sense of ``token``: the targets' probability if that sense alone, with weight 1, made the logits."""
    logits = network.unembed(network.sense_vectors(torch.tensor(token)))  # (k, V)
    return logits.softmax(-1)[:, list(targets)].sum(-1).tolist()


def telling_senses(plan: TopicPlan, network: Backpack, tokenizer: Tokenizer) -> list[tuple[str, int]]:
    """The plan's mentions that are one token, each with the sense that says most of the topic, the best first."""
    found = []
    for mention in plan.mentions:
        word = " " + mention
        token, targets = token_of(word, tokenizer), target_ids(plan.topic.without([word]), tokenizer)
        if token is not None and targets:
            shares = sense_shares(network, token, targets)
            found.append((max(shares), word, shares.index(max(shares))))
    return [(word, sense) for _, word, sense in sorted(found, key=lambda entry: -entry[0])]


def levers_for(plan: TopicPlan, network: Backpack, tokenizer: Tokenizer, labels: int) -> list[Lever]:
    """What to try for a topic, of each kind of edit the most promising first.

    Adding the telling sense of each of the best ``labels`` mentions, after the general prompts; scaling it where the
    word is mentioned; and boosting the topic that these words make, each alone where it is mentioned, and all together
    where the first is. Prompt by prompt, the most telling word first.
    """
    telling = telling_senses(plan, network, tokenizer)[:labels]
    words = [word for word, _ in telling]
    places = [
        (plan.prompts_with(word.strip())[number], word, sense)
        for number in range(len(plan.prompts))
        for word, sense in telling
    ]
    adds = [add_lever(prompt, word, sense) for prompt in plan.general for word, sense in telling]
    scales = [scale_lever(prompt, word, sense) for prompt, word, sense in places]
    boosts = [boost_lever(prompt, [word]) for prompt, word, _ in places]
    if len(words) > 1:
        boosts += [boost_lever(prompt, words) for prompt in plan.prompts_with(words[0].strip())]
    return adds + scales + boosts


def _nearest(values: Sequence[float], wanted: float) -> int:
    return min(range(len(values)), key=lambda place: abs(values[place] - wanted))
