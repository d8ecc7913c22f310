"""What was found out on this machine and is worth keeping: small JSON files in the user's cache folder.

A file that cannot be read or written costs a second of measuring again, never an error.
"""

import json
import logging
import os
import platform
import sys
from pathlib import Path
from threading import Lock
from typing import Any

import torch

from playground.version import VERSION

log = logging.getLogger(__name__)
ENTRIES = 500
_LOCK = Lock()


def cache_folder() -> Path:
    """Where programs of this user keep what can be made again."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME")
    return Path(base or Path.home() / ".cache") / "model-playground"


def machine() -> str:
    """What timings depend on, beside the network: processor and versions."""
    return "|".join((VERSION, platform.machine(), platform.processor(), _processor(), torch.__version__))


def gpu(device: torch.device) -> str:
    """What timings on ``device`` depend on beside the machine: the GPU's name, or nothing."""
    return f" {torch.cuda.get_device_name(device)} {torch.version.cuda}" if device.type == "cuda" else ""


def remembered(key: str, shelf: str = "decoding") -> Any:
    """What was kept under ``key`` on this machine; None if nothing was."""
    return _read(shelf).get(f"{machine()}|{key}")


def remember(key: str, value: Any, shelf: str = "decoding") -> None:
    """Keep ``value``, plain data, under ``key``; the oldest of many on a shelf goes."""
    with _LOCK:
        known = _read(shelf)
        known.pop(f"{machine()}|{key}", None)
        known[f"{machine()}|{key}"] = value
        path = cache_folder() / f"{shelf}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            written = path.with_suffix(f".{os.getpid()}")
            written.write_text(json.dumps(dict(list(known.items())[-ENTRIES:])), encoding="utf-8")
            written.replace(path)
        except OSError as error:
            log.info("What was measured could not be kept: %s", error)


def _read(shelf: str) -> dict[str, Any]:
    try:
        known = json.loads((cache_folder() / f"{shelf}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _processor() -> str:
    """The processor's model name where Linux tells it: what platform says there is often empty."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
