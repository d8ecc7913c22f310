"""The command ``benchmark``: how fast the playground is on the reader's own machine."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from playground.errors import InvalidRequest


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
        """Measure speed beside transformers, in turn, with random weights of the published sizes."""
        for path in (json_file, picture):
            if path is not None and not path.absolute().parent.is_dir():
                raise InvalidRequest(f"{path} cannot be written: there is no folder {path.parent}. Make it first.")
        _quieten()
        import torch

        if threads is not None:
            torch.set_num_threads(threads)  # before numba, which starts as many

        from playground.benchmarks import suite
        from playground.benchmarks.decoding import Plan
        from playground.benchmarks.measured import table

        given = {name: value for name, value in {"tokens": tokens, "rounds": rounds}.items() if value is not None}
        plan = Plan(**(suite.QUICK if quick else {}) | given)
        report = suite.run(plan, only or (), large, _tell)
        _tell("")
        facts, read = report.machine, report.bytes_read / report.reading.median / 1e9
        where = f"{facts['processor']}, {facts['threads']} thread{'s' * (facts['threads'] != 1)}"
        print(f"{where}; " + ", ".join(f"{name} {number}" for name, number in facts["versions"].items()))
        print(f"Reads {read:.1f} GB/s (torch.sum over {report.bytes_read / 1e9:.1f} GB)")
        if report.compiling is not None:
            print(f"Compiling the kernels took {report.compiling:.0f} s, once on this machine; it counts nowhere.")
        if report.found:
            print(table(report.found, report.judged))
        if not report.judged:
            print("These are not the published sizes, so the targets are not judged.")
        for left in report.left:
            print(f"Not measured: {left.what}: {left.why}")
        if json_file is not None:
            _write(json_file, json.dumps(report.as_json(), indent=2, allow_nan=False) + "\n")
        if picture is not None:
            from playground.benchmarks.picture import draw

            _write(picture, draw(report.found, where))


def _quieten() -> None:
    """transformers warns of what does not matter with random weights."""
    from transformers.utils import logging

    logging.set_verbosity_error()


def _tell(news: Any) -> None:
    """What is being done, in the terminal's last line; into a file or pipe nothing is written."""
    if sys.stderr.isatty():
        text = news if isinstance(news, str) else f"{getattr(news, 'about', '')} {news.what}"
        print(f"\r\033[K{text} …" if text else "\r\033[K", end="", file=sys.stderr, flush=True)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be written: {error.strerror or error}. Choose another place.") from None
