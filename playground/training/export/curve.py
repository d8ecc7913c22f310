"""The training curve that goes with a checkpoint."""

import json
from pathlib import Path

COUNTS = ("step", "tokens", "images", "seconds")  # what a run that goes on counts from where the one before ended


def thin_curve(curve: Path, target: Path, most: int = 200, before: Path | None = None) -> None:
    """Copy at most about ``most`` lines of a training curve: every one with held-out measures, others evenly.

    Args:
        before: the curve of the checkpoint that the run started from; its lines come first, and the new ones count on.
    """
    lines = curve.read_text(encoding="utf-8").splitlines()
    measured = [len(json.loads(line)) > 5 for line in lines]
    every = max(1, -(-len(lines) // max(1, most - sum(measured))))
    kept = [line for i, line in enumerate(lines) if measured[i] or i % every == 0 or i == len(lines) - 1]
    if before is not None and before.exists():
        earlier = before.read_text(encoding="utf-8").splitlines()
        kept = [*earlier, *(_after(json.loads(earlier[-1]), line) for line in kept)]
    target.write_text("\n".join(kept) + "\n", encoding="utf-8")


def _after(last: dict, line: str) -> str:
    """``line`` of a curve as it counts on after the line ``last``."""
    record = json.loads(line)
    return json.dumps(
        {name: round(value + last.get(name, 0), 1) if name in COUNTS else value for name, value in record.items()}
    )
