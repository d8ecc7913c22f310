"""Bytes and JSON from files that anybody may have written: sizes first, impostors named, JSON kept within bounds."""

import json
import math
import re
from pathlib import Path
from typing import Any

from playground.errors import DamagedFile, MissingFile

JSON_BYTES = 16 * 2**20


def file_size(path: Path) -> int:
    """Bytes of the regular file at ``path``; raises MissingFile if there is none or it cannot be looked at."""
    try:
        if path.is_dir():
            raise MissingFile(f"{str(path)!r} is a folder; name a file in it")
        if not path.is_file():
            raise MissingFile(f"there is no file {str(path)!r}; check the path")
        return path.stat().st_size
    except (OSError, ValueError) as error:
        raise MissingFile(f"{str(path)!r} cannot be read: {first_line(error)}") from None


def read_bytes(path: Path, offset: int, count: int) -> bytes:
    """At most ``count`` bytes from ``offset``; raises MissingFile if the file cannot be opened."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(count)
    except OSError as error:
        raise MissingFile(f"{str(path)!r} cannot be read: {first_line(error)}") from None


def read_json(path: Path | str, limit_bytes: int = JSON_BYTES) -> dict[str, Any]:
    """The JSON object in the file at ``path``, standard JSON only (no NaN, no infinity), UTF-8.

    Raises MissingFile, or DamagedFile when it is too large, not JSON, not an object or too deeply nested.
    """
    path = Path(path)
    size = file_size(path)
    if size > limit_bytes:
        raise DamagedFile(f"{path.name!r} is {size:,} bytes of JSON; at most {limit_bytes:,} are read")
    content = read_bytes(path, 0, size)
    refuse_impostors(content[:1024], size, path.name)
    value = parse_json(content, repr(path.name))
    if not isinstance(value, dict):
        raise DamagedFile(
            f"{path.name!r} must hold a JSON object {{...}}, but holds a {type(value).__name__}; download it again"
        )
    return value


def parse_json(content: bytes, label: str, unique_keys: bool = False) -> Any:
    """``content`` as JSON; raises DamagedFile, also for a doubled key if ``unique_keys``."""

    def number(text: str) -> float:
        if not math.isfinite(value := float(text)):
            raise ValueError(f"{text[:20]} is not a finite number")
        return value

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(result := dict(pairs)) != len(pairs):
            doubled = next(name for i, (name, _) in enumerate(pairs) if name in dict(pairs[:i]))
            raise ValueError(f"{doubled[:80]!r} occurs twice")
        return result

    try:
        return json.loads(
            content.decode("utf-8-sig"),
            parse_float=number,
            parse_constant=number,
            object_pairs_hook=unique if unique_keys else None,
        )
    except RecursionError:
        raise DamagedFile(f"{label} is JSON nested too deeply to be a checkpoint's; download it again") from None
    except ValueError as error:
        raise DamagedFile(f"{label} is not valid JSON ({first_line(error)}); download it again") from None


def refuse_impostors(head: bytes, size: int, name: str) -> None:
    """Raise DamagedFile for what is often saved in place of a file: nothing, a Git LFS pointer, a web page.

    ``head`` is the beginning of the file ``name`` of ``size`` bytes.
    """
    if size == 0:
        raise DamagedFile(f"{name!r} is empty; download it again")
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        real = re.search(rb"\nsize (\d{1,15})\n", head)
        what = f"the real file of {int(real[1]):,} bytes" if real else "the real file"
        raise DamagedFile(f"{name!r} is a Git LFS pointer of {size:,} bytes; run 'git lfs pull' to get {what}")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<!--")):
        raise DamagedFile(f"{name!r} is a web page (HTML), perhaps a log-in or error page; download the file itself")


def refuse_text(head: bytes, size: int, name: str) -> None:
    """Raise DamagedFile if a weights file is text, quoting the start of it when it is JSON (a server's error)."""
    if any(byte < 32 and byte not in b"\t\r\n\f" for byte in head) or not _is_utf8(head):
        return
    if head.lstrip().startswith((b"{", b"[")):
        said = "".join(character for character in head.decode(errors="replace")[:100] if character.isprintable())
        raise DamagedFile(
            f"{name!r} is JSON text instead of weights, perhaps a server's error: {said}; download the file itself"
        )
    raise DamagedFile(f"{name!r} is plain text instead of weights ({size:,} bytes); download it again")


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # a character cut in two at the end
    return True


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its type, at most 200 characters."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
