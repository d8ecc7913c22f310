"""Tiny Backpacks that know words: each variant with a tokenizer, as objects and as checkpoints on disk."""

import shutil
from pathlib import Path

from goldens import GOLDEN
from tiny_networks import language
from word_level import write_word_tokenizer

from playground.checkpoints.families.backpack import FAMILY
from playground.checkpoints.model import SenseModel
from playground.text.tokenizers import open_tokenizer

WORDS = ("sea", "ship", "hill", "he", "she", "they", "nurse", "king", "the", "said", "that", "was", "and", "big")
VARIANTS = ("backpack", "backpack of Levanter", "backpack with normalised senses")
TEXT = " the nurse said that the sea was big and the sea"


def sense_model(variant: str, folder: Path) -> SenseModel:
    """A random network of ``variant`` (see tiny_networks.py) whose ids 1, 2, … are WORDS with a blank in front."""
    network = language(variant)
    tokenizer = open_tokenizer(write_word_tokenizer(folder / "tokenizer.json", WORDS, network.vocab_size))
    return SenseModel(FAMILY, network, tokenizer)


def write_sense_models(folder: Path) -> Path:
    """Copies of both goldens that speak: "gpt2" with 16 senses, "levanter" with 12."""
    for name, size in (("gpt2", 211), ("levanter", 139)):
        (folder / name).mkdir(parents=True)
        for file in ("config.json", "model.safetensors"):
            shutil.copyfile(GOLDEN / "backpack" / name / file, folder / name / file)
        write_word_tokenizer(folder / name / "tokenizer.json", WORDS, size)
    return folder
