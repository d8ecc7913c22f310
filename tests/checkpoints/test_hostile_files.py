"""Damaged, misnamed and lying files: each is refused in one line that says what it is."""

import json
import os
import random
import struct
from pathlib import Path

import pytest
import safetensors.torch
import torch

from playground.checkpoints.files import open_tensors
from playground.errors import DamagedFile, MissingFile, PlaygroundError, UnsafeFile

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 449345678\n"
IMPOSTORS = {
    "empty": (b"", "is empty"),
    "html": (b"\n <!DOCTYPE html><html><body>404</body></html>", "web page"),
    "pointer": (POINTER, "Git LFS pointer.*449,345,678 bytes"),
    "json": (b'{"error": "Invalid username or password."}', "JSON text.*Invalid username"),
    "text": (b"Not Found", "plain text"),
    "words like a pickle": (b"checkpoint notes\nsecond line\nthird line\n", "plain text"),
    "garbage": (bytes(range(256)) * 4, ""),
    "eight bytes": (b"\0" * 8, ""),
    "gzip": (b"\x1f\x8b\x08\0" + b"\0" * 60, ""),
}


@pytest.mark.parametrize("suffix", ["safetensors", "pt", "bin"])
@pytest.mark.parametrize("kind", IMPOSTORS)
def test_impostors_are_named(tmp_path, kind, suffix):
    content, message = IMPOSTORS[kind]
    path = tmp_path / f"model.{suffix}"
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=message or None) as caught:
        open_tensors(path)
    assert path.name in str(caught.value) and "\n" not in str(caught.value)


def test_missing_files_folders_and_odd_paths(tmp_path):
    for path in (tmp_path / "absent.pt", tmp_path, "a\0b.pt", "x" * 5000 + ".pt"):
        with pytest.raises(MissingFile):
            open_tensors(path)
    os.mkfifo(tmp_path / "pipe.pt")
    with pytest.raises(MissingFile):
        open_tensors(tmp_path / "pipe.pt")


def test_wrong_endings_are_named(tmp_path):
    torch.save({"w": torch.zeros(2)}, tmp_path / "m.safetensors")
    with pytest.raises(DamagedFile, match="PyTorch file"):
        open_tensors(tmp_path / "m.safetensors")
    safetensors.torch.save_file({"w": torch.zeros(2)}, tmp_path / "m.pt")
    with pytest.raises(DamagedFile, match="not a PyTorch file"):
        open_tensors(tmp_path / "m.pt")
    (tmp_path / "m.gguf").write_bytes(b"GGUF\0\0\0\0")
    with pytest.raises(DamagedFile, match=r"expected \.safetensors"):
        open_tensors(tmp_path / "m.gguf")


def raw_safetensors(path: Path, header: object, data: bytes = b"", length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def entry(shape: list, start: int, end: int, dtype: object = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


HEADERS = {
    "truncated": ({"w": entry([4], 0, 16)}, b"\0" * 10, "16 bytes of tensors and holds 10"),
    "longer": ({"w": entry([2], 0, 8)}, b"\0" * 10, "8 bytes of tensors and holds 10"),
    "shape lies": ({"w": entry([10**9], 0, 8)}, b"\0" * 8, "the shape"),
    "absurd shape": ({"w": entry([2**47, 2**47], 0, 8)}, b"\0" * 8, "the shape"),
    "overflow": ({"w": entry([2**32, 2**32, 0], 0, 0)}, b"", ""),
    "huge offset": ({"w": entry([4], 2**60, 2**60 + 16)}, b"", "not counts"),
    "negative": ({"w": entry([-4], 0, 16)}, b"\0" * 16, "not counts"),
    "backwards": ({"w": entry([4], 16, 0)}, b"\0" * 16, "the shape"),
    "float size": ({"w": entry([4.0], 0, 16)}, b"\0" * 16, "not counts"),
    "bool size": ({"w": entry([True], 0, 4)}, b"\0" * 4, "not counts"),
    "overlap": ({"a": entry([4], 0, 16), "b": entry([4], 8, 24)}, b"\0" * 24, "'b' at byte 8"),
    "same bytes": ({"a": entry([4], 0, 16), "b": entry([4], 0, 16)}, b"\0" * 16, "at byte 0"),
    "hole": ({"a": entry([4], 0, 16), "b": entry([4], 20, 36)}, b"\0" * 36, "ends at 16"),
    "dtype": ({"w": entry([4], 0, 16, "C64")}, b"\0" * 16, "'C64'"),
    "odd dtype": ({"w": entry([4], 0, 16, ["F32"])}, b"\0" * 16, "known dtypes"),
    "rank": ({"w": entry([1] * 40, 0, 4)}, b"\0" * 4, "the shape"),
    "missing key": ({"w": {"dtype": "F32", "shape": [4]}}, b"\0" * 16, "exactly a dtype"),
    "not an entry": ({"w": 3}, b"", "exactly a dtype"),
    "list": ([1, 2], b"", "not a JSON object"),
    "metadata": ({"__metadata__": {"a": {"b": 1}}}, b"", "__metadata__"),
    "long name": ({"w" * 1000: entry([1], 0, 4)}, b"\0" * 4, "512 characters"),
    "not json": (b"{'a': 1}", b"", "not valid JSON"),
    "not utf-8": (b'{"\xff": 1}', b"", "not valid JSON"),
    "doubled": (b'{"w":%s,"w":%s}' % ((json.dumps(entry([1], 0, 4)).encode(),) * 2), b"\0" * 4, "'w' occurs twice"),
    "deep": (b'{"a":' * 200_000, b"", "nested too deeply"),
    "big number": (
        b'{"w":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,4]}}',
        b"\0" * 4,
        "not valid JSON",
    ),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_safetensors_headers_that_lie(tmp_path, kind):
    header, data, message = HEADERS[kind]
    path = raw_safetensors(tmp_path / "m.safetensors", header, data)
    with pytest.raises(DamagedFile, match=message or None):
        open_tensors(path)


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 10**9, 100 * 2**20, 41])
def test_safetensors_header_of_absurd_size(tmp_path, length):
    path = raw_safetensors(tmp_path / "m.safetensors", b"{" + b" " * 38 + b"}", length=length)
    with pytest.raises(DamagedFile, match=f"{length:,} bytes.*48 bytes"):
        open_tensors(path)


@pytest.mark.parametrize(
    "shard",
    ["../../etc/passwd", "/etc/passwd", "sub/m.safetensors", "..", "a\\b.pt", "", 7, "https://x/y.bin", "m\0.bin"],
)
def test_an_index_cannot_leave_its_folder(tmp_path, shard):
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": {"w": shard}}))
    with pytest.raises(UnsafeFile, match="plain file names"):
        open_tensors(path)


@pytest.mark.parametrize("weight_map", [None, {}, [], "x"])
def test_an_index_without_a_map(tmp_path, weight_map):
    path = tmp_path / "pytorch_model.bin.index.json"
    path.write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(DamagedFile, match="no weight_map"):
        open_tensors(path)


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_truncation_anywhere_and_random_damage_end_in_one_line_or_in_tensors(tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    weights = {"a": torch.ones(3, 2), "b": torch.arange(4)}
    if suffix == "pt":
        torch.save({"model": weights, "cfg": {"x": [1, 2.5, "y"]}, "optimizer": {0: torch.ones(5)}}, path)
    else:
        safetensors.torch.save_file(weights, path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedFile):
            open_tensors(path)
    dice = random.Random(1)  # repeatable damage
    outcomes = set()
    for _ in range(600):
        damaged = bytearray(whole)
        for _ in range(dice.choice((1, 2, 8))):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        path.write_bytes(damaged)
        try:
            outcomes.add(type(sum(float(t.double().sum()) for t in open_tensors(path).tensors.values())).__name__)
        except PlaygroundError as error:
            assert "\n" not in str(error) and len(str(error)) < 600
            outcomes.add(type(error).__name__)
    assert {"float", "DamagedFile"} <= outcomes
