"""Tokenizer files for random checkpoints: valid, of the right size, and of no use but that."""

import json
import struct

from tokenizers.pre_tokenizers import ByteLevel

SHARD_SPECIALS = ("<|pad|>", "<|bos|>", "<|eos|>", "<|unk|>", "<|im_start|>", "<|im_end|>")
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6  # kinds of SentencePiece pieces


def byte_level_json(size: int, specials: tuple[str, ...] = SHARD_SPECIALS) -> str:
    """A byte-level ``tokenizer.json`` of ``size`` ids: specials, the 256 bytes, and names that no text produces."""
    pieces = [*specials, *sorted(ByteLevel.alphabet())]
    pieces += [f"unused{i}" for i in range(size - len(pieces))]
    step = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return json.dumps(
        {
            "version": "1.0",
            "added_tokens": [{"id": i, "content": name} | flags for i, name in enumerate(specials)],
            "pre_tokenizer": step,
            "post_processor": step,
            "decoder": step,
            "model": {"type": "BPE", "vocab": {piece: i for i, piece in enumerate(pieces[:size])}, "merges": []},
        }
    )


def sentencepiece_model(size: int) -> bytes:
    """A SentencePiece BPE ``.model`` of ``size`` pieces: <s>, </s>, <pad>, <unk>, the 256 bytes, and names that no
    text produces. Written as the protocol buffer that it is (sentencepiece_model.proto)."""
    pieces = [("<s>", CONTROL), ("</s>", CONTROL), ("<pad>", CONTROL), ("<unk>", UNKNOWN)]
    pieces += [(f"<0x{byte:02X}>", BYTE) for byte in range(256)]
    pieces.append(("\u2581", NORMAL))  # the space
    pieces += [(f"<unused{i}>", NORMAL) for i in range(size - len(pieces))]
    proto = b"".join(
        _field(1, _field(1, name.encode()) + b"\x15" + struct.pack("<f", -float(i)) + _number(3, kind))
        for i, (name, kind) in enumerate(pieces)
    )
    trainer = _number(3, 2) + _number(4, size) + _number(35, 1)  # BPE, size, byte fallback
    trainer += b"".join(_number(40 + i, id_) for i, id_ in enumerate((3, 0, 1, 2)))  # unk, bos, eos, pad
    normalizer = _field(1, b"identity") + _number(3, 1) + _number(4, 0) + _number(5, 1)  # dummy prefix, spaces kept
    return proto + _field(2, trainer) + _field(3, normalizer)


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content
