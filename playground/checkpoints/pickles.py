"""What a PyTorch ``.pt`` file holds, found out by hand before torch may open it.

The pickle (``data.pkl``) describes the structure of the file. :func:`examine` *reads* it like text in a tiny language,
building only dicts, lists, primitives and :class:`StoredTensor` descriptions. Nothing is imported or called, no tensor
is touched, and whatever is not on a short list is refused, so that ``torch.load(weights_only=True)`` afterwards meets
no surprise: no allocation by a claimed size, no view beyond its storage, no key whose hash would exhaust the stack.
"""

import math
import pickletools
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NoReturn

import torch

from playground.errors import DamagedFile, UnsafeFile, name_some

OPERATIONS = 1_000_000  # a full training checkpoint of a 1.4 B model needs about 100,000
LEGACY_PICKLES = 6
DEPTH = 32
NODES = 200_000
LENGTH = 2**48  # the most elements along one dimension that any file could hold

STORAGE_DTYPES = {
    "torch.DoubleStorage": torch.float64,
    "torch.FloatStorage": torch.float32,
    "torch.HalfStorage": torch.float16,
    "torch.BFloat16Storage": torch.bfloat16,
    "torch.LongStorage": torch.int64,
    "torch.IntStorage": torch.int32,
    "torch.ShortStorage": torch.int16,
    "torch.CharStorage": torch.int8,
    "torch.ByteStorage": torch.uint8,
    "torch.BoolStorage": torch.bool,
}
CONFIG_CLASS = "config.Config"  # the one class of a published checkpoint (Shard's); it becomes a plain dict
ALLOWED_GLOBALS = {
    "collections.OrderedDict",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "torch.Size",
    "torch.device",
    "_codecs.encode",  # how protocol 2 writes bytes
    "builtins.set",
    CONFIG_CLASS,
    *STORAGE_DTYPES,
    *map(str, STORAGE_DTYPES.values()),
}
_KEY_TYPES = (str, int, float, bool, bytes, type(None))
_STRING_OPCODES = ("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "SHORT_BINSTRING", "BINSTRING", "STRING")


@dataclass(frozen=True)
class StoredTensor:
    """A tensor as the pickle describes it: a strided view, checked to lie inside its storage."""

    storage: str
    dtype: torch.dtype
    shape: tuple[int, ...]


@dataclass
class Record:
    """A pickled ``config.Config``: its attributes, and nothing of its class."""

    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Global:
    name: str


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: torch.dtype
    numel: int


class HoldsTensor(Exception):
    """A value that should be plain data has a tensor in it."""


class _Malformed(Exception):
    """The pickle breaks a rule; the message completes a sentence that begins with the file's name."""


def examine(pickled: bytes, storages: dict[str, int], name: str) -> Any:
    """What ``pickled`` (a ``data.pkl``) describes: dicts, lists, tuples, primitives, ``StoredTensor``, ``Record``.

    ``storages`` gives the bytes of each storage by its key. ``name`` is the file's name, for the messages.
    Raises UnsafeFile for a pickle that names anything outside ``ALLOWED_GLOBALS``, DamagedFile for one that torch.save
    would not have written.
    """
    refuse_globals(pickled, name)
    try:
        return _Reader(storages).read(pickled)
    except _Malformed as error:
        raise DamagedFile(f"{name!r} {error}") from None


def refuse_globals(pickled: bytes, name: str) -> None:
    """Raise UnsafeFile if the pickle asks for anything outside ``ALLOWED_GLOBALS``, wherever in it that is."""
    unknown = list(dict.fromkeys(found for found in _globals_of(pickled) if found not in ALLOWED_GLOBALS))
    if unknown:
        raise UnsafeFile(
            f"{name!r} asks for {name_some(map(repr, unknown), 4)}, which a file of weights does not need; nothing of "
            "it was run: do not trust this file, or ask its author for safetensors"
        )


def refuse_bare_pickle(content: bytes, name: str) -> NoReturn:
    """Raise for a file that is not a zip: UnsafeFile naming what its pickles would run, or else DamagedFile."""
    if not content.startswith(b"\x80") and not is_text_pickle(content):
        raise DamagedFile(f"{name!r} is not a PyTorch file (it starts with {content[:8].hex(' ')}); download it again")
    rest: bytes | None = content
    for _ in range(LEGACY_PICKLES):  # the format before torch 1.6 wrote several, one after another
        refuse_globals(rest, name)
        end = _end_of_pickle(rest)
        if end is None:
            break
        rest = rest[end:]
    raise DamagedFile(
        f"{name!r} is a bare pickle (the format before PyTorch 1.6), which cannot be mapped; load it where you trust "
        "it and save it again with torch.save"
    )


def is_text_pickle(content: bytes) -> bool:
    """Whether text is a whole pickle of protocol 0, the one kind that looks like text."""
    return content[:1] in (b"c", b"(", b"}", b"]", b"i") and _end_of_pickle(content) is not None


def plain(value: Any, name: str) -> Any:
    """``value`` of :func:`examine` as dicts, lists, tuples and primitives.

    Raises HoldsTensor if there is a tensor anywhere in it, DamagedFile when it is nested deeper than ``DEPTH`` or has
    more than ``NODES`` values (shared parts count each time, so that a small file cannot become a huge one).
    """
    left = NODES

    def convert(value: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if depth > DEPTH or left < 0:
            raise DamagedFile(
                f"{name!r} has settings nested deeper than {DEPTH} levels, or more than {NODES:,} of them"
            )
        if isinstance(value, StoredTensor | _Storage):
            raise HoldsTensor
        if isinstance(value, _Global):
            return value.name
        if isinstance(value, Record):
            value = value.attributes
        if isinstance(value, dict):
            return {key: convert(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(convert(item, depth + 1) for item in value)
        return value

    return convert(value, 0)


def _globals_of(pickled: bytes) -> Iterator[str]:
    """Every global a pickle of any protocol names, as far as it can be parsed."""
    strings: list[str] = []  # what STACK_GLOBAL could refer to: the last two strings pushed
    memo: dict[int, str] = {}
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(pickled)):
            if count > OPERATIONS:
                return
            if opcode.name in ("GLOBAL", "INST"):
                yield ".".join(argument.split(" ", 1)).replace("__builtin__.", "builtins.", 1)
            elif opcode.name == "STACK_GLOBAL":
                yield ".".join(strings[-2:])
            elif opcode.name in ("EXT1", "EXT2", "EXT4"):
                yield f"copyreg extension {argument}"
            elif opcode.name in _STRING_OPCODES:
                strings.append(str(argument))
            elif opcode.name == "MEMOIZE":
                memo[len(memo)] = strings[-1] if strings else "?"
            elif opcode.name in ("PUT", "BINPUT", "LONG_BINPUT"):
                memo[argument] = strings[-1] if strings else "?"
            elif opcode.name in ("GET", "BINGET", "LONG_BINGET"):
                strings.append(memo.get(argument, "?"))
    except Exception:  # a pickle may be broken in any way; what it named until then has been said
        return


def _end_of_pickle(content: bytes) -> int | None:
    """Where the first pickle in ``content`` ends, or None if it does not parse to its end."""
    try:
        operations = islice(pickletools.genops(content), OPERATIONS)
        return next((position + 1 for opcode, _, position in operations if opcode.name == "STOP"), None)
    except Exception:  # genops raises whatever the broken bytes lead to
        return None


class _Reader:
    """Interprets exactly the opcodes that torch.save writes (pickle protocol 2), without calling anything."""

    def __init__(self, storages: dict[str, int]):
        self.storages = storages
        self.seen: dict[str, _Storage] = {}
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def read(self, pickled: bytes) -> Any:
        try:
            for count, (opcode, argument, _) in enumerate(pickletools.genops(pickled)):
                if count > OPERATIONS:
                    raise _Malformed(f"has a pickle of more than {OPERATIONS:,} operations")
                if opcode.name == "STOP":
                    return self.stack.pop()
                self.step(opcode.name, argument)
        except (IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise _Malformed(f"has a damaged pickle ({type(error).__name__}: {error}); download it again") from None
        raise _Malformed("has a pickle without an end; download it again")

    def step(self, opcode: str, argument: Any) -> None:
        stack = self.stack
        match opcode:
            case "PROTO":
                if argument != 2:
                    raise _Malformed(
                        f"uses pickle protocol {argument}; save it again with torch.save's own protocol, 2"
                    )
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT" | "BINUNICODE" | "SHORT_BINSTRING":
                stack.append(argument)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[opcode])
            case "EMPTY_DICT" | "EMPTY_LIST" | "EMPTY_TUPLE":
                stack.append({"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}[opcode]())
            case "MARK":
                self.marks.append(stack)
                self.stack = []
            case "TUPLE":
                items = self.pop_mark()
                self.stack.append(tuple(items))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                size = int(opcode[-1])
                if len(stack) < size:
                    raise IndexError("stack is empty")
                stack[-size:] = [tuple(stack[-size:])]
            case "APPEND":
                item = stack.pop()
                self.top(list).append(item)
            case "APPENDS":
                items = self.pop_mark()
                self.top(list).extend(items)
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                self.set_items([key, value])
            case "SETITEMS":
                self.set_items(self.pop_mark())
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(self.memo[argument])
            case "GLOBAL":
                stack.append(_Global(".".join(argument.split(" ", 1)).replace("__builtin__.", "builtins.", 1)))
            case "BINPERSID":
                stack.append(self.storage(stack.pop()))
            case "REDUCE" | "NEWOBJ":
                arguments = stack.pop()
                stack.append(self.make(stack.pop(), arguments, opcode))
            case "BUILD":
                self.build(stack.pop())
            case _:
                raise _Malformed(f"has a pickle with the operation {opcode}, which torch.save never writes")

    def pop_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise TypeError(f"expected a {kind.__name__}, found a {type(self.stack[-1]).__name__}")
        return self.stack[-1]

    def set_items(self, items: list[Any]) -> None:
        target = self.top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Hashing a deeply nested tuple would exhaust the C stack, so keys are simple values or nothing.
            if type(key) not in _KEY_TYPES:
                raise TypeError(f"a {type(key).__name__} as a dictionary key")
            target[key] = value

    def storage(self, identity: Any) -> _Storage:
        tag, kind, key, _location, numel = identity
        dtype = STORAGE_DTYPES[kind.name]
        if tag != "storage" or type(key) is not str or type(numel) is not int:
            raise TypeError("an odd storage")
        if key not in self.storages:
            raise _Malformed(f"lacks the storage {key[:80]!r} that its pickle names; download it again")
        if numel * dtype.itemsize != self.storages[key]:
            raise _Malformed(
                f"claims {numel * dtype.itemsize:,} bytes for storage {key[:80]!r}, which holds {self.storages[key]:,}"
            )
        storage = _Storage(key, dtype, numel)
        if self.seen.setdefault(key, storage) != storage:
            raise _Malformed(f"uses storage {key[:80]!r} as two different types")
        return storage

    def make(self, target: Any, arguments: Any, opcode: str) -> Any:
        """What calling the allowed global ``target`` would give, described instead of made."""
        if not isinstance(target, _Global) or type(arguments) is not tuple:
            raise TypeError("a call of something that is not a name")
        if target.name == CONFIG_CLASS:
            return Record()
        if opcode == "NEWOBJ" and target.name != "collections.OrderedDict":
            raise TypeError(f"an odd way to make {target.name}")
        match target.name, arguments:
            case "collections.OrderedDict", ():
                return {}
            case "torch._utils._rebuild_tensor_v2", (storage, offset, shape, stride, bool(), hooks, *metadata):
                if hooks or any(metadata):
                    raise _Malformed("has a tensor with hooks, or a conjugated or negated view; save it again")
                return _tensor(storage, offset, shape, stride)
            case "torch._utils._rebuild_parameter", (StoredTensor() as tensor, bool(), hooks) if not hooks:
                return tensor
            case "torch.Size", (tuple(shape),) if all(type(length) is int for length in shape):
                return shape
            case "torch.device", (str(kind), *index) if all(type(number) is int for number in index):
                return ":".join([kind, *map(str, index)])
            case "_codecs.encode", (str(text), "latin1"):
                return text.encode("latin1")
            case "builtins.set", (list(items),) if all(type(item) in _KEY_TYPES for item in items):
                return list(items)
        raise TypeError(f"odd arguments for {target.name}")

    def build(self, state: Any) -> None:
        """Set the state of the object on top: attributes of a ``Record``, ``_metadata`` of a state dict."""
        target = self.stack[-1]
        if isinstance(target, Record):
            parts = state if isinstance(state, tuple) else (state,)
            for part in parts:
                if part is not None and (type(part) is not dict or any(type(name) is not str for name in part)):
                    raise TypeError(f"an odd state for {CONFIG_CLASS}")
                target.attributes.update({k: v for k, v in (part or {}).items() if not k.startswith("__")})
        elif type(target) is not dict or type(state) is not dict or set(state) - {"_metadata"}:
            raise TypeError("a state for something that has none")


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any) -> StoredTensor:
    """The view, if every element lies inside the storage and there are no more of them than the storage has."""
    if not isinstance(storage, _Storage) or type(shape) is not tuple or type(stride) is not tuple:
        raise TypeError("an odd tensor")
    numbers = (offset, *shape, *stride)
    if len(shape) != len(stride) or any(type(n) is not int or not 0 <= n <= LENGTH for n in numbers) or len(shape) > 16:
        raise _Malformed(f"has a tensor of the impossible shape {name_some(shape)}")
    numel = math.prod(shape)
    last = offset + sum((length - 1) * step for length, step in zip(shape, stride, strict=True)) if numel else 0
    if numel > storage.numel or last >= max(storage.numel, 1):
        raise _Malformed(
            f"has a tensor of shape {list(shape)} ({numel:,} elements) over a storage of {storage.numel:,} elements"
        )
    return StoredTensor(storage.key, storage.dtype, shape)
