"""The kernel is compiled once per machine and type of weights, by a process of its own that nobody waits for.

``echo float32 | python -m playground.decode.compiling`` does it in the foreground.
"""

import logging
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import torch

from playground.decode import calibrations

log = logging.getLogger(__name__)
TYPES = {torch.float32: "float32", torch.bfloat16: "uint16", torch.float16: "int16", torch.int8: "int8"}
MODULES = ("kernel", "products", "arithmetic", "lanes", "meeting", "opcodes", "jit")
_LOCK = Lock()
_RUNNING: dict[str, subprocess.Popen] = {}


def installed() -> bool:
    """Whether numba is there."""
    return find_spec("numba") is not None


def is_compiled(dtype: torch.dtype) -> bool:
    """Whether the kernel for weights of ``dtype`` waits on disk."""
    return dtype in TYPES and calibrations.remembered(_key(TYPES[dtype])) is True


def compile_in_background(dtype: torch.dtype) -> None:
    """Begin to compile the kernel for ``dtype``, unless that has begun."""
    name = TYPES[dtype]
    with _LOCK:
        if name in _RUNNING:
            return
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        own = {"creationflags": 0x00004200} if os.name == "nt" else {"start_new_session": True}  # aside, below normal
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "playground.decode.compiling"], stdin=subprocess.PIPE,
                cwd=Path(__file__).parents[2], **quiet, **own,
            )  # fmt: skip
            process.stdin.write(name.encode())
            process.stdin.close()
            _RUNNING[name] = process
        except OSError as error:
            log.warning("The compiled decode path cannot be prepared: %s", error)


def wait(dtype: torch.dtype) -> bool:
    """Wait for what :func:`compile_in_background` began; whether the kernel for ``dtype`` is there now."""
    with _LOCK:
        process = _RUNNING.get(TYPES.get(dtype))
    if process is not None:
        process.wait()
    return is_compiled(dtype)


def compile_now(name: str) -> None:
    """Compile the kernel for weights stored as the numpy type ``name``."""
    import numpy as np

    from playground.decode import kernel, meeting, opcodes

    if calibrations.remembered("kernel sources") != _written():  # numba looks at the module alone that is called
        for module in MODULES:
            for kept in Path(kernel.run.stats.cache_path).glob(f"{module}.*.nb[ic]"):
                kept.unlink(missing_ok=True)
        calibrations.remember("kernel sources", _written())
    nothing, real = np.zeros(0, dtype=np.int64), np.zeros((1, 1), dtype=np.float32)
    kernel.run(
        np.zeros((0, opcodes.COLUMNS), dtype=np.int64), np.zeros((0, 2), dtype=np.float32), real,
        np.zeros((1, 1), dtype=np.int64), nothing, np.zeros(0, dtype=name), nothing, nothing,
        np.zeros((0, 5), dtype=np.int64), np.zeros((1, 1, 1), dtype=np.float32), real,
        np.zeros((1, 0), dtype=np.int16), meeting.new_room(), nothing, 1,
    )  # fmt: skip
    calibrations.remember(_key(name), True)


def _key(name: str) -> str:
    return f"kernel {name} {_written()} {sys.version}"


def _written() -> str:
    """When the kernel's modules were written."""
    found = [Path(__file__).with_name(f"{module}.py").stat() for module in MODULES]
    return " ".join(f"{each.st_mtime_ns}-{each.st_size}" for each in found)


if __name__ == "__main__":
    if os.name != "nt":
        os.nice(10)
    compile_now(sys.stdin.read().strip())
