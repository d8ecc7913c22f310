"""What a benchmark tells while it runs: every line as soon as it is found, on a terminal and in a log."""

import time
from typing import TextIO

from playground.benchmarks.measured import Left, Measurement, line


class Teller:
    """Writes news to ``stream``; called with a string, it says that this is being measured now.

    On a terminal that is its last line, which the next news replace.
    """

    def __init__(self, stream: TextIO, judged: bool = True):
        self.stream, self.judged, self.doing = stream, judged, ""
        self.terminal, self.began = stream.isatty(), time.monotonic()
        self.fresh = "\r\033[K" if self.terminal else ""  # empties the last line

    def __call__(self, news: Measurement | Left | str) -> None:
        if isinstance(news, str):
            self.doing = news
            if not self.terminal:
                self._write(f"[{self._clock()}] {news} …\n")
        else:
            self._write(f"{self.fresh}{line(news, self.judged)}\n")
        if self.terminal:
            self._write(f"{self.fresh}[{self._clock()}] {self.doing} …")

    def done(self) -> None:
        """Nothing is being measured any more."""
        self._write(self.fresh)

    def _clock(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        return f"{minutes}:{seconds:02}"

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
