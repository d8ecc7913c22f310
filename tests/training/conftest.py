"""A tiny data folder in the shape that the smoke recipe reads."""

import lzma
import random

import pytest

NAMES, THINGS, PLACES = ("Ann", "Ben", "Mia", "Tom"), ("ball", "cake", "boat", "hat"), ("park", "wood", "house")


def story(dice: random.Random) -> str:
    name, thing, place = dice.choice(NAMES), dice.choice(THINGS), dice.choice(PLACES)
    return (
        f"Once upon a time, there was a child named {name}. One day {name} lost a {thing} in the {place}.\n"
        f"Number {dice.randrange(10**6)} was written on it. {name} looked and looked. Then {name} found the {thing}."
    )


def sentence(dice: random.Random) -> str:
    name, thing, place = dice.choice(NAMES), dice.choice(THINGS), dice.choice(PLACES)
    return f"{name} has {dice.randrange(10**6)} of the {thing}s from the {place}."


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    folder, dice = tmp_path_factory.mktemp("data"), random.Random(5)
    for name in ("stories", "sentences"):
        (folder / name).mkdir()
    stories = "\n<|endoftext|>\n".join(story(dice) for _ in range(300))
    (folder / "stories" / "text.txt.xz").write_bytes(lzma.compress(stories.encode()))
    (folder / "sentences" / "text.txt").write_text("\n".join(sentence(dice) for _ in range(400)), encoding="utf-8")
    return folder
