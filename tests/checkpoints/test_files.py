"""Opening good checkpoint files: what comes out, that it is mapped and not copied, and what belongs to it."""

import json
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from pathlib import Path

import pytest
import safetensors.torch
import torch

from playground.checkpoints.files import memory_bytes, open_tensors, read_json
from playground.errors import DamagedFile, MissingFile

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"


@pytest.fixture
def tensors():
    torch.manual_seed(0)
    return {
        "a.weight": torch.randn(3, 5),
        "a.half": torch.randn(4).bfloat16(),
        "b": torch.arange(6).reshape(2, 3),
        "empty": torch.zeros(0, 7),
        "scalar": torch.tensor(2.5),
        "mask": torch.tensor([True, False]),
    }


def same(found: dict, expected: dict) -> bool:
    return list(found) == list(expected) and all(
        found[name].dtype == tensor.dtype and torch.equal(found[name], tensor) for name, tensor in expected.items()
    )


def test_safetensors_give_names_shapes_and_values(tmp_path, tensors):
    safetensors.torch.save_file(tensors, tmp_path / "m.safetensors", metadata={"format": "pt"})
    file = open_tensors(tmp_path / "m.safetensors")
    assert same(dict(sorted(file.tensors.items())), dict(sorted(tensors.items())))
    assert file.shapes == {name: (tuple(t.shape), t.dtype) for name, t in file.tensors.items()}
    assert (file.format, file.files) == ("safetensors", (tmp_path / "m.safetensors",))
    assert file.content == {"__metadata__": {"format": "pt"}}
    assert file.total_bytes == sum(tensor.nbytes for tensor in tensors.values())


def test_unaligned_safetensors_are_read_too(tmp_path):
    values = torch.randn(11)
    header = json.dumps({"w": {"dtype": "F32", "shape": [11], "data_offsets": [0, 44]}}).encode()
    header += b" " * ((-len(header)) % 4 + 1)  # the data starts at an odd byte
    path = tmp_path / "odd.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + values.numpy().tobytes())
    found = open_tensors(path).tensors["w"]
    assert torch.equal(found, values) and found.data_ptr() % 4 == 0


@pytest.mark.parametrize(
    ("wrap", "content"),
    [
        (lambda t: t, {}),
        (
            lambda t: {"config": {"n": 1, "t": ("a", 2.5, None)}, "state_dict": t},
            {"config": {"n": 1, "t": ("a", 2.5, None)}},
        ),
        (lambda t: {"cfg": {"dim": 64}, "model": OrderedDict(t)}, {"cfg": {"dim": 64}}),
        (lambda t: {**t, "step": 3, "note": "flat"}, {"step": 3, "note": "flat"}),
    ],
    ids=["flat", "export", "model", "flat with extras"],
)
def test_pytorch_files_of_every_layout(tmp_path, tensors, wrap, content):
    torch.save(wrap(tensors), tmp_path / "m.pt")
    file = open_tensors(tmp_path / "m.pt")
    assert same(file.tensors, tensors)
    assert (file.content, file.format) == (content, "pytorch")


def test_a_training_checkpoint_gives_its_model_and_plain_facts_only(tmp_path):
    network = torch.nn.Linear(4, 4)
    moments = {"step": torch.tensor(10.0), "exp_avg": torch.ones(4, 4), "exp_avg_sq": torch.ones(4, 4)}
    checkpoint = {
        "step": 10,
        "model": network.state_dict(),
        "optimizer": {"state": {0: moments, 1: {}}, "param_groups": [{"lr": 1e-3, "params": [0, 1]}]},
        "scaler": {},
        "config": {
            "betas": (0.9, 0.95),
            "paths": ["a", "b"],
            "dtype": torch.bfloat16,
            "device": torch.device("cuda:1"),
        },
        "rng_cpu": torch.get_rng_state(),
        "raw": b"\x00\xff",
        "tags": {"x"},
        "size": torch.Size([2, 3]),
        "rng_cuda": None,
    }
    torch.save(checkpoint, tmp_path / "latest.pt")
    file = open_tensors(tmp_path / "latest.pt")
    assert same(file.tensors, dict(network.state_dict()))
    assert file.content == {
        "step": 10,
        "scaler": {},
        "config": {"betas": (0.9, 0.95), "paths": ["a", "b"], "dtype": "torch.bfloat16", "device": "cuda:1"},
        "raw": b"\x00\xff",
        "tags": ["x"],
        "size": (2, 3),
        "rng_cuda": None,
    }


def test_parameters_views_and_tied_tensors_come_out_plain_and_tied(tmp_path):
    table = torch.nn.Parameter(torch.randn(6, 4))
    saved = {
        "embed": table,
        "head": table,
        "turned": torch.arange(12.0).reshape(3, 4).T,
        "part": torch.arange(9.0)[2:5],
    }
    torch.save(saved, tmp_path / "modèle.pt")
    file = open_tensors(tmp_path / "modèle.pt")
    assert same(file.tensors, {name: tensor.detach() for name, tensor in saved.items()})
    assert all(type(tensor) is torch.Tensor and not tensor.requires_grad for tensor in file.tensors.values())
    assert file.tensors["embed"].data_ptr() == file.tensors["head"].data_ptr()
    assert file.total_bytes == 4 * (24 + 12 + 3)


def test_golden_layouts_open(tmp_path):
    training = open_tensors(GOLDEN / "pixel_100m" / "bundle" / "latest.pt")
    assert training.content["step"] == 10 and training.content["metadata"]["model"]["vocab_size"] == 420
    assert "optimizer" not in training.content and len(training.tensors) == 30
    pickled = open_tensors(GOLDEN / "shard" / "cfg-dataclass" / "bundle" / "models" / "model.pt")
    plain = open_tensors(GOLDEN / "shard" / "cfg-dict" / "bundle" / "models" / "model.pt")
    assert type(pickled.content["cfg"]) is dict and pickled.content["cfg"].keys() == plain.content["cfg"].keys()
    assert plain.content["cfg"]["sliding_window"] == 24


def test_many_threads_may_open_pickled_configs_at_once():
    path = GOLDEN / "shard" / "cfg-dataclass" / "bundle" / "models" / "model.pt"
    failures = []

    def load():
        try:
            for _ in range(10):
                open_tensors(path)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    left = [item for item in torch.serialization.get_safe_globals() if isinstance(item, tuple)]
    assert left == []


MEASURE = """
import sys
from playground.checkpoints.files import open_tensors
def anonymous():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024
for small, large in (sys.argv[1:3], sys.argv[3:5]):
    sum(float(tensor.sum()) for tensor in open_tensors(small).tensors.values())  # what libraries set up once
    before = anonymous()
    file = open_tensors(large)
    opened = anonymous()
    total = sum(float(tensor.sum()) for tensor in file.tensors.values())
    print(opened - before, anonymous() - before, file.total_bytes / 2**20)
"""


def test_tensors_are_mapped_not_copied(tmp_path):
    paths = []
    for name, count in (("small.safetensors", 1), ("large.safetensors", 8), ("small.pt", 1), ("large.pt", 8)):
        weights = {f"layer.{i}": torch.zeros(2**21) for i in range(count)}  # 8 MiB each
        paths.append(str(tmp_path / name))
        if name.endswith("pt"):
            torch.save({"model": weights, "optimizer": {0: torch.zeros(2**21 * count)}}, paths[-1])
        else:
            safetensors.torch.save_file(weights, paths[-1])
        assert not any(t.untyped_storage().resizable() for t in open_tensors(paths[-1]).tensors.values())  # mapped
    if sys.platform != "linux":  # the rest needs RssAnon
        return
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", MEASURE, *paths]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    for line in printed.splitlines():
        opened, used, total = map(float, line.split())
        assert total == 64
        assert opened < 4 and used < 4, "64 MiB of weights must not become anonymous memory"


@pytest.mark.parametrize("kind", ["safetensors", "pytorch"])
def test_shards_are_joined_by_their_index(tmp_path, tensors, kind):
    suffix, stem = ("safetensors", "model") if kind == "safetensors" else ("bin", "pytorch_model")
    names = list(tensors)
    weight_map = {}
    for number, part in enumerate((names[:2], names[2:]), 1):
        shard = f"{stem}-{number:05}-of-00002.{suffix}"
        weight_map |= dict.fromkeys(part, shard)
        content = {name: tensors[name] for name in part}
        safetensors.torch.save_file(content, tmp_path / shard) if suffix != "bin" else torch.save(
            content, tmp_path / shard
        )
    index = tmp_path / f"{stem}.{suffix}.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": weight_map}))
    file = open_tensors(index)
    assert same(dict(sorted(file.tensors.items())), dict(sorted(tensors.items())))
    assert file.format == kind and [path.name for path in file.files] == [index.name, *sorted(set(weight_map.values()))]

    index.write_text(json.dumps({"weight_map": weight_map | {"ghost": file.files[1].name}}))
    with pytest.raises(DamagedFile, match="'ghost'"):
        open_tensors(index)
    index.write_text(json.dumps({"weight_map": {k: v for k, v in weight_map.items() if k != "b"}}))
    with pytest.raises(DamagedFile, match="'b'"):
        open_tensors(index)
    file.files[1].unlink()
    with pytest.raises(MissingFile, match="00001-of-00002"):
        open_tensors(index)


def test_the_fingerprint_follows_name_size_and_edges(tmp_path, tensors):
    path, other = tmp_path / "m.safetensors", tmp_path / "other"
    other.mkdir()
    safetensors.torch.save_file(tensors, path)
    safetensors.torch.save_file(tensors, other / "m.safetensors")
    first = open_tensors(path).fingerprint
    assert first == open_tensors(other / "m.safetensors").fingerprint and len(first) == 64
    safetensors.torch.save_file(tensors | {"scalar": torch.tensor(2.75)}, path)
    assert open_tensors(path).fingerprint != first
    renamed = (other / "m.safetensors").rename(other / "n.safetensors")
    assert open_tensors(renamed).fingerprint != first


def test_memory_in_a_dtype_counts_floats_in_it_and_integers_as_they_are():
    shapes = {"w": ((10, 3), torch.float32), "i": ((4,), torch.int64), "s": ((), torch.bfloat16)}
    assert memory_bytes(shapes, torch.float32) == 30 * 4 + 4 * 8 + 4
    assert memory_bytes(shapes, torch.bfloat16) == 30 * 2 + 4 * 8 + 2


def test_json_objects_are_read_strictly(tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(b"\xef\xbb\xbf" + '{"name": "é", "eps": 1e-5}'.encode())
    assert read_json(path) == {"name": "é", "eps": 1e-5}
    bad = {
        "[1, 2]": "holds a list",
        '{"a": 1': "not valid JSON",
        '{"a": NaN}': "not a finite number",
        '{"a": 1e999}': "not a finite number",
        '{"a": %s}' % ("9" * 5000): "not valid JSON",
        '{"a":' * 100_000: "nested too deeply",
        "<html></html>": "web page",
        "": "empty",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n": "LFS pointer",
    }
    for text, message in bad.items():
        path.write_text(text)
        with pytest.raises(DamagedFile, match=message):
            read_json(path)
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(DamagedFile, match="not valid JSON"):
        read_json(path)
    path.write_text('{"a": 1}')
    with pytest.raises(DamagedFile, match="at most 4"):
        read_json(path, limit_bytes=4)
    with pytest.raises(MissingFile):
        read_json(tmp_path / "absent.json")
