"""Tokenizers read from files: text to ids and back.

`open_tokenizer` takes a file or a folder and returns a `Tokenizer`, whichever of four formats it finds: a SentencePiece
model, the JSON byte tokenizer that may stand in its place, a Hugging Face tokenizer.json, or GPT-2's vocab.json with
merges.txt. Files are data from strangers: nothing in them is executed, sizes are bounded before reading, and whatever
is wrong with them is one `TokenizerError` or `MissingFile`.

All tokenizers keep the same promises: `encode` adds no special tokens and strips nothing, `decode` drops special
tokens and depends on the whole sequence of ids (so text must be decoded cumulatively, see streaming.py).
"""

import hashlib
import json
import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import sentencepiece
import tokenizers

from playground import limits
from playground.errors import InvalidRequest, MissingFile, PlaygroundError, TokenizerError, name_some

FILE_BYTES = 64 * 2**20  # the largest public tokenizer.json files are about half of this
BEGIN_NAMES = ("<s>", "<|bos|>", "<bos>", "<|begin_of_text|>", "<|startoftext|>", "[BOS]")
END_NAMES = ("</s>", "<|eos|>", "<eos>", "<|end_of_text|>", "<|endoftext|>", "[EOS]")

_SPACE_MARK = "\u2581"  # what SentencePiece writes for a space
_BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class Tokenizer(ABC):
    """What all tokenizers share. Made by `open_tokenizer`, immutable, and safe to use from several threads.

    size: number of ids, one more than the largest. special_ids: name -> id of the tokens that stand for no text.
    begin_id, end_id: the tokens around a document, None when the file names none. adds_begin: whether the file asks
    for the begin token before every text (``encode`` leaves that to the caller). kind: one phrase for people.
    fingerprint: the first 12 hex digits of the SHA-256 of the file (or files) it was read from.
    """

    def __init__(self, size: int, special_ids: dict[str, int], kind: str, fingerprint: str):
        if not 0 < size <= limits.DIMENSION:
            raise ValueError(f"it has {size:,} ids, where 1 to {limits.DIMENSION:,} are accepted")
        self.size = size
        self.special_ids = special_ids
        self.begin_id = next((special_ids[name] for name in BEGIN_NAMES if name in special_ids), None)
        self.end_id = next((special_ids[name] for name in END_NAMES if name in special_ids), None)
        self.adds_begin = False
        self.kind = kind
        self.fingerprint = fingerprint
        self._special_names = {id_: name for name, id_ in special_ids.items()}
        self._shown: dict[int, str] = {}  # what was displayed, at most the vocabulary: a strip shows many a token often

    def encode(self, text: str) -> list[int]:
        """Return the ids of ``text``. Raises InvalidRequest for a lone surrogate, which no encoding can carry."""
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidRequest(
                f"The text has half a character (lone surrogate U+{ord(text[error.start]):04X}) at position "
                f"{error.start:,} of {len(text):,}; remove it or type it again."
            ) from None
        with _as_tokenizer_error("The tokenizer failed to encode"):
            return self._encode(text)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ``ids``; bytes that are not UTF-8 become U+FFFD. Raises InvalidRequest for unknown ids."""
        ids = self._checked(ids)
        with _as_tokenizer_error("The tokenizer failed to decode"):
            return self._decode(ids)

    def token_bytes(self, token_id: int) -> bytes:
        """Return the UTF-8 bytes, maybe part of a character, that the token adds inside a text; b"" for specials."""
        (token_id,) = self._checked([token_id])
        return b"" if token_id in self._special_names else self._token_bytes(token_id)

    def token_text(self, token_id: int) -> str:
        """Return one token for display: spaces as they are, a stray byte as "<0xE4>", special tokens by name."""
        shown = self._shown.get(token_id) if type(token_id) is int else None
        if shown is None:
            (known,) = self._checked([token_id])
            shown = self._shown[known] = self._special_names.get(known) or self._token_text(known)
        return shown

    def _checked(self, ids: Iterable[int]) -> list[int]:
        try:
            ids = [operator.index(id_) for id_ in ids]
        except TypeError:
            raise InvalidRequest("Token ids must be whole numbers.") from None
        if ids and not (min(ids) >= 0 and max(ids) < self.size):
            wrong = next(id_ for id_ in ids if not 0 <= id_ < self.size)
            raise InvalidRequest(
                f"Token id {wrong} is outside this tokenizer of {self.size:,} ids; use 0 to {self.size - 1}."
            )
        return ids

    @abstractmethod
    def _encode(self, text: str) -> list[int]: ...

    @abstractmethod
    def _decode(self, ids: list[int]) -> str: ...

    @abstractmethod
    def _token_bytes(self, token_id: int) -> bytes: ...

    def _token_text(self, token_id: int) -> str:
        return _readable(self._token_bytes(token_id))


class SentencePieceTokenizer(Tokenizer):
    """A SentencePiece ``.model``. Its ``<unk>`` decodes to the sign that the file sets for it (" ⁇ " by default)."""

    def __init__(self, data: bytes):
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            self._processor.load_from_serialized_proto(data)
        except RuntimeError as error:  # "INTERNAL: reason", or the C++ line where parsing ended
            reason = str(error).removeprefix("INTERNAL: ")
            raise ValueError("its bytes do not parse" if "ParseFromArray" in reason else reason) from None
        size = self._processor.get_piece_size()
        # Read every piece now, so that a piece that is not UTF-8 is an error here and not in the middle of a text.
        self._pieces = [self._processor.id_to_piece(id_) for id_ in range(size)]
        unknown = self._processor.unk_id()
        self._unknown_text = self._processor.decode([unknown])
        special = [id_ for id_ in range(size) if id_ == unknown or self._processor.is_control(id_)]
        special_ids = {self._pieces[id_]: id_ for id_ in special}
        super().__init__(size, special_ids, f"SentencePiece, {size:,} pieces", _fingerprint(data))
        # The file may call these pieces whatever it likes, and says which they are (-1: none).
        begin, end = self._processor.bos_id(), self._processor.eos_id()
        self.begin_id = begin if begin >= 0 else None
        self.end_id = end if end >= 0 else None
        self.adds_begin = self.begin_id is not None  # as models with such a file were trained

    def token_bytes(self, token_id: int) -> bytes:
        """As in `Tokenizer`, but the unknown piece, special as it is, does add a sign to the text."""
        return self._unknown_text.encode() if token_id == self._processor.unk_id() else super().token_bytes(token_id)

    def _encode(self, text: str) -> list[int]:
        return self._processor.encode(text)

    def _decode(self, ids: list[int]) -> str:
        return self._processor.decode(ids)

    def _token_bytes(self, token_id: int) -> bytes:
        if self._processor.is_byte(token_id):
            return bytes.fromhex(self._pieces[token_id][3:5])
        return self._token_text(token_id).encode()

    def _token_text(self, token_id: int) -> str:
        return self._pieces[token_id].replace(_SPACE_MARK, " ")


class ByteTokenizer(Tokenizer):
    """The pixel-lm family's JSON byte tokenizer: ids 0 to 3 are special, id = byte + 4 above them."""

    SPECIALS = ("<s>", "</s>", "<pad>", "<unk>")

    def __init__(self, data: bytes, spec: dict):
        size = len(self.SPECIALS) + 256
        if spec.get("vocab_size", size) != size:
            raise ValueError(f"a byte tokenizer has {size} ids, and the file says {spec['vocab_size']!r}")
        special_ids = {name: id_ for id_, name in enumerate(self.SPECIALS)}
        super().__init__(size, special_ids, f"bytes, {size} ids", _fingerprint(data))

    def _encode(self, text: str) -> list[int]:
        return [byte + len(self.SPECIALS) for byte in text.encode()]

    def _decode(self, ids: list[int]) -> str:
        first = len(self.SPECIALS)
        return bytes(id_ - first for id_ in ids if id_ >= first).decode(errors="replace")

    def _token_bytes(self, token_id: int) -> bytes:
        return bytes([token_id - len(self.SPECIALS)])


class JsonTokenizer(Tokenizer):
    """A pipeline of the `tokenizers` library: a tokenizer.json, or GPT-2's two files assembled by `_gpt2_pipeline`.

    As in that library, a special token's name written out in a text becomes that token. Truncation, padding and
    dropout that the file may ask for are switched off: a text has one encoding, and all of it.
    """

    def __init__(self, pipeline: tokenizers.Tokenizer, decoder: dict | None, name: str, fingerprint: str):
        pipeline.no_truncation()
        pipeline.no_padding()
        if getattr(pipeline.model, "dropout", None) is not None:
            pipeline.model.dropout = None
        self._pipeline = pipeline
        parts = list(_flat_decoder(decoder))
        self._byte_level = any(part.get("type") == "ByteLevel" for part in parts)
        self._byte_fallback = any(part.get("type") == "ByteFallback" for part in parts)
        self._space_mark = next(filter(None, map(_space_mark, parts)), None)
        size = max(pipeline.get_vocab(with_added_tokens=True).values(), default=-1) + 1
        added = sorted(pipeline.get_added_tokens_decoder().items())
        special_ids = {token.content: id_ for id_, token in added if token.special}
        super().__init__(size, special_ids, f"{name}, {size:,} tokens", fingerprint)
        with_specials = pipeline.encode("a", add_special_tokens=True).ids
        if with_specials and with_specials[0] in self._special_names:
            self.adds_begin, self.begin_id = True, with_specials[0]

    def _encode(self, text: str) -> list[int]:
        return self._pipeline.encode(text, add_special_tokens=False).ids

    def _decode(self, ids: list[int]) -> str:
        if not self._byte_fallback:
            return self._pipeline.decode(ids, skip_special_tokens=True)
        # The library turns a whole run of byte tokens into U+FFFD when any byte of it is wrong, so one more id could
        # undo text already shown. An empty token after each character keeps good characters whatever follows them.
        tokens = (self._pipeline.id_to_token(id_) for id_ in ids if id_ not in self._special_names)
        return self._pipeline.decoder.decode(list(_separate_characters(token for token in tokens if token is not None)))

    def _token_bytes(self, token_id: int) -> bytes:
        token = self._pipeline.id_to_token(token_id)
        if token is None:
            return b""
        if self._byte_level:
            bytes_ = [_BYTE_OF.get(char) for char in token]
            return token.encode() if None in bytes_ else bytes(bytes_)
        if self._byte_fallback and (match := _BYTE_PIECE.fullmatch(token)):
            return bytes.fromhex(match[1])
        return (token.replace(self._space_mark, " ") if self._space_mark else token).encode()

    def _token_text(self, token_id: int) -> str:
        token = self._pipeline.id_to_token(token_id)
        if token is None:
            return f"<unused {token_id}>"
        if self._byte_fallback and _BYTE_PIECE.fullmatch(token):
            return token
        return super()._token_text(token_id)


def open_tokenizer(path: str | Path) -> Tokenizer:
    """Open the tokenizer in ``path``: a file of any of the four formats, or a folder that holds one.

    A folder is searched for tokenizer.json, then tokenizer.model, ``*_tokenizer.model`` and ``*.model``, then
    vocab.json with merges.txt. Raises MissingFile, or TokenizerError for a file that cannot be used.
    """
    file = _locate(Path(path))
    data = _read(file)
    with _as_tokenizer_error(f"{file} is damaged or not a tokenizer"):
        if data.lstrip()[:1] != b"{":
            if file.suffix == ".json":
                raise TokenizerError(f"{file} is damaged: a tokenizer in JSON begins with {{. Download it again.")
            with _as_tokenizer_error(f"{file} is no complete SentencePiece model"):
                return SentencePieceTokenizer(data)
        spec = json.loads(data)  # it begins with {, so it can only be an object
        if spec.get("type") == "simple-byte":
            return ByteTokenizer(data, spec)
        if isinstance(spec.get("model"), dict):
            pipeline = tokenizers.Tokenizer.from_buffer(data)
            name = f"Hugging Face {spec['model'].get('type') or 'model'}"
            return JsonTokenizer(pipeline, spec.get("decoder"), name, _fingerprint(data))
        if not spec or any(type(id_) is not int for id_ in spec.values()):
            raise TokenizerError(
                f"{file} is JSON but no tokenizer: its keys are {name_some(spec) or '(none)'}; a tokenizer.json has "
                "'model', a vocab.json only token ids. Download it again."
            )
        merges_file = file.with_name("merges.txt")
        merges = _read(merges_file)
        pipeline = _gpt2_pipeline(spec, _parse_merges(merges_file, merges))
        return JsonTokenizer(pipeline, {"type": "ByteLevel"}, "GPT-2 BPE", _fingerprint(data, merges))


def _locate(path: Path) -> Path:
    """Return the main file of the tokenizer in ``path``."""
    if path.is_dir():
        if (path / "tokenizer.json").is_file():
            return path / "tokenizer.json"
        for pattern in ("tokenizer.model", "*_tokenizer.model", "*.model"):
            found = sorted(path.glob(pattern))
            if len(found) > 1:
                names = name_some(file.name for file in found)
                raise TokenizerError(f"{path} holds several tokenizers ({names}); give the file to use.")
            if found:
                return found[0]
        if (path / "vocab.json").is_file():
            return path / "vocab.json"
        raise MissingFile(
            f"No tokenizer in {path}: looked for tokenizer.json, tokenizer.model, *_tokenizer.model, *.model and "
            "vocab.json with merges.txt."
        )
    if path.name == "merges.txt" and path.is_file():
        return path.with_name("vocab.json")
    return path


def _read(file: Path) -> bytes:
    """Return the bytes of a small regular file that can be a tokenizer at all."""
    if not file.exists():
        raise MissingFile(f"The tokenizer file {file} does not exist; check the path, or download it.")
    if not file.is_file():
        raise TokenizerError(f"{file} is not a regular file, so no tokenizer can be read from it. Give a file.")
    size = file.stat().st_size
    if size > FILE_BYTES:
        raise TokenizerError(f"{file} has {size / 2**20:,.0f} MB; a tokenizer has at most {FILE_BYTES // 2**20} MB.")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise TokenizerError(f"The tokenizer file {file} cannot be read: {error.strerror}.") from None
    if not data:
        raise TokenizerError(f"{file} is empty; download it again.")
    start = data[:512].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise TokenizerError(f"{file} is a web page, not a tokenizer; download the file itself.")
    if start.startswith(b"version https://git-lfs"):
        raise TokenizerError(
            f"{file} is a Git LFS pointer, not the tokenizer itself; run `git lfs pull` or download it."
        )
    return data


def _parse_merges(file: Path, data: bytes) -> list[tuple[str, str]]:
    """Return the pairs of a merges.txt, best first. Only the first line may be a comment: "# #" is a pair too."""
    lines = data.decode().replace("\r\n", "\n").split("\n")
    pairs = []
    for number, line in enumerate(lines, 1):
        if not line or (number == 1 and line.startswith("#version")):
            continue
        pair = tuple(line.split(" "))
        if len(pair) != 2 or not all(pair):
            raise TokenizerError(f"{file} is damaged: line {number} is not two tokens with a space between them.")
        pairs.append(pair)
    return pairs


def _gpt2_pipeline(vocab: dict[str, int], merges: list[tuple[str, str]]) -> tokenizers.Tokenizer:
    ids = set(vocab.values())
    if len(ids) < len(vocab) or min(ids) < 0 or max(ids) >= limits.DIMENSION:
        raise ValueError(f"the ids must all differ and lie between 0 and {limits.DIMENSION - 1:,}")
    for left, right in merges:
        if not {left, right, left + right} <= vocab.keys():
            raise ValueError(f"merges.txt joins {left!r} and {right!r}, which are not all in the vocabulary")
    pipeline = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocab, merges=merges))
    pipeline.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    pipeline.decoder = tokenizers.decoders.ByteLevel()
    if "<|endoftext|>" in vocab:
        pipeline.add_special_tokens(["<|endoftext|>"])
    return pipeline


@contextmanager
def _as_tokenizer_error(what: str) -> Iterator[None]:
    """Turn whatever the libraries throw at a hostile file, panics of their Rust code included, into TokenizerError."""
    try:
        yield
    except PlaygroundError:
        raise
    except BaseException as error:
        # A panic is no Exception, and its class cannot be imported.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise TokenizerError(f"{what} ({str(error)[:200]}); use another copy of the tokenizer.") from error


def _fingerprint(*files: bytes) -> str:
    return hashlib.sha256(b"".join(files)).hexdigest()[:12]


def _readable(data: bytes) -> str:
    """Decode UTF-8; every byte that is part of no whole character becomes ``<0xE4>``-like text."""
    text = data.decode(errors="surrogateescape")  # stray byte b becomes U+DC00 + b
    return re.sub("[\udc80-\udcff]", lambda match: f"<0x{ord(match[0]) - 0xDC00:02X}>", text)


def _byte_alphabet() -> dict[str, int]:
    """Return the byte behind each character of byte-level BPE: printable Latin-1 is itself, the rest follow U+0100."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


_BYTE_OF = _byte_alphabet()


def _flat_decoder(decoder: object) -> Iterator[dict]:
    """Yield the steps of a tokenizer.json's decoder, sequences unrolled."""
    if isinstance(decoder, dict):
        yield decoder
        for part in decoder.get("decoders") or ():
            yield from _flat_decoder(part)


def _space_mark(part: dict) -> str | None:
    """Return the mark that this decoder step turns into a space, if it does."""
    if part.get("type") == "Metaspace":
        return part.get("replacement")
    if part.get("type") == "Replace" and part.get("content") == " ":
        return part.get("pattern", {}).get("String")
    return None


def _separate_characters(tokens: Iterable[str]) -> Iterator[str]:
    """Yield ``tokens`` with an empty one after each UTF-8 character, and each stray byte, that byte tokens spell."""
    for is_bytes, run in groupby(tokens, key=lambda token: bool(_BYTE_PIECE.fullmatch(token))):
        if not is_bytes:
            yield from run
            continue
        text = b"".join(bytes.fromhex(token[3:5]) for token in run).decode(errors="surrogateescape")
        for char in text:
            yield from (f"<0x{byte:02X}>" for byte in char.encode(errors="surrogateescape"))
            yield ""
