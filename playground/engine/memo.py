"""Results that redraws need again, kept within a bound on their bytes, the least recently used dropped first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any


class Memo:
    """A thread-safe cache of values by key.

    Args:
        most_bytes: what all values may take together; a larger single value is not kept.
    """

    def __init__(self, most_bytes: int):
        self.most_bytes = most_bytes
        self.bytes = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any | None:
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: Hashable, value: Any, size: int) -> None:
        """Keep ``value`` of ``size`` bytes, dropping others as needed."""
        with self._lock:
            self.bytes -= self._values.pop(key, (None, 0))[1]
            if size > self.most_bytes:
                return
            self._values[key] = (value, size)
            self.bytes += size
            while self.bytes > self.most_bytes:
                self.bytes -= self._values.popitem(last=False)[1][1]
