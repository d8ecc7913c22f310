"""Safe reading of checkpoint files: tensors mapped from disk, settings as plain data, and nothing ever executed.

Every claim that a file makes (sizes, offsets, shapes, names) is checked against the bytes that are there before a
library opens it. Tensors come back as private, copy-on-write views of the file: opening reads headers only, and pages
enter memory when they are used. A file must not be overwritten in place while its tensors are alive.
"""

import hashlib
import math
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import torch
from torch import Tensor

from playground.checkpoints.archives import PICKLE_BYTES, read_archive
from playground.checkpoints.pickles import (
    CONFIG_CLASS,
    HoldsTensor,
    StoredTensor,
    examine,
    is_text_pickle,
    plain,
    refuse_bare_pickle,
)
from playground.checkpoints.reading import (
    file_size,
    first_line,
    parse_json,
    read_bytes,
    read_json,
    refuse_impostors,
    refuse_text,
)
from playground.errors import DamagedFile, MissingFile, UnsafeFile, name_some

HEADER_BYTES = 16 * 2**20  # a safetensors header takes about 100 bytes per tensor
TENSORS = 100_000
NAME_CHARACTERS = 512
HEAD_BYTES = 2**16
EDGE_BYTES = 2**20
SAFETENSORS_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
PICKLE_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")
STATE_KEYS = ("model", "state_dict")  # where a training checkpoint or an export keeps its weights

__all__ = ["TensorFile", "fingerprint", "memory_bytes", "open_tensors", "read_json"]

Shapes = Mapping[str, tuple[tuple[int, ...], torch.dtype]]

# torch keeps its allow-list of pickle globals per process; two loads at once would remove each other's entry.
_torch_allow_list = threading.Lock()


@dataclass(frozen=True, eq=False)
class TensorFile:
    """An opened checkpoint file, or all files of a sharded one.

    Attributes:
        files: the files it consists of; for a sharded checkpoint the index comes first.
        format: "safetensors" or "pytorch".
        tensors: stored tensors by name, on the CPU, in their stored dtype, mapped. Tied tensors share memory.
        shapes: (shape, dtype) by name.
        content: the plain data beside the tensors: of a ``.pt`` its other top-level entries that hold no tensor
            (config, metadata, step ...; a pickled ``config.Config`` as a dict), of safetensors ``__metadata__``.
        fingerprint: a quick identity: SHA-256 over each file's name, size, and first and last MiB. Two files that
            differ only in between have the same one.
        total_bytes: what the tensors take as stored, in bytes, tied ones counted once.
    """

    files: tuple[Path, ...]
    format: str
    tensors: dict[str, Tensor] = field(repr=False)
    content: dict[str, Any] = field(repr=False)
    fingerprint: str

    @property
    def shapes(self) -> dict[str, tuple[tuple[int, ...], torch.dtype]]:
        return {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in self.tensors.items()}

    @property
    def total_bytes(self) -> int:
        return sum({tensor.data_ptr(): tensor.nbytes for tensor in self.tensors.values()}.values())


def open_tensors(path: Path | str) -> TensorFile:
    """Open a ``.safetensors``, ``.pt``/``.pth``/``.bin`` or ``*.index.json`` file without reading its tensors.

    Raises MissingFile, DamagedFile (not weights, truncated, impossible claims) or UnsafeFile (a pickle outside the
    allow-list, an index that points outside its folder).
    """
    path = Path(path)
    if path.name.endswith(".index.json"):
        return _open_shards(path)
    tensors, content, kind = _open_one(path)
    return TensorFile((path,), kind, tensors, content, fingerprint([path]))


def fingerprint(files: Iterable[Path]) -> str:
    """SHA-256 (hex) over each file's name, size, and first and last MiB: quick, not proof against a forger."""
    digest = hashlib.sha256()
    for path in files:
        size = file_size(path)
        digest.update(f"{path.name}\0{size}\0".encode(errors="surrogateescape"))
        digest.update(read_bytes(path, 0, EDGE_BYTES))
        digest.update(read_bytes(path, max(size - EDGE_BYTES, 0), EDGE_BYTES))
    return digest.hexdigest()


def memory_bytes(shapes: Shapes, dtype: torch.dtype) -> int:
    """Bytes that tensors of these shapes take when floating-point ones are held in ``dtype``."""
    return sum(
        math.prod(shape) * (dtype.itemsize if stored.is_floating_point else stored.itemsize)
        for shape, stored in shapes.values()
    )


def _open_one(path: Path) -> tuple[dict[str, Tensor], dict[str, Any], str]:
    """(tensors, content, format) of one file."""
    size = file_size(path)
    head = read_bytes(path, 0, HEAD_BYTES)
    refuse_impostors(head, size, path.name)
    if not is_text_pickle(head):
        refuse_text(head, size, path.name)
    if path.suffix == ".safetensors":
        if head.startswith((b"PK\x03\x04", b"\x80\x02")):
            raise DamagedFile(f"{path.name!r} is a PyTorch file, not safetensors; rename it to end in .pt")
        return *_open_safetensors(path, size), "safetensors"
    if path.suffix not in PICKLE_SUFFIXES:
        raise DamagedFile(f"{path.name!r} is not a weights file; expected .safetensors or {' '.join(PICKLE_SUFFIXES)}")
    if not head.startswith(b"PK\x03\x04"):
        refuse_bare_pickle(read_bytes(path, 0, PICKLE_BYTES), path.name)
    return *_open_pytorch(path), "pytorch"


def _open_safetensors(path: Path, size: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
    header, metadata = _safetensors_header(path, size)
    tensors: dict[str, Tensor] = {}
    try:
        # The library maps the file and hands out views; anonymous memory does not grow.
        with safetensors.safe_open(path, "pt", device="cpu") as file:
            for name, (shape, dtype) in header.items():
                tensor = file.get_tensor(name)
                if tuple(tensor.shape) != shape or tensor.dtype != dtype:
                    raise ValueError(f"{name!r} came out as {tuple(tensor.shape)}, {tensor.dtype}")
                # Foreign writers may leave the data unaligned, which vector instructions may not bear.
                tensors[name] = tensor.clone() if tensor.data_ptr() % dtype.itemsize else tensor
    except (safetensors.SafetensorError, OSError, RuntimeError, ValueError, TypeError, OverflowError) as error:
        raise DamagedFile(
            f"{path.name!r} cannot be read as safetensors: {first_line(error)}; download it again"
        ) from None
    return tensors, {"__metadata__": metadata} if metadata else {}


def _safetensors_header(path: Path, size: int) -> tuple[dict[str, tuple[tuple[int, ...], torch.dtype]], dict[str, str]]:
    """(shape and dtype by name, metadata), after checking that the tensors fill the file exactly, without overlap."""
    label = repr(path.name)
    length = int.from_bytes(read_bytes(path, 0, 8), "little")
    if size < 8 or length > min(size - 8, HEADER_BYTES):
        raise DamagedFile(
            f"{label} claims a header of {length:,} bytes, but the file has {size:,} bytes (and a header at most "
            f"{HEADER_BYTES:,}); it is truncated or not safetensors; download it again"
        )
    header = parse_json(read_bytes(path, 8, length), f"the header of {label}", unique_keys=True)
    if not isinstance(header, dict):
        raise DamagedFile(f"the header of {label} is not a JSON object; download it again")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise DamagedFile(f"the header of {label} has a __metadata__ that is not text by name; download it again")
    _check_names(header, label)
    found: dict[str, tuple[tuple[int, ...], torch.dtype]] = {}
    spans = []
    for name, entry in header.items():
        found[name], span = _safetensors_entry(name, entry, label)
        spans.append((*span, name))
    held = size - 8 - length
    claimed = max((end for _, end, _ in spans), default=0)
    if claimed != held:
        raise DamagedFile(
            f"{label} describes {claimed:,} bytes of tensors and holds {held:,}; it is truncated or has been altered; "
            "download it again"
        )
    end = 0
    for begin, stop, name in sorted(spans):
        if begin != end:
            raise DamagedFile(
                f"{label} places {name!r} at byte {begin:,}, but the tensor before it ends at {end:,}; "
                "download it again"
            )
        end = stop
    return found, metadata


def _safetensors_entry(name: str, entry: Any, label: str) -> tuple[tuple[tuple[int, ...], torch.dtype], list[int]]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise DamagedFile(
            f"{label} describes {name!r} without exactly a dtype, a shape and data_offsets; download it again"
        )
    shape, span = entry["shape"], entry["data_offsets"]
    for numbers in (shape, span):
        if not isinstance(numbers, list) or any(type(n) is not int or not 0 <= n < 2**48 for n in numbers):
            raise DamagedFile(
                f"{label} gives {name!r} sizes that are not counts: {str(numbers)[:80]}; download it again"
            )
    dtype = SAFETENSORS_DTYPES.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if dtype is None:
        raise DamagedFile(
            f"{label} stores {name!r} as {str(entry['dtype'])[:20]!r}; known dtypes are {', '.join(SAFETENSORS_DTYPES)}"
        )
    if len(span) != 2 or len(shape) > 16 or span[1] - span[0] != math.prod(shape) * dtype.itemsize:
        raise DamagedFile(
            f"{label} gives {name!r} the shape {str(shape)[:80]} of {dtype.itemsize}-byte numbers, but the bytes "
            f"{str(span)[:80]}; download it again"
        )
    return (tuple(shape), dtype), span


class _InertConfig:
    """What torch makes of a pickled ``config.Config``: whatever the pickle does to it has no effect."""

    __slots__ = ()

    def __new__(cls, *_arguments: Any, **_named: Any) -> "_InertConfig":
        return object.__new__(cls)

    def __init__(self, *_arguments: Any, **_named: Any):
        pass

    def __setstate__(self, _state: Any) -> None:
        pass


def _open_pytorch(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The weights and the plain data of a ``.pt``; optimizer tensors and the like are left on the disk."""
    pickled, storages = read_archive(path)
    structure = examine(pickled, storages, path.name)
    if not isinstance(structure, dict):
        raise DamagedFile(
            f"{path.name!r} holds a {type(structure).__name__}, but a checkpoint is a dict; "
            "give the file that holds the weights"
        )
    state_key = next((key for key in STATE_KEYS if _has_tensors(structure.get(key))), None)
    state = structure if state_key is None else structure[state_key]
    described = {name: value for name, value in state.items() if isinstance(value, StoredTensor)}
    if not described:
        raise DamagedFile(
            f"{path.name!r} holds no tensors at its top, nor under {' or '.join(map(repr, STATE_KEYS))}; it has "
            f"{name_some(map(repr, structure)) or 'nothing'}; give the file that holds the weights"
        )
    if state_key is not None and len(described) != len(state):
        others = [repr(name) for name in state if name not in described]
        raise DamagedFile(
            f"{path.name!r} has entries among its weights that are not tensors: {name_some(others)}; download it again"
        )
    _check_names(described, repr(path.name))
    content = {}
    for name, value in structure.items():
        if name != state_key and name not in (described if state_key is None else ()):
            try:
                content[name] = plain(value, path.name)
            except HoldsTensor:  # optimizer, random state, averaged weights
                continue
    with _torch_allow_list, torch.serialization.safe_globals([(_InertConfig, CONFIG_CLASS)]):
        try:
            loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            # dict's own lookup: an OrderedDict from a pickle could carry attributes that shadow its methods.
            weights = loaded if state_key is None else dict.__getitem__(loaded, state_key)
            tensors = {name: dict.__getitem__(weights, name).detach() for name in described}
        except Exception as error:  # whatever torch raises on a file that passed our checks, it is the file's fault
            raise DamagedFile(f"{path.name!r} was refused by torch: {first_line(error)}; download it again") from None
    for name, tensor in tensors.items():
        expected = described[name]
        if tuple(tensor.shape) != expected.shape or tensor.dtype != expected.dtype or tensor.layout != torch.strided:
            raise DamagedFile(
                f"{path.name!r}: {name!r} came out as {tuple(tensor.shape)}, {tensor.dtype}; download it again"
            )
    return tensors, content


def _has_tensors(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(item, StoredTensor) for item in value.values())


def _open_shards(path: Path) -> TensorFile:
    weight_map = read_json(path).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise DamagedFile(f"{path.name!r} has no weight_map from tensor names to files; download it again")
    for shard in weight_map.values():
        # A plain name only: no folders, so no way out of this one.
        if not isinstance(shard, str) or not re.fullmatch(r"[\w][\w.\-]*", shard, re.ASCII):
            raise UnsafeFile(f"{path.name!r} points to {str(shard)[:120]!r}; shards must be plain file names beside it")
    shards = sorted(set(weight_map.values()))
    missing = [shard for shard in shards if not (path.parent / shard).is_file()]
    if missing:
        raise MissingFile(f"{path.name!r} needs {name_some(missing)} beside it; download the missing shards")
    tensors: dict[str, Tensor] = {}
    kinds = set()
    for shard in shards:
        found, _, kind = _open_one(path.parent / shard)
        kinds.add(kind)
        astray = [repr(name) for name in found if weight_map.get(name) != shard]
        if astray:
            raise DamagedFile(
                f"{shard!r} holds tensors that {path.name!r} does not place there: {name_some(astray)}; "
                "download it again"
            )
        tensors |= found
    absent = [repr(name) for name in weight_map if name not in tensors]
    if absent or len(kinds) > 1:
        raise DamagedFile(
            f"{path.name!r} names tensors that its shards lack: {name_some(absent) or 'mixed formats'}; "
            "download them again"
        )
    files = (path, *(path.parent / shard for shard in shards))
    return TensorFile(files, kinds.pop(), tensors, {}, fingerprint(files))


def _check_names(tensors: Mapping[Any, Any], label: str) -> None:
    if len(tensors) > TENSORS:
        raise DamagedFile(f"{label} describes {len(tensors):,} tensors; at most {TENSORS:,} are read")
    for name in tensors:
        if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARACTERS:
            raise DamagedFile(
                f"{label} names a tensor {str(name)[:80]!r}; names are text of 1 to {NAME_CHARACTERS} characters; "
                "download it again"
            )
