"""The same table on a GPU, where there is one."""

from collections.abc import Iterator
from dataclasses import replace

import torch

from playground.benchmarks import decoding
from playground.benchmarks.measured import Left, Measurement
from playground.benchmarks.plan import Plan
from playground.benchmarks.subjects import SUBJECTS


def measure(plan: Plan, device: str = "cuda") -> Iterator[Measurement | Left | str]:
    """Token steps, prompts and rows of all but the largest models on the GPU, with the share of its own bandwidth."""
    if not torch.cuda.is_available():
        yield Left("gpu", "there is none that torch can use")
        return
    for subject in SUBJECTS:
        if not subject.large:
            yield from decoding.measure(subject, replace(plan, device=device))
