"""How much memory this machine can give to models, how to get it back, and how sizes are written."""

import gc
import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
# Limit, usage, and the counter in memory.stat of cached files that are given up when memory is asked for.
_VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = ("memory.max", "memory.current", "inactive_file")
_COLLECTING = threading.RLock()


def default_budget(share: float = 0.6) -> int:
    """Bytes that models may take together: a ``share`` of what is available now.

    The rest is for activations, caches, the page itself and whatever else the person is running.
    """
    return int(share * available_memory())


def available_memory(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Bytes this process can still take: what the machine has left, or less where a control group allows less."""
    return min([psutil.virtual_memory().available, *_left_in_groups(cgroups, membership)])


def _left_in_groups(cgroups: Path, membership: Path) -> Iterator[int]:
    """Bytes left in each memory control group above this process, versions 1 and 2; nothing where there is none."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0":
            root, names = cgroups, _VERSION_2
        elif "memory" in controllers.split(","):
            root, names = cgroups / "memory", _VERSION_1
        else:
            continue
        # Inside a container the path may be that of the host: then only the root is to be seen, and it is ours.
        own = root / path.strip("/")
        for group in (own, *own.parents):
            if not group.is_relative_to(root):
                break
            if (left := _left_in_group(group, *names)) is not None:
                yield left


def _left_in_group(group: Path, limit: str, usage: str, cached: str) -> int | None:
    try:
        counters = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        used = int((group / usage).read_text()) - int(counters.get(cached, 0))
        return max(0, int((group / limit).read_text()) - used)
    except (OSError, ValueError):  # no such group, or the limit "max": none
        return None


def collect_garbage() -> None:
    """Free what only cycles keep alive, for certain: ``gc.collect`` itself does nothing while another thread collects.

    It waits at most a tenth of a second for that.
    """
    with _COLLECTING:
        for _ in range(100):
            before = gc.get_stats()[-1]["collections"]
            gc.collect()
            if gc.get_stats()[-1]["collections"] > before:
                return
            time.sleep(0.001)


def readable_bytes(size: int, rounding: Callable[[float], int] = round) -> str:
    """``size`` in bytes, kB, MB or GB (powers of 1000): "218 MB", "1.35 GB"."""
    for unit, scale, digits in (("GB", 10**9, 2), ("MB", 10**6, 0), ("kB", 10**3, 0)):
        if size >= scale:
            return f"{rounding(size / scale * 10**digits) / 10**digits:.{digits}f} {unit}"
    return f"{size} bytes"


def needed_and_free(needed: int, free: int) -> tuple[str, str]:
    """Both sizes in words, the first rounded up and the second down: what does not fit must not read as if it did."""
    return readable_bytes(needed, math.ceil), readable_bytes(max(0, free), math.floor)
