"""From a seed to a finished story: a plot is drawn and told again until length and wording are as they should be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from random import Random

from playground.training.grammar.plots import PLOTS
from playground.training.grammar.teller import Teller
from playground.training.grammar.world import World

MIN_WORDS, MAX_WORDS = 80, 260
ATTEMPTS = 40
SENTENCE = re.compile(r'[^.!?]+[.!?]"?')


@dataclass(frozen=True)
class Made:
    """A finished story: its text, the name of its plot, and the world as it is at the end."""

    text: str
    plot: str
    world: World


def sound(text: str) -> bool:
    """Whether a story has a fit length and says no sentence of four or more words twice."""
    if not MIN_WORDS <= len(text.split()) <= MAX_WORDS:
        return False
    sentences = [s.strip() for s in SENTENCE.findall(text) if s.count(" ") > 3]
    return len(set(sentences)) == len(sentences)


def make(seed: int, index: int = 0, plot: str = "") -> Made:
    """Story number ``index`` of ``seed``; its plot is drawn, unless ``plot`` names one.

    Raises:
        RuntimeError: if a plot cannot be told within the limits, which is a fault of the plot.
    """
    rng = Random(f"{seed}/{index}")  # a string seed is hashed alike on every platform
    name = plot or rng.choice(list(PLOTS))
    for _ in range(ATTEMPTS):
        teller = Teller(rng)
        PLOTS[name][1](teller)
        text = teller.text
        if sound(text):
            return Made(text, name, teller.world)
    raise RuntimeError(f"{name} gave no story of {MIN_WORDS} to {MAX_WORDS} words in {ATTEMPTS} attempts.")


def story(seed: int) -> str:
    """The first story of ``seed``."""
    return make(seed).text


def stories(count: int, seed: int = 0) -> Iterator[str]:
    """``count`` different stories, in the order of their index; those that were told before are left out."""
    seen: set[bytes] = set()
    index = 0
    while len(seen) < count:
        text = make(seed, index).text
        index += 1
        key = blake2b(text.encode(), digest_size=12).digest()
        if key not in seen:
            seen.add(key)
            yield text
