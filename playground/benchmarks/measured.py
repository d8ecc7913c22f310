"""What a benchmark found, as plain data, and how it is told: a table and JSON."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from playground.benchmarks.timing import Spread
from playground.errors import PlaygroundError


@dataclass(frozen=True)
class Target:
    """A ratio to reach: at least ``bound``, or at most; or else a share of the read bandwidth of ``or_share``."""

    bound: float
    at_most: bool = False
    or_share: float | None = None

    def met(self, value: float, share: float | None) -> bool:
        if self.or_share is not None and share is not None and share >= self.or_share:
            return True
        return value <= self.bound if self.at_most else value >= self.bound


@dataclass(frozen=True)
class Measurement:
    """One line of the table.

    Attributes:
        about: the model or subject. what, against: what was measured, and beside what.
        value: the ratio; above 1 the playground is the faster, unless ``target.at_most``.
        unit: "x"; "%" where the value is a share; "nats" of a divergence; "s" or "ms" of a wait.
        seconds, peer_seconds: of one ``part`` of the work. share: of the read bandwidth, measured in turn with it.
        target: None where nothing is promised. facts: further numbers, for JSON.
    """

    about: str
    what: str
    against: str
    value: float
    seconds: Spread | None = None
    peer_seconds: Spread | None = None
    part: str = "token"
    unit: str = "x"
    share: float | None = None
    target: Target | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        return None if self.target is None else self.target.met(self.value, self.share)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"met": self.met}


@dataclass(frozen=True)
class Left:
    """What was not measured, and why."""

    what: str
    why: str


def guarded(what: str, news: Iterable[Any]) -> Iterator[Any]:
    """Pass ``news`` on; if it fails, ``what`` is left out from there, and whatever follows is measured all the same."""
    try:
        yield from news
    except Exception as error:
        yield Left(what, reason(error))


def reason(error: Exception) -> str:
    """Why something failed, in one line."""
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    said = str(error).strip().splitlines() or [type(error).__name__]
    known = isinstance(error, (PlaygroundError, RuntimeError, OSError))
    return f"{'' if known else type(error).__name__ + ': '}{said[0]:.200}"


HEADER = ("", "measured", "seconds, range", "against", "seconds", "ratio", "bandwidth", "target", "")


def cells(found: Measurement, judged: bool) -> tuple[str, ...]:
    """The cells of a line; ``judged`` says whether its target holds for what was measured."""
    target, verdict = "", ""
    if found.target is not None:
        bound = _value(found.target.bound, found.unit)
        target = f"at {'most' if found.target.at_most else 'least'} {bound}"
        if found.target.or_share is not None:
            target += f", or {found.target.or_share:.0%} of bandwidth"
        verdict = ("met" if found.met else "NOT MET") if judged else ""
    ours, peer = found.seconds, found.peer_seconds
    own = "" if ours is None else f"{_time(ours.median)} ({_time(ours.low)} to {_time(ours.high)}) a {found.part}"
    return (
        found.about, found.what, own, found.against, "" if peer is None else _time(peer.median),
        _value(found.value, found.unit), "" if found.share is None else f"{found.share:.0%}", target, verdict,
    )  # fmt: skip


def line(found: Measurement | Left, judged: bool = True) -> str:
    """One line on its own, as soon as it is known."""
    if isinstance(found, Left):
        return f"Not measured: {found.what}: {found.why}"
    about, what, own, against, theirs, value, share, target, verdict = cells(found, judged)
    told = [f"{about}: {what}", own, f"{against} {theirs}".strip(), value, share and f"{share} of bandwidth"]
    return "; ".join(each for each in (*told, target and f"{target} {verdict}".strip()) if each)


def table(lines: Sequence[Measurement], judged: bool = True) -> str:
    """All lines under a header, in columns."""
    rows = [HEADER, *(cells(line, judged) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    told = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(told)


def _value(value: float, unit: str) -> str:
    if unit in ("s", "ms"):
        return f"{value:.3g} {unit}"
    if unit == "nats":
        return f"{value:.2g} nats"
    return f"{value:.3g} %" if unit == "%" else f"{value:,.{(value < 100) + (value < 10)}f} x"


def _time(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{1e6 * seconds:.0f} us"
    return f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.2f} s"
