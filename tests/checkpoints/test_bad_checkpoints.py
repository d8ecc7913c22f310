"""Whatever is wrong with what somebody asks to load, ``pg.load`` says so in one line, and nothing of it is run."""

import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from checkpoint_files import a_matrix, change_weights, copy
from goldens import GOLDEN
from refusals import refused

import playground as pg
from playground.errors import (
    DamagedFile,
    InvalidRequest,
    MissingFile,
    Offline,
    TensorMismatch,
    TokenizerError,
    UnknownFamily,
    UnsafeFile,
)

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1040000000\n"
IMPOSTORS = {
    "a web page": b"<!DOCTYPE html><html><body>Log in</body></html>",
    "a Git LFS pointer": POINTER,
    "a server's answer": b'{"error": "Repository not found"}',
    "text": b"hello\n" * 50,
    "nothing": b"",
    "noise": bytes(range(256)) * 40,
    "zeros": bytes(10_000),
}


# What is not there.


@pytest.mark.parametrize(
    "ref",
    [
        "no-such-thing", "checkpoints/no-such-thing.pt", "/no/such/folder", "model.safetensors", "a\0b", "x" * 5000,
        "~nosuchuser/model", "owner/name/more", "http://example.org/model.pt", "..//", "demo-shardd",
    ],
)  # fmt: skip
def test_names_of_nothing(ref, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = refused(ref, pg.PlaygroundError)
    assert ref[:8].strip("/.")[:4].replace("\0", "") in message.replace("\\x00", "")


def test_folders_without_weights(tmp_path, originals):
    assert "holds no weights" in refused(tmp_path, MissingFile)
    folder, weights = copy(originals, tmp_path, "gelu-d12")
    weights.unlink()
    message = refused(folder, MissingFile)
    assert "config.json" in message  # what was found
    assert "model.safetensors" in message  # what was looked for


def test_things_that_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.pt")  # opening one would wait for ever
    for thing in (tmp_path / "pipe.pt", Path("/dev/null")):
        assert str(thing) in refused(thing, MissingFile)
    (tmp_path / "folder.pt").mkdir()
    refused(tmp_path / "folder.pt", MissingFile)
    (tmp_path / "dangling.pt").symlink_to(tmp_path / "gone")
    refused(tmp_path / "dangling.pt", MissingFile)


def test_a_shard_that_is_missing(originals, tmp_path):
    folder, weights = copy(originals, tmp_path, "gelu-d12")
    weights.rename(folder / "model-00001-of-00002.safetensors")
    index = {"weight_map": {"model.wte.weight": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "model-00002-of-00002.safetensors" in refused(folder, MissingFile)


# What is not what its name says.


@pytest.mark.parametrize("share", [0.0001, 0.3, 0.9, 0.999])
def test_truncated_weights(checkpoint, share):
    folder, weights = checkpoint
    content = weights.read_bytes()
    weights.write_bytes(content[: max(1, int(share * len(content)))])
    message = refused(folder, DamagedFile)
    assert weights.name in message
    assert refused(weights, DamagedFile) == message


@pytest.mark.parametrize("impostor", IMPOSTORS)
def test_something_else_instead_of_weights(checkpoint, impostor):
    folder, weights = checkpoint
    weights.write_bytes(IMPOSTORS[impostor])
    message = refused(folder, DamagedFile)
    assert weights.name in message
    if impostor == "a Git LFS pointer":
        assert "1,040,000,000" in message
        assert "git lfs pull" in message
    if impostor == "a web page":
        assert "HTML" in message


@pytest.mark.parametrize("impostor", IMPOSTORS)
@pytest.mark.parametrize("model", ["gelu-d12", "backpack-gpt2", "pixel-base"])
def test_something_else_instead_of_the_config(originals, tmp_path, model, impostor):
    folder, _ = copy(originals, tmp_path, model)
    (folder / "config.json").write_bytes(IMPOSTORS[impostor])
    refused(folder)


@pytest.mark.parametrize("impostor", IMPOSTORS)
@pytest.mark.parametrize("model", ["pixel_100m", "shard"])
def test_something_else_instead_of_the_tokenizer(originals, tmp_path, model, impostor):
    folder, _ = copy(originals, tmp_path, model)
    file = folder / {"pixel_100m": "pixel_tokenizer.model", "shard": "models/tokenizer.json"}[model]
    file.write_bytes(IMPOSTORS[impostor])
    assert file.name in refused(folder, TokenizerError)


def test_a_safetensors_header_of_absurd_sizes(originals, tmp_path):
    folder, weights = copy(originals, tmp_path, "gelu-d12")
    content = weights.read_bytes()
    for length in (2**63, 2**40, len(content), 0):
        weights.write_bytes(struct.pack("<Q", length) + content[8:])
        refused(folder, DamagedFile)
    for shape, span in (([2**40, 2**40], [0, 16]), ([4], [0, 2**50]), ([-4], [0, 16]), ([2**62, 4], [0, 16])):
        header = json.dumps({"wte.weight": {"dtype": "F32", "shape": shape, "data_offsets": span}}).encode()
        weights.write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
        refused(folder, DamagedFile)


def test_a_zip_bomb(originals, tmp_path):
    """60 MB of zeros packed into 60 kB."""
    folder, weights = copy(originals, tmp_path, "pixel-base")
    with zipfile.ZipFile(weights) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(weights, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, bytes(60_000_000) if name.endswith("data/0") else content)
    assert weights.stat().st_size < 1_000_000
    assert "compressed" in refused(folder, DamagedFile)


class Evil:
    """A pickle of it asks its reader to create a file."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("place", ["cfg", "step", "inside the model", "the whole", "a bare pickle"])
def test_a_pickle_that_would_run_code_does_not(originals, tmp_path, place):
    folder, weights = copy(originals, tmp_path, "shard")
    evil, proof = Evil(tmp_path / "it-ran"), tmp_path / "it-ran"
    content = torch.load(weights, weights_only=True)
    weights.unlink()
    if place == "the whole":
        content = evil
    elif place == "inside the model":
        content["model"]["tok_emb.weight"] = evil
    else:
        content[place] = evil
    if place == "a bare pickle":
        weights.write_bytes(pickle.dumps(evil))
    else:
        torch.save(content, weights)
    message = refused(folder, UnsafeFile)
    assert "system" in message
    assert "nothing of it was run" in message
    assert not proof.exists()
    pickle.loads(pickle.dumps(evil))  # the proof would have shown
    assert proof.exists()


# Tensors that do not make the network.


def test_missing_unknown_and_misshapen_tensors_are_all_named(checkpoint):
    folder, weights = checkpoint

    def spoil(tensors):
        name = a_matrix(tensors)
        tensors[name] = torch.zeros(3, 5, dtype=tensors[name].dtype)
        lost = next(
            n for n in tensors if "norm1" in n or "ln_2" in n or "layernorm_after" in n or "x0" in n or "c_fc" in n
        )
        del tensors[lost]
        tensors["surprise.weight"] = torch.zeros(2)

    change_weights(weights, spoil)
    message = refused(folder, TensorMismatch)
    for text in ("unknown: surprise.weight", "missing: ", "misshapen: ", "(3, 5) instead of ("):
        assert text in message


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_broken_numbers(checkpoint, value):
    folder, weights = checkpoint
    change_weights(weights, lambda tensors: tensors[a_matrix(tensors)].view(-1)[7:8].fill_(value))
    assert "holds NaN or infinite weights" in refused(folder, TensorMismatch)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.bool])
def test_weights_of_no_float_type(checkpoint, dtype):
    folder, weights = checkpoint
    change_weights(weights, lambda tensors: tensors | {a_matrix(tensors): tensors[a_matrix(tensors)].to(dtype)})
    assert "of no float type" in refused(folder, TensorMismatch)


def test_numbers_that_the_chosen_type_cannot_hold(originals, tmp_path):
    folder, weights = copy(originals, tmp_path, "gelu-d12")
    change_weights(weights, lambda tensors: tensors[a_matrix(tensors)].view(-1)[:1].fill_(70000.0))
    assert "7e+04, but float16 ends at 6.55e+04" in refused(folder, TensorMismatch, dtype="float16")
    pg.load(folder)
    pg.load(folder, dtype="bfloat16")
    wide = {"dtype": torch.float64}
    change_weights(
        weights, lambda tensors: tensors | {a_matrix(tensors): (tensors[a_matrix(tensors)].to(**wide) * 1e300)}
    )
    assert "float32 ends at" in refused(folder, TensorMismatch)


def test_a_family_that_nobody_knows(tmp_path):
    torch.save({"layer.weight": torch.zeros(2, 2)}, tmp_path / "model.pt")
    message = refused(tmp_path, UnknownFamily)
    for family in ("backpack", "gelu-gpt", "pixel-lm", "pixel-mae", "shard", "transformers"):
        assert f"{family} (" in message
    for sign in ("sense_weight_net", "resid_lambdas", "pixel_model_config.json", "vit.embeddings", "cfg", "model_type"):
        assert sign in message


def test_a_file_without_tensors(tmp_path):
    torch.save({"cfg": {"dim": 3}}, tmp_path / "model.pt")
    assert "holds no tensors" in refused(tmp_path, DamagedFile)


# Choices that are none.


@pytest.mark.parametrize("dtype", ["float64", "int8", "fp32", torch.int32, 32, ""])
def test_unknown_dtypes(originals, dtype):
    assert "float32, bfloat16, float16" in refused(originals / "gelu-d12", InvalidRequest, dtype=dtype)


def test_choices_that_a_family_does_not_have(originals):
    assert "rope_base" in refused(originals / "gelu-d12", InvalidRequest, rope_base=10000.0)


@pytest.mark.parametrize("tokenizer", ["nowhere.json", "no/such/folder", "a\0b", "~nosuchuser/x", "/dev/null"])
def test_tokenizers_that_are_nowhere(originals, tokenizer):
    refused(originals / "gelu-d12", tokenizer=tokenizer)


def test_a_folder_without_a_tokenizer_given_as_one(originals, tmp_path):
    assert "tokenizer.json" in refused(originals / "gelu-d12", MissingFile, tokenizer=tmp_path)


def test_a_tokenizer_of_another_model(originals):
    other = GOLDEN / "pixel_100m/bundle/pixel_tokenizer.model"
    for model, rows in (("gelu-d12", 300), ("backpack-gpt2", 120), ("shard", 320)):
        message = refused(originals / model, TokenizerError, tokenizer=other)
        assert "420 ids" in message
        assert f"{rows} rows" in message


OFFLINE = """
import sys, playground as pg
for options in ({"ref": "sage002/pixel"}, {"ref": sys.argv[1], "tokenizer": "openai-community/gpt2"}):
    try:
        pg.load(**options)
    except pg.PlaygroundError as error:
        print(type(error).__name__, "|", error)
"""


def test_a_hub_id_while_offline(originals, tmp_path):
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    command = [sys.executable, "-c", OFFLINE, str(originals / "backpack-gpt2")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert [line.split(" | ")[0] for line in lines] == [Offline.__name__] * 2
    assert "sage002/pixel" in lines[0]
    assert "go online" in lines[0]
    assert "openai-community/gpt2" in lines[1]
    assert done.stderr == ""
