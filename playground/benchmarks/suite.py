"""The whole benchmark in its order: what the machine is, what it found, and what was left out."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import torch

from playground.benchmarks import choosing, decoding, fidelity, files, graphics, llamacpp, reaction
from playground.benchmarks.measured import Left, Measurement, guarded
from playground.benchmarks.plan import Plan
from playground.benchmarks.subjects import SUBJECTS
from playground.benchmarks.surroundings import Others, machine
from playground.benchmarks.timing import Spread, alternate, reader
from playground.decode import compiling
from playground.errors import InvalidRequest

Found = Iterator[Measurement | Left | str]
OTHERS: Mapping[str, Callable[[Plan], Found]] = {
    "sampling": lambda plan: choosing.measure(plan),
    "fidelity": lambda plan: fidelity.measure(plan),
    "reconstruction": lambda plan: files.measure_reconstruction(plan),
    "loading": lambda plan: files.measure_loading(plan),
    "reaction": lambda plan: reaction.measure(plan),
    "gpu": lambda plan: graphics.measure(plan),
}
NAMES = (*(subject.name for subject in SUBJECTS), *OTHERS)
STEPPED = {*(subject.name for subject in SUBJECTS), "sampling", "fidelity"}  # parts that need the compiled kernels
KERNELS = (torch.float32, torch.bfloat16, torch.int8)
INTERRUPTED = "the benchmark was interrupted"


@dataclass
class Report:
    """All that a benchmark says.

    Attributes:
        machine: names and numbers of it. bytes_read, reading: of the read bandwidth. compiling: seconds that the
            kernels took, None if they were there or cannot be. seconds: of each part. interrupted: by whoever waited.
        others: the part of the processor that other programs had meanwhile.
    """

    plan: Plan
    machine: dict[str, Any]
    bytes_read: int = 0
    reading: Spread | None = None
    compiling: float | None = None
    found: list[Measurement] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    interrupted: bool = False
    others: float = 0.0

    @property
    def judged(self) -> bool:
        """Whether the targets, which are those of the published sizes, hold for what was measured."""
        return self.plan.size == "published"

    def as_json(self) -> dict[str, Any]:
        return {
            "machine": self.machine,
            "plan": asdict(self.plan),
            "judged": self.judged,
            "bandwidth": self.reading and {"bytes": self.bytes_read, "seconds": asdict(self.reading)},
            "compiling_seconds": self.compiling,
            "part_seconds": self.seconds,
            "interrupted": self.interrupted,
            "processor_share_of_others": self.others,
            "measurements": [each.as_json() for each in self.found],
            "not_measured": [asdict(each) for each in self.left],
        }


def run(
    plan: Plan,
    only: Sequence[str] = (),
    large: bool = False,
    tell: Callable[[Measurement | Left | str], None] = lambda news: None,
) -> Report:
    """Measure all, or ``only`` the named; ``tell`` hears of each line as it is found, and of what is being done.

    What fails is left out, with the reason; a KeyboardInterrupt ends it with what was found until then.

    Raises:
        InvalidRequest: a name that is not known.
    """
    unknown = next((name for name in only if name not in NAMES), None)
    if unknown is not None:
        raise InvalidRequest(f"The benchmark has no part {unknown!r:.40}; its parts are {', '.join(NAMES)}.")
    report = Report(plan, machine())
    wanted, others = set(only or NAMES), Others()

    def note(news: Measurement | Left | str) -> None:
        if not isinstance(news, str):
            (report.left if isinstance(news, Left) else report.found).append(news)
        tell(news)

    waiting, before = dict(parts(plan, wanted, large or bool(only))), 0
    try:
        note("reading memory")
        report.bytes_read, read = reader(plan.read_bytes)
        report.reading = alternate({"reading": read}, plan.rounds)["reading"]
        del read
        if wanted & STEPPED:
            note("compiling the kernels")
            report.compiling = prepare()
        for name, measure in tuple(waiting.items()):
            note(name)
            before, began = len(report.found), time.perf_counter()
            for news in guarded(name, measure()):
                note(news)
            report.seconds[name] = time.perf_counter() - began
            del waiting[name]
    except KeyboardInterrupt:
        report.interrupted = True
        names = list(waiting)
        if len(report.found) > before:
            names[0] = f"the rest of {names[0]}"
        note(Left(", ".join(names), INTERRUPTED))
    report.others = others.share()
    for left in missing(large, wanted, bool(only)):
        note(left)
    return report


def parts(plan: Plan, wanted: set[str], large: bool) -> Iterator[tuple[str, Callable[[], Found]]]:
    """The parts to measure, by name."""
    for subject in SUBJECTS:
        if subject.name in wanted and (large or not subject.large):
            yield subject.name, partial(decoding.measure, subject, plan)
    for name, measure in OTHERS.items():
        if name in wanted:
            yield name, partial(measure, plan)


def missing(large: bool, wanted: set[str], chosen: bool) -> Iterator[Left]:
    """What this benchmark does not measure here."""
    if chosen:
        skipped = [name for name in NAMES if name not in wanted]
        if skipped:
            yield Left(", ".join(skipped), "--only named other parts")
    else:
        for subject in SUBJECTS:
            if subject.large and not large:
                yield Left(subject.name, "it takes many minutes and gigabytes; --large measures it too")
    refusal = llamacpp.why_not()
    if refusal:
        yield Left("llama.cpp", refusal)


def prepare() -> float | None:
    """Compile the kernels that are not there yet, and say how many seconds that took."""
    if not compiling.installed():
        return None
    waiting = [dtype for dtype in KERNELS if not compiling.is_compiled(dtype)]
    began = time.perf_counter()
    for dtype in waiting:
        compiling.compile_now(compiling.TYPES[dtype])
    return time.perf_counter() - began if waiting else None
