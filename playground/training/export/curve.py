"""The training curve that goes with a checkpoint."""

import json
from pathlib import Path


def thin_curve(curve: Path, target: Path, most: int = 200) -> None:
    """Copy at most about ``most`` lines of a training curve: every one with held-out measures, others evenly."""
    lines = curve.read_text(encoding="utf-8").splitlines()
    measured = [len(json.loads(line)) > 5 for line in lines]
    every = max(1, -(-len(lines) // max(1, most - sum(measured))))
    kept = [line for i, line in enumerate(lines) if measured[i] or i % every == 0]
    target.write_text("\n".join(kept) + "\n", encoding="utf-8")
