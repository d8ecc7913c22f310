"""The zip archive around a PyTorch ``.pt`` file: its directory checked by hand, before any other reader sees it.

torch.save writes a zip64-capable zip whose entries are stored as they are, one after another, with the directory at
the very end. Anything else (a cut-off end, compression, overlapping or doubled entries, a foreign tail) is refused, so
that a few bytes can never claim to be many and so that torch's own zip reader finds exactly what was checked here.
"""

import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

from playground.errors import DamagedFile

PICKLE_BYTES = 16 * 2**20  # a full training checkpoint of a 1.4 B model needs less than 1 MB
DIRECTORY_BYTES = 32 * 2**20


class _Malformed(Exception):
    """The archive breaks a rule; the message completes a sentence that begins with the file's name."""


def read_archive(path: Path) -> tuple[bytes, dict[str, int]]:
    """(``data.pkl``, bytes of each storage by its key) of the ``.pt`` file at ``path``; no storage is read.

    Raises DamagedFile for a truncated, compressed, overlapping, TorchScript or otherwise foreign zip.
    """
    try:
        return _read(path)
    except _Malformed as error:
        raise DamagedFile(f"{path.name!r} {error}") from None
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, struct.error) as error:
        raise DamagedFile(f"{path.name!r} has a damaged zip directory ({error}); download it again") from None


def _read(path: Path) -> tuple[bytes, dict[str, int]]:
    with path.open("rb") as file:
        start_of_directory = _end_of_archive(file, path.stat().st_size)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check_entries(file, entries, start_of_directory)
            names = {entry.filename: entry for entry in entries}
            prefix = next(iter(names), "").split("/", 1)[0]
            if f"{prefix}/data.pkl" not in names:
                raise _Malformed("is a zip archive without a data.pkl: torch.save did not write it")
            if f"{prefix}/constants.pkl" in names:
                raise _Malformed("is a TorchScript program, not weights; ask its author for safetensors")
            if f"{prefix}/byteorder" in names and archive.read(f"{prefix}/byteorder") != b"little":
                raise _Malformed("was written on a big-endian machine; save it again as safetensors")
            size = names[f"{prefix}/data.pkl"].file_size
            if size > PICKLE_BYTES:
                raise _Malformed(f"describes itself in {size:,} bytes of pickle; at most {PICKLE_BYTES:,} are read")
            inside = f"{prefix}/data/"
            storages = {
                name[len(inside) :]: entry.file_size for name, entry in names.items() if name.startswith(inside)
            }
            return archive.read(f"{prefix}/data.pkl"), storages


def _end_of_archive(file: BinaryIO, size: int) -> int:
    """Where the central directory starts. It must end the file exactly, so that every reader finds the same one."""
    end = size - 22
    if end >= 0:
        file.seek(end)
        signature, *_, directory_bytes, start, comment = struct.unpack("<4s4H2LH", file.read(22))
        if signature == b"PK\x05\x06" and comment == 0:
            if end >= 76:
                file.seek(end - 76)
                record = struct.unpack("<4sQ2H2L4Q", file.read(56))
                locator = struct.unpack("<4sLQL", file.read(20))
                if locator[0] == b"PK\x06\x07":  # zip64: files beyond 4 GiB
                    if record[0] != b"PK\x06\x06" or locator[2] != end - 76:
                        raise _Malformed("has a damaged zip64 directory; download it again")
                    end, directory_bytes, start = end - 76, record[8], record[9]
            if start + directory_bytes != end:
                raise _Malformed(
                    f"has a zip directory that claims bytes {start:,} to {start + directory_bytes:,} but should end at "
                    f"{end:,}; download it again"
                )
            if directory_bytes > DIRECTORY_BYTES:
                raise _Malformed(f"claims a zip directory of {directory_bytes:,} bytes; at most {DIRECTORY_BYTES:,}")
            return start
    raise _Malformed(
        f"is truncated: it starts like a PyTorch file, but its {size:,} bytes do not end with a zip directory; "
        "download it again"
    )


def _check_entries(file: BinaryIO, entries: list[zipfile.ZipInfo], start_of_directory: int) -> None:
    """Refuse compression, encryption, names that two readers could see differently, and overlapping entries."""
    if len({entry.orig_filename.casefold() for entry in entries}) != len(entries):
        raise _Malformed("has two zip entries of the same name")
    if len({entry.orig_filename.split("/", 1)[0] for entry in entries}) > 1:
        raise _Malformed("has zip entries in more than one folder: torch.save did not write it")
    previous = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        label = repr(entry.orig_filename[:80])
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 0x1:
            raise _Malformed(
                f"has a compressed or encrypted entry {label} ({entry.file_size:,} bytes packed into "
                f"{entry.compress_size:,}); torch.save stores everything as it is"
            )
        file.seek(entry.header_offset)
        header = file.read(30)
        if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
            raise _Malformed(f"has no entry {label} where its directory says; download it again")
        name_length, extra_length = struct.unpack("<2H", header[26:])
        encoding = "utf-8" if entry.flag_bits & 0x800 else "cp437"
        if file.read(name_length) != entry.orig_filename.encode(encoding) or "\0" in entry.orig_filename:
            raise _Malformed(f"names entry {label} differently in its zip directory")
        end = entry.header_offset + 30 + name_length + extra_length + entry.file_size
        if entry.compress_size != entry.file_size or entry.header_offset < previous or end > start_of_directory:
            raise _Malformed(
                f"has a zip entry {label} of {entry.file_size:,} bytes that overlaps another or reaches beyond byte "
                f"{start_of_directory:,}, where the data ends"
            )
        previous = end
