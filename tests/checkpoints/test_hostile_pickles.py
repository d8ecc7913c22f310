"""Hostile ``.pt`` files: nothing that one carries is ever run, and none claims more than it holds."""

import io
import os
import pickle
import struct
import zipfile
from pathlib import Path

import pytest
import torch

from playground.checkpoints.files import open_tensors
from playground.errors import DamagedFile, UnsafeFile


class Runs:
    """Pickles as a call of ``function``."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def zipped(path: Path, pickled: bytes, storages: dict[str, bytes] | None = None, **options) -> Path:
    """A ``.pt`` archive as torch.save lays it out, around any pickle."""
    with zipfile.ZipFile(path, "w", **options) as archive:
        archive.writestr("m/data.pkl", pickled)
        archive.writestr("m/byteorder", b"little")
        for key, content in (storages or {}).items():
            archive.writestr(f"m/data/{key}", content)
        archive.writestr("m/version", b"3\n")
    return path


def saved(path: Path, value: object) -> Path:
    torch.save(value, path)
    return path


def text(word: str) -> bytes:
    return b"X" + struct.pack("<I", len(word)) + word.encode()


def number(value: int) -> bytes:
    return pickle.dumps(value, 2)[2:-1]


def tensor(
    shape: tuple, stride: tuple, offset: int = 0, key: str = "0", numel: int = 4, kind: str = "FloatStorage"
) -> bytes:
    """Opcodes that rebuild one tensor, with any numbers in them."""
    counts = [b"(" + b"".join(map(number, numbers)) + b"t" for numbers in (shape, stride)]
    storage = b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu") + number(numel) + b"tQ"
    empty = b"ccollections\nOrderedDict\n)R"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + number(offset)
        + counts[0]
        + counts[1]
        + b"\x89"
        + empty
        + b"tR"
    )


def state(*values: bytes) -> bytes:
    """A pickled dict w0, w1, ... of these opcodes."""
    return b"\x80\x02}(" + b"".join(text(f"w{i}") + value for i, value in enumerate(values)) + b"u."


STORAGE = {"0": b"\0" * 16}


def test_the_hand_made_pickle_is_otherwise_good(tmp_path):
    path = zipped(tmp_path / "m.pt", state(tensor((2, 2), (2, 1)), tensor((4,), (1,))), STORAGE)
    assert [tuple(t.shape) for t in open_tensors(path).tensors.values()] == [(2, 2), (4,)]


@pytest.fixture
def canary(tmp_path):
    ran = tmp_path / "ran"
    yield f"touch {ran}"
    assert not ran.exists(), "a checkpoint's code was executed"


def hostile(canary: str) -> dict[str, object]:
    good = {"w": torch.zeros(2)}
    return {
        "at the top": Runs(os.system, canary),
        "as a weight": good | {"x": Runs(os.system, canary)},
        "in the config": {"cfg": {"a": [Runs(exec, f"import os; os.system({canary!r})")]}, "model": good},
        "in the optimizer": {"model": good, "optimizer": {"state": {0: {"exp_avg": Runs(os.system, canary)}}}},
        "in a list of tuples": {"model": good, "rng": [(1, (Runs(os.popen, canary),))]},
        "by import": {"model": good, "x": Runs(__import__, "antigravity")},
        "by eval": {"model": good, "x": Runs(eval, "1")},
    }


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("place", list(hostile("")))
def test_pickles_that_would_run_code_are_refused_and_do_not_run(tmp_path, canary, place, protocol):
    value = hostile(canary)[place]
    buffer = io.BytesIO()
    torch.save(value, buffer, pickle_protocol=max(protocol, 2))
    (tmp_path / "zip.pt").write_bytes(buffer.getvalue())
    bare = value if not isinstance(value, dict) else {k: v for k, v in value.items() if k not in ("model", "w")}
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(bare, protocol))
    names = r"'(posix|builtins|os|nt)\.(system|exec|popen|eval|__import__)'"
    for name in ("zip.pt", "bare.pt"):
        with pytest.raises(UnsafeFile, match=names) as caught:
            open_tensors(tmp_path / name)
        assert "nothing of it was run" in str(caught.value)


def test_the_canary_would_sing(tmp_path):
    pickle.loads(pickle.dumps(Runs(os.system, f"touch {tmp_path / 'ran'}")))  # proves the tests above can fail
    assert (tmp_path / "ran").exists()


def test_the_format_before_torch_1_6_is_refused(tmp_path, canary):
    torch.save({"w": torch.zeros(2)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(DamagedFile, match=r"bare pickle.*save it again"):
        open_tensors(tmp_path / "old.pt")
    torch.save({"w": Runs(os.system, canary)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(UnsafeFile, match="system"):
        open_tensors(tmp_path / "old.pt")


CONFIG = b"cconfig\nConfig\n"
WEIGHT = text("model") + b"}" + text("w") + tensor((4,), (1,)) + b"s"


def config(opcodes: bytes) -> bytes:
    return b"\x80\x02}(" + WEIGHT + text("cfg") + opcodes + b"u."


def test_the_config_stand_in_keeps_attributes_and_nothing_else(tmp_path, canary):
    attributes = (
        b"}(" + text("dim") + number(64) + text("__class__") + text("x") + text("__setstate__") + text("y") + b"u"
    )
    made = [CONFIG + b")\x81", CONFIG + b")R", CONFIG + b"(" + text("a") + number(1) + b"tR", CONFIG + b"(]tR"]
    for opcodes in made:
        path = zipped(tmp_path / "m.pt", config(opcodes + attributes + b"b"), STORAGE)
        assert open_tensors(path).content == {"cfg": {"dim": 64}}
    slots = zipped(tmp_path / "m.pt", config(CONFIG + b")\x81" + b"N" + attributes + b"\x86b"), STORAGE)
    assert open_tensors(slots).content == {"cfg": {"dim": 64}}

    system = b"cposix\nsystem\n(" + text(canary) + b"tR"
    for opcodes in (CONFIG + b"(" + system + b"tR", CONFIG + b")\x81}" + text("a") + system + b"sb"):
        with pytest.raises(UnsafeFile, match="system"):
            open_tensors(zipped(tmp_path / "m.pt", config(opcodes), STORAGE))


@pytest.mark.parametrize(
    "opcodes",
    [
        CONFIG + b"}" + text("a") + number(1) + b"sb",  # BUILD on the class itself
        CONFIG + b")\x81" + b"(" + number(1) + number(2) + b"tb",  # a state that is no dict
        CONFIG + b")\x81" + b"}" + number(1) + number(2) + b"sb",  # attributes without names
        CONFIG + b")\x81" + b")R",  # calling the instance
        CONFIG + b")\x81" + text("k") + number(1) + b"s",  # using it as a dict
        b"ccollections\nOrderedDict\n)R}" + text("items") + b"ccollections\nOrderedDict\nsb",  # shadowed method
        b"}}" + text("update") + number(1) + b"sb",  # state for a plain dict
        b"ctorch\nFloatStorage\n(" + number(10**12) + b"tR",  # an allocation by a claimed size
        b"c_codecs\nencode\n(" + text("x") + text("idna") + b"tR",
        b"ctorch\ndevice\n(" + CONFIG + b"tR",
    ],
)
def test_tricks_with_allowed_names_fail(tmp_path, opcodes):
    with pytest.raises(DamagedFile):
        open_tensors(zipped(tmp_path / "m.pt", config(opcodes), STORAGE))


@pytest.mark.parametrize(
    "name",
    [
        "builtins bytearray",
        "torch FloatTensor",
        "torch Tensor",
        "torch.storage UntypedStorage",
        "torch._utils _rebuild_sparse_tensor",
        "torch._utils _rebuild_meta_tensor_no_storage",
        "torch._tensor _rebuild_from_type_v2",
        "config Config2",
        "config.x Config",
        "numpy dtype",
        "collections Counter",
        "os system",
        "config Config.__init__",
    ],
)
def test_everything_off_the_list_is_refused_by_name(tmp_path, name):
    module, attribute = name.split()
    opcodes = f"c{module}\n{attribute}\n(".encode() + number(10**12) + b"tR"
    with pytest.raises(UnsafeFile, match=f"{module}.{attribute}".replace(".", r"\.")):
        open_tensors(zipped(tmp_path / "m.pt", config(opcodes), STORAGE))


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.eye(3).to_sparse(),
        lambda: torch.eye(3).to_sparse_csr(),
        lambda: torch.zeros(3, dtype=torch.complex64),
        lambda: torch.zeros(3, device="meta"),
        lambda: torch.zeros(3, dtype=torch.uint16),
        lambda: torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8),
        lambda: torch.zeros(3).to(torch.float8_e4m3fn),
    ],
    ids=["coo", "csr", "complex", "meta", "uint16", "quantized", "float8"],
)
@pytest.mark.filterwarnings("ignore")
def test_unusual_tensors_are_refused(tmp_path, make):
    with pytest.raises(UnsafeFile):
        open_tensors(saved(tmp_path / "m.pt", {"w": make(), "v": torch.zeros(1)}))


VIEWS = {
    "expanded": (tensor((10**12,), (0,)), r"1,000,000,000,000 elements.*4 elements"),
    "too long": (tensor((5,), (1,)), "5 elements"),
    "beyond the end": (tensor((2,), (1,), offset=3), "over a storage of 4"),
    "wide stride": (tensor((2, 2), (10**9, 1)), "over a storage of 4"),
    "negative stride": (tensor((2,), (-1,)), "impossible shape"),
    "negative offset": (tensor((2,), (1,), offset=-1), "impossible shape"),
    "negative shape": (tensor((-2,), (1,)), "impossible shape"),
    "astronomic": (tensor((2**60, 2**60), (1, 1)), "impossible shape"),
    "rank": (tensor((1,) * 40, (1,) * 40), "impossible shape"),
    "mixed ranks": (tensor((1, 1), (1,)), "impossible shape"),
    "claims more": (tensor((4,), (1,), numel=400), "1,600 bytes for storage '0', which holds 16"),
    "claims less": (tensor((2,), (1,), numel=2), "8 bytes for storage '0', which holds 16"),
    "negative count": (tensor((0,), (1,), numel=-4), "-16 bytes"),
    "no such storage": (tensor((4,), (1,), key="../data.pkl"), "lacks the storage"),
    "retyped": (
        tensor((4,), (1,)) + text("x") + tensor((2,), (1,), numel=2, kind="DoubleStorage"),
        "two different types",
    ),
}


@pytest.mark.parametrize("kind", VIEWS)
def test_views_and_storages_that_lie(tmp_path, kind):
    opcodes, message = VIEWS[kind]
    with pytest.raises(DamagedFile, match=message):
        open_tensors(zipped(tmp_path / "m.pt", state(opcodes), STORAGE))


PICKLES = {
    "not a dict": (b"\x80\x02]" + tensor((4,), (1,)) + b"a.", "holds a list"),
    "no tensors": (b"\x80\x02}" + text("step") + number(3) + b"s.", "no tensors.*'step'"),
    "number as a name": (b"\x80\x02}" + number(3) + tensor((4,), (1,)) + b"s.", "names a tensor '3'"),
    "stranger among weights": (
        b"\x80\x02}" + text("model") + b"}(" + text("w") + tensor((4,), (1,)) + text("x") + b"}us.",
        "'x'",
    ),
    "deep key": (b"\x80\x02}" + b")" + b"\x85" * 50_000 + number(1) + b"s.", "tuple as a dictionary key"),
    "deep list": (config(b"]" * 5000 + b"a" * 4999), "deeper than 32"),
    "cycle": (config(b"]q\x00h\x00a"), "deeper than 32"),
    "laughs": (
        config(b"]" + b"".join(b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(30))),
        "more than 200,000",
    ),
    "odd SETITEMS": (b"\x80\x02}(" + text("a") + b"u.", "damaged pickle"),
    "empty stack": (b"\x80\x02.", "damaged pickle"),
    "memo": (b"\x80\x02h\x05.", "damaged pickle"),
    "no end": (b"\x80\x02}", ""),
    "nothing": (b"", ""),
    "protocol 4": (pickle.dumps({"step": 1}, 4), "protocol 4"),
    "pop": (b"\x80\x02}00.", "operation POP"),
    "persistent name": (b"\x80\x02Pfile\n.", "operation PERSID"),
}


@pytest.mark.parametrize("kind", PICKLES)
def test_pickles_that_torch_save_would_not_write(tmp_path, kind):
    pickled, message = PICKLES[kind]
    with pytest.raises(DamagedFile, match=message or None):
        open_tensors(zipped(tmp_path / "m.pt", pickled, STORAGE))


def test_pickles_of_too_many_operations(tmp_path, monkeypatch):
    monkeypatch.setattr("playground.checkpoints.pickles.OPERATIONS", 1000)
    with pytest.raises(DamagedFile, match="more than 1,000 operations"):
        open_tensors(zipped(tmp_path / "m.pt", b"\x80\x02" + b"N" * 1001 + b"}.", STORAGE))


def test_zip_bombs_are_refused(tmp_path):
    path = zipped(tmp_path / "m.pt", b"\x80\x02}." + b"\0" * 20_000_000, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    with pytest.raises(DamagedFile, match=r"compressed.*20,000,004 bytes packed into"):
        open_tensors(path)
    path = zipped(tmp_path / "m.pt", state(tensor((4,), (1,))) + b"\0" * 17 * 2**20, STORAGE)
    with pytest.raises(DamagedFile, match="bytes of pickle"):
        open_tensors(path)


def test_foreign_archives_are_named(tmp_path):
    path = tmp_path / "m.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(DamagedFile, match=r"without a data\.pkl"):
        open_tensors(path)
    for name, content, message in (("constants.pkl", b"", "TorchScript"), ("byteorder", b"big", "big-endian")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("m/data.pkl", state(tensor((4,), (1,))))
            archive.writestr(f"m/{name}", content)
        with pytest.raises(DamagedFile, match=message):
            open_tensors(path)


def test_doubled_and_overlapping_entries_are_refused(tmp_path):
    path = zipped(tmp_path / "m.pt", state(tensor((4,), (1,))), STORAGE)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("m/data.pkl", b"\x80\x02}.")
    with pytest.raises(DamagedFile, match="two zip entries"):
        open_tensors(path)

    path = zipped(tmp_path / "m.pt", state(tensor((4,), (1,))), STORAGE | {"1": b"\0" * 16})
    content = bytearray(path.read_bytes())
    first, second = (content.rindex(name) - 46 for name in (b"m/data/0", b"m/data/1"))
    for message, place, value in (
        ("differently", 42, content[first + 42 : first + 46]),  # two names for the same bytes
        ("overlaps", 20, struct.pack("<LL", 10**9, 10**9)),  # sizes beyond the file
        ("overlaps", 20, struct.pack("<LL", 80, 80)),  # sizes into the next entry
    ):
        changed = bytearray(content)
        changed[second + place : second + place + len(value)] = value
        path.write_bytes(changed)
        with pytest.raises(DamagedFile, match=message):
            open_tensors(path)
    for changed in (content + b"tail", b"head" + content, content[:-2] + b"\x05\x00" + b"notes"):
        path.write_bytes(changed)
        with pytest.raises(DamagedFile):
            open_tensors(path)
