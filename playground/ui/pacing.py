"""How often a stream shows what is new: a model writes faster than a page can draw, and sending takes time as well.

News that come in between are told together by the next ones. While the server sends news the model waits, so the pause
grows with what sending takes.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TIMES = 33  # as long as the last news took: so sending takes at most three percent of a run
LONGEST = 0.5  # seconds: a slow page still sees a text grow, and one that was closed is noticed at the next sending


class Pace:
    """Tells when news may go out, and hears from :meth:`sending` how long they take.

    Args:
        pause: seconds between two sendings, at least; with 0 all news go out.
    """

    def __init__(self, pause: float, clock: Callable[[], float] = time.monotonic):
        self.pause, self.clock = pause, clock
        self._left = self._back = clock()
        self._took, self._begun = 0.0, False

    def due(self, weight: float = 1.0, begun: bool = False) -> bool:
        """Whether it is time; what weighs more than 1, since much is to be drawn, goes out less often.

        The first token is waited for: with the first news that have ``begun`` it is time at once.
        """
        first, self._begun = begun and not self._begun, self._begun or begun
        now = self.clock()
        rested = now - self._left >= self.pause * weight and now - self._back >= min(TIMES * self._took, LONGEST)
        return first or rested or not self.pause

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Around the ``yield`` of news."""
        self._left = self.clock()
        yield
        self._back = self.clock()
        self._took = self._back - self._left
