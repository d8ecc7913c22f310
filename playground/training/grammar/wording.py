"""Small changes of wording that keep the sense: synonyms and short forms, each in the way of one story."""

import re
from random import Random

SWAPS = {
    "at last": ("finally", "at last"),
    "began to": ("started to", "began to"),
    "at once": ("right away", "at once", "immediately"),
    "nobody": ("no one", "nobody"),
    "everyone": ("everybody", "everyone"),
    "everybody": ("everyone", "everybody"),
    "somebody": ("someone", "somebody"),
    "all morning": ("the whole morning", "all morning"),
    "all afternoon": ("the whole afternoon", "all afternoon"),
    "all day": ("the whole day", "all day"),
    "the next day": ("the next day", "the following day"),
    "the next morning": ("the next morning", "early the next morning"),
    "in the evening": ("in the evening", "that evening", "later that day"),
    "a little later": ("a little later", "soon after", "a while later", "after a while"),
    "some days later": ("some days later", "a few days later", "three days later"),
    "some weeks later": ("some weeks later", "a few weeks later", "two weeks later"),
    "from that day on": ("from that day on", "from then on", "after that day"),
    "from then on": ("from then on", "from that day on", "after that"),
    "hurried to": ("hurried to", "rushed to", "ran to"),
    "looked around": ("looked around", "looked in all directions"),
    "for a long time": ("for a long time", "for a long while"),
    "without a word": ("without a word", "in silence"),
    "perhaps": ("perhaps", "maybe"),
    "maybe": ("maybe", "perhaps"),
    "afraid": ("afraid", "scared"),
    "wonderful": ("wonderful", "lovely", "great"),
}
SWAP = re.compile(r"\b(?<!all )(?:" + "|".join(sorted(SWAPS, key=len, reverse=True)) + r")\b(?!-)", re.IGNORECASE)

TIMELESS = ("nobody", "everyone", "everybody", "somebody", "perhaps", "maybe", "afraid", "wonderful")  # also in speech
SPOKEN_SWAP = re.compile(rf"\b(?:{'|'.join(TIMELESS)})\b", re.IGNORECASE)

# only before a word: "Here I am." keeps its full form
TOLD = tuple(
    (re.compile(rf"\b{verb} not(?= [a-z])"), f"{verb}n't") for verb in ("did", "could", "was", "had", "would", "were")
)
SPOKEN = tuple(
    (re.compile(rf"\b{full}(?= (?!it\b)[a-z])"), short)
    for full, short in {
        "I am": "I'm", "I will not": "I won't", "I will": "I'll", "It is": "It's", "do not": "don't",
        "That is": "That's",
        "You are": "You're", "We will": "We'll", "cannot": "can't", "What is": "What's", "did not": "didn't",
        "could not": "couldn't", "is not": "isn't", "We are": "We're", "will not": "won't",
    }.items()
)  # fmt: skip
SPEECH = re.compile(r'"[^"\n]*"')


def vary(text: str, rng: Random) -> str:
    """``text`` in one of many wordings; within a story the short forms are used alike."""
    habit = {phrase: options[int(rng.random() * len(options))] for phrase, options in SWAPS.items()}

    def swap(found: re.Match) -> str:
        new = habit[found[0].lower()]
        return new[0].upper() + new[1:] if found[0][0].isupper() else new

    told = [SWAP.sub(swap, part) for part in SPEECH.split(text)]
    spoken = [SPOKEN_SWAP.sub(swap, part) for part in SPEECH.findall(text)]
    if rng.random() < 0.55:
        spoken = [_shorten(part, SPOKEN) for part in spoken]
    if rng.random() < 0.25:
        told = [_shorten(part, TOLD) for part in told]
    return "".join(part for pair in zip(told, [*spoken, ""], strict=True) for part in pair)


def _shorten(text: str, rules: tuple) -> str:
    for full, short in rules:
        text = full.sub(short, text)
    return text
