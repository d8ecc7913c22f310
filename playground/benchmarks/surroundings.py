"""Where a benchmark ran: the machine, and how much of it other programs had."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil
import torch

from playground.checkpoints.memory import available_memory
from playground.decode import calibrations
from playground.version import VERSION

IDLE = ("idle", "iowait")
DOUBLE = ("guest", "guest_nice")  # are part of user and nice


def machine() -> dict[str, Any]:
    """What a reader needs to know of the machine to make sense of the numbers."""
    versions = {"playground": VERSION, "python": platform.python_version(), "torch": torch.__version__}
    for name in ("transformers", "numba", "numpy", "llama-cpp-python"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    return {
        "processor": calibrations.machine().split("|")[-2] or platform.processor() or platform.machine(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "architecture": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "free_memory_bytes": available_memory(),
        "versions": versions,
    }


class Others:
    """Watches what other programs take of the processor; on a rented machine its other tenants too, where it tells."""

    def __init__(self) -> None:
        self._before = self._seconds()

    def share(self) -> float:
        """The part of all cores' time, from 0 to 1, that was not this process's since the beginning, nor idle."""
        total, busy, own = (now - before for now, before in zip(self._seconds(), self._before, strict=True))
        return min(1.0, max(0.0, busy - own) / total) if total > 0 else 0.0

    @staticmethod
    def _seconds() -> tuple[float, float, float]:
        """Of all cores, of their work, and of this process with the children that have ended."""
        times = psutil.cpu_times()._asdict()
        total = sum(seconds for name, seconds in times.items() if name not in DOUBLE)
        return total, total - sum(times.get(name, 0.0) for name in IDLE), sum(psutil.Process().cpu_times()[:4])
