"""Train the tokenizer of a demo in the form that its family publishes, and encode training text with it.

What is trained here and what :func:`playground.text.tokenizers.open_tokenizer` makes of the files give the same ids.
"""

import io
import os
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import sentencepiece
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from playground.errors import DamagedFile, InvalidRequest

LONGEST = 2**30  # bytes of a document; SentencePiece leaves out longer ones without a word
PRINTABLE = string.digits + string.ascii_letters + string.punctuation  # pieces of their own, however rare


class TrainingTokenizer(Protocol):
    """What training needs of a tokenizer. ``begin`` and ``end`` are put around every document; equal ones count once.

    Attributes:
        size: number of ids. files: what belongs into the checkpoint.
    """

    size: int
    begin: int
    end: int
    files: tuple[Path, ...]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, nothing added."""
        ...

    def token_text(self, token_id: int) -> str | None:
        """What the token stands for in a text, None for special tokens and for parts of characters."""
        ...


@dataclass(frozen=True)
class ByteBPE:
    """Byte-level BPE in a ``tokenizer.json``; ``specials`` take the first ids."""

    specials: tuple[str, ...]
    begin_token: str
    end_token: str

    def open(self, folder: Path) -> "OpenByteBPE | None":
        """The tokenizer that ``folder`` holds, or None if there is none yet.

        Raises:
            DamagedFile: if the file is no tokenizer. InvalidRequest: if it is another recipe's.
        """
        path = folder / "tokenizer.json"
        if not path.exists():
            return None
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises plain Exception
            raise _damaged(path) from error
        begin, end = tokenizer.token_to_id(self.begin_token), tokenizer.token_to_id(self.end_token)
        if begin is None or end is None:
            raise InvalidRequest(
                f"{path} has no {self.begin_token} or no {self.end_token}. Delete it, and the recipe trains another."
            )
        return OpenByteBPE(tokenizer, tokenizer.get_vocab_size(), begin, end, (path,))

    def train(self, texts: Iterable[str], size: int, folder: Path) -> None:
        """Train on ``texts`` to at most ``size`` ids, but no fewer than the specials and the 256 bytes."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=list(self.specials),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        _write(folder / "tokenizer.json", tokenizer.to_str(pretty=True).encode())


@dataclass(frozen=True)
class OpenByteBPE:
    """See :class:`TrainingTokenizer`."""

    tokenizer: Tokenizer
    size: int
    begin: int
    end: int
    files: tuple[Path, ...]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        return [one.ids for one in self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def token_text(self, token_id: int) -> str | None:
        text = self.tokenizer.decode([token_id], skip_special_tokens=True)
        return None if not text or "\ufffd" in text else text


@dataclass(frozen=True)
class SentencePiece:
    """A SentencePiece BPE model with byte fallback, ``<s>`` and ``</s>``, and its ``.vocab`` list.

    Ids 0 to 3 are begin, end, padding and unknown, then come the 256 bytes. As in the published model, a line end is no
    piece of its own and so always is the byte 0x0A; unlike there, words at the start of a line count as they are
    encoded in a document, without a blank in front.
    """

    stem: str

    def open(self, folder: Path) -> "OpenSentencePiece | None":
        """The tokenizer that ``folder`` holds, or None if there is none yet.

        Raises:
            DamagedFile: if the file is no tokenizer.
        """
        model, vocab = folder / f"{self.stem}.model", folder / f"{self.stem}.vocab"
        if not model.exists() or not vocab.exists():
            return None
        try:
            processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
        except RuntimeError as error:
            raise _damaged(model) from error
        return OpenSentencePiece(
            processor, processor.get_piece_size(), processor.bos_id(), processor.eos_id(), (model, vocab)
        )

    def train(self, texts: Iterable[str], size: int, folder: Path) -> None:
        """Train on whole documents to at most ``size`` pieces.

        Raises:
            InvalidRequest: if ``size`` is too small for the characters of ``texts``, or there is no text.
        """
        model = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(texts),
                model_writer=model,
                model_type="bpe",
                vocab_size=size,
                hard_vocab_limit=False,
                byte_fallback=True,
                normalization_rule_name="identity",
                remove_extra_whitespaces=False,
                pretokenization_delimiter="\n",
                max_sentence_length=LONGEST,
                character_coverage=0.9999,
                required_chars=PRINTABLE,
                bos_id=0,
                eos_id=1,
                pad_id=2,
                unk_id=3,
                num_threads=1,
                minloglevel=2,
            )
        except RuntimeError as error:
            reason = str(error).strip().split("\n")[0]
            raise InvalidRequest(f"No tokenizer of {size:,} pieces can be trained on this text: {reason}.") from error
        processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
        pieces = range(processor.get_piece_size())
        lines = [f"{processor.id_to_piece(i)}\t{processor.get_score(i):g}\n" for i in pieces]
        _write(folder / f"{self.stem}.vocab", "".join(lines).encode())
        _write(folder / f"{self.stem}.model", model.getvalue())


@dataclass(frozen=True)
class OpenSentencePiece:
    """See :class:`TrainingTokenizer`."""

    processor: sentencepiece.SentencePieceProcessor
    size: int
    begin: int
    end: int
    files: tuple[Path, ...]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        return self.processor.encode(list(texts))

    def token_text(self, token_id: int) -> str | None:
        one = self.processor
        if one.is_control(token_id) or one.is_unknown(token_id):
            return None
        piece = one.id_to_piece(token_id)
        if one.is_byte(token_id):
            byte = int(piece[3:5], 16)
            return chr(byte) if byte < 128 else None
        return piece.replace("\u2581", " ")


def _damaged(path: Path) -> DamagedFile:
    return DamagedFile(f"{path} is no tokenizer that can be read. Delete it, and the recipe trains another.")


def _write(path: Path, data: bytes) -> None:
    """All or nothing: a run that is interrupted must not find half a tokenizer."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_bytes(data)
    os.replace(unfinished, path)
