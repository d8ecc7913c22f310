"""A tokenizer whose tokens are whole words with a space in front, for checkpoints that ship none."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers


def write_word_tokenizer(path: Path, words: Sequence[str], size: int) -> Path:
    """``size`` ids: <unk>, " word" for each of ``words``, unused names, and <|endoftext|> as the last."""
    pieces = ["<unk>", *(f"Ġ{word}" for word in words)]
    pieces += [f"unused{i}" for i in range(size - 1 - len(pieces))]
    tokenizer = Tokenizer(models.WordLevel({piece: i for i, piece in enumerate(pieces)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    assert tokenizer.get_vocab_size() == size
    tokenizer.save(str(path))
    return path
