"""The command ``benchmark``: how fast the playground is on the reader's own machine."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from playground.errors import InvalidRequest

INTERRUPTED = 130  # exit code, as a shell gives it after Ctrl-C
BUSY = 0.05  # of the processor, taken by other programs: the numbers are then those of the rest


def add_benchmark_command(app: typer.Typer) -> None:
    """Add the command to ``app``. What it measures is imported when it runs: torch takes a second."""

    @app.command()
    def benchmark(
        quick: Annotated[bool, typer.Option("--quick", help="Few layers and tokens: a minute or two.")] = False,
        only: Annotated[
            list[str] | None, typer.Option(help="Only this part, e.g. shard, backpack, sampling, loading; repeat.")
        ] = None,
        large: Annotated[bool, typer.Option("--large", help="Also the Backpack of 1.35 billion weights.")] = False,
        tokens: Annotated[int | None, typer.Option(min=2, max=1024, help="New tokens of each text; 128.")] = None,
        rounds: Annotated[
            int | None, typer.Option(min=1, max=100, help="How often everything is measured; 5, or 2 with --quick.")
        ] = None,
        threads: Annotated[int | None, typer.Option(min=1, help="Threads; by default torch's own choice.")] = None,
        json_file: Annotated[Path | None, typer.Option("--json", help="Write all numbers to this file.")] = None,
        picture: Annotated[Path | None, typer.Option(help="Draw the token steps as SVG into this file.")] = None,
    ) -> None:
        """Measure speed beside transformers, and llama.cpp if it is installed, in turn.

        Random weights of the published sizes; each line is told as it is found, and Ctrl-C keeps what there is.
        """
        for path in (json_file, picture):
            if path is not None and not path.absolute().parent.is_dir():
                raise InvalidRequest(f"{path} cannot be written: there is no folder {path.parent}. Make it first.")
        _quieten()
        import torch

        if threads is not None:
            torch.set_num_threads(threads)  # before numba, which starts as many

        from playground.benchmarks import suite
        from playground.benchmarks.plan import QUICK, Plan
        from playground.benchmarks.telling import Teller

        given = {name: value for name, value in {"tokens": tokens, "rounds": rounds}.items() if value is not None}
        plan = Plan(**(QUICK if quick else {}) | given)
        tell = Teller(sys.stderr, plan.size == "published")
        with _interruptible():
            report = suite.run(plan, only or (), large, tell)
        tell.done()
        where = _print(report)
        if json_file is not None:
            _write(json_file, json.dumps(report.as_json(), indent=2, allow_nan=False) + "\n")
        if picture is not None:
            from playground.benchmarks.picture import draw

            _write(picture, draw(report.found, where))
        if report.interrupted:
            raise typer.Exit(INTERRUPTED)


def _print(report: Any) -> str:
    """Print the table and what belongs to it; return the machine in words."""
    from playground.benchmarks.measured import line, table

    facts = report.machine
    where = f"{facts['processor']}, {facts['threads']} thread{'s' * (facts['threads'] != 1)}"
    print(f"{where}; " + ", ".join(f"{name} {number}" for name, number in facts["versions"].items() if number))
    if report.reading is not None:
        read = report.bytes_read / report.reading.median / 1e9
        print(f"Reads {read:.1f} GB/s (torch.sum over {report.bytes_read / 1e9:.1f} GB)")
    advice = " Close them and measure again." if report.others > BUSY else ""
    print(f"Other programs took {report.others:.0%} of the processor meanwhile.{advice}")
    if report.compiling is not None:
        print(f"Compiling the kernels took {report.compiling:.0f} s, once on this machine; it counts nowhere.")
    if report.found:
        print(table(report.found, report.judged))
    if not report.judged:
        print("These are not the published sizes, so the targets are not judged.")
    for left in report.left:
        print(line(left))
    return where


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C, which otherwise ends the process at once, and a request to end are raised as KeyboardInterrupt."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _quieten() -> None:
    """transformers warns of what does not matter with random weights."""
    from transformers.utils import logging

    logging.set_verbosity_error()


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be written: {error.strerror or error}. Choose another place.") from None
