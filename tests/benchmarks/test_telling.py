"""Every line is told as it is found: after the other in a log, above what is being done on a terminal."""

import io

from playground.benchmarks.measured import Left, Measurement
from playground.benchmarks.telling import Teller

FOUND = Measurement("m", "plain", "peer", 2.5)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def tell(stream):
    teller = Teller(stream)
    for news in ("m, float32", FOUND, Left("a", "b")):
        teller(news)
    teller.done()
    return stream.getvalue()


def test_a_log_has_one_line_for_each():
    assert tell(io.StringIO()).splitlines() == ["[0:00] m, float32 …", "m: plain; peer; 2.50 x", "Not measured: a: b"]


def test_a_terminal_keeps_the_lines_and_ends_with_what_is_being_done():
    lines = tell(Terminal()).split("\n")
    assert [line.split("\r\033[K")[-1] for line in lines] == ["m: plain; peer; 2.50 x", "Not measured: a: b", ""]
    assert lines[-1].split("\r\033[K")[-2] == "[0:00] m, float32 …"
