"""How long a checkpoint takes to load and how much anonymous memory that needs, measured in a process of its own.

``python -m playground.benchmarks.loading CHECKPOINT …`` prints one line each. Anonymous memory is what cannot be given
back to the file it came from (RssAnon, Linux); the interpreter's own, with everything imported, is subtracted.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import typer

INTERVAL = 0.002  # seconds between two looks at the process
CHILD = """
import gc, json, sys, time
import torch
import transformers.models.auto.modeling_auto
from playground.checkpoints.families import families
from playground.checkpoints.loader import LoadOptions, load_model
families(), torch.ones(64, 64) @ torch.ones(64, 64)
for line in sys.stdin:
    began = time.perf_counter()
    checkpoint, dtype = json.loads(line)
    if checkpoint is not None:
        model = load_model(checkpoint, LoadOptions(dtype=dtype))
        seconds, card = time.perf_counter() - began, model.card
        print(json.dumps([seconds, card.parameters, card.memory_bytes, card.dtype]), flush=True)
    else:
        model = card = None
        gc.collect()
        print("[]", flush=True)
"""


@dataclass(frozen=True)
class Loading:
    """One load: its time in ``seconds``, the unique ``parameters``, the bytes they take, and the peak in bytes."""

    seconds: float
    parameters: int
    memory_bytes: int
    dtype: str
    peak_bytes: int

    @property
    def ratio(self) -> float:
        """Peak anonymous memory over what the weights take in the dtype they were loaded in."""
        return self.peak_bytes / self.memory_bytes


def anonymous_bytes(pid: int) -> int:
    """RssAnon of a process; elsewhere than on Linux its unique memory, which counts mapped pages too."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return psutil.Process(pid).memory_full_info().uss
    lines = status.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def measure(checkpoints: Sequence[Path | str], dtype: str | None = None) -> Iterator[Loading]:
    """Load ``checkpoints`` one after another in one fresh process and watch its memory.

    Memory that an earlier one has left to the allocator can serve a later one: give them one by one to be exact.
    """
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            for checkpoint in checkpoints:
                _ask(child, None, None)
                before = anonymous_bytes(child.pid)
                answer, peak = _ask(child, str(checkpoint), dtype)
                yield Loading(*answer, peak - before)
        finally:
            child.kill()


def _ask(child: subprocess.Popen, checkpoint: str | None, dtype: str | None) -> tuple[list, int]:
    """The child's answer and the most memory that it had meanwhile."""
    child.stdin.write(json.dumps([checkpoint, dtype]) + "\n")
    child.stdin.flush()
    answer: list[str] = []
    reader = threading.Thread(target=_read_line, args=(child.stdout, answer), daemon=True)
    reader.start()
    peak = 0
    while reader.is_alive():
        peak = max(peak, anonymous_bytes(child.pid))
        reader.join(INTERVAL)
    if not answer[0]:
        raise RuntimeError(f"the process that should load {checkpoint} ended")
    return json.loads(answer[0]), max(peak, anonymous_bytes(child.pid))


def _read_line(stream: IO[str], answer: list[str]) -> None:
    answer.append(stream.readline())


def main(checkpoints: list[str], dtype: str = "") -> None:
    """Measure how each of CHECKPOINTS loads, each in a process of its own."""
    typer.echo(
        f"{'checkpoint':32} {'dtype':9} {'parameters':>13} {'weights':>9} {'peak':>9} {'ratio':>6} {'seconds':>8}"
    )
    for checkpoint in checkpoints:
        for found in measure([checkpoint], dtype or None):
            typer.echo(
                f"{Path(checkpoint).name:32} {found.dtype:9} {found.parameters:13,} {found.memory_bytes / 1e6:7,.0f}MB "
                f"{found.peak_bytes / 1e6:7,.0f}MB {found.ratio:6.3f} {found.seconds:8.2f}"
            )


if __name__ == "__main__":
    typer.run(main)
