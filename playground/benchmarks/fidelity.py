"""What weights of 8 bits change: next-token probabilities of the trained demos beside those in float32.

Held-out text is read token by token, each after the true ones before it, by the steps that would write it.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from playground.benchmarks.measured import Left, Measurement, Target, guarded
from playground.benchmarks.plan import Plan
from playground.checkpoints.loader import LoadOptions, load_model
from playground.checkpoints.model import LanguageModel
from playground.decode import paths
from playground.settings import Settings

HELD_OUT = "held-out.jsonl"
WINDOW = 65  # tokens of a text, at most: the first is the prompt
DIVERGENCE, AGREEMENT = 1e-4, 99.0  # nats at most, percent at least


class Fidelity(NamedTuple):
    """The mean and the largest KL divergence in nats, and the share of ``positions`` with the same likeliest token."""

    mean: float
    most: float
    agreement: float
    positions: int


def measure(plan: Plan, path: str = paths.INT8, folder: Path | None = None) -> Iterator[Measurement | Left | str]:
    """Every demo in ``folder`` (by default the shipped ones) that writes text, on ``path``."""
    folder = Settings().checkpoints if folder is None else folder
    demos = [found.parent for found in sorted(folder.glob(f"*/{HELD_OUT}"))]
    if not demos:
        yield Left("fidelity", f"there are no demo checkpoints with held-out text in {folder}")
    for demo in demos:
        yield f"fidelity of {demo.name}"
        yield from guarded(f"fidelity of {demo.name}", _demo(plan, path, demo))


def _demo(plan: Plan, path: str, demo: Path) -> Iterator[Measurement | Left]:
    model = load_model(demo, LoadOptions(dtype=torch.float32))
    if not isinstance(model, LanguageModel):
        return  # it draws pictures, and has no token steps
    refusal = paths.why_not(model.network, path)
    if refusal:
        yield Left(f"fidelity of {demo.name}", refusal)
        return
    lines = (demo / HELD_OUT).read_text(encoding="utf-8").splitlines()
    texts = [model.prompt_ids(json.loads(line)["text"]) for line in spaced(lines, -(-plan.positions // (WINDOW - 1)))]
    found = compare(model, texts, path, plan.positions)
    facts = {"kind": "fidelity", "path": path} | found._asdict()
    yield Measurement(
        demo.name, f"{path}, KL over {found.positions} positions", "float32", found.mean, unit="nats",
        target=Target(DIVERGENCE, at_most=True), facts=facts,
    )  # fmt: skip
    yield Measurement(
        demo.name, f"{path}, same likeliest token", "float32", 100 * found.agreement, unit="%",
        target=Target(AGREEMENT), facts=facts,
    )  # fmt: skip


def spaced(lines: Sequence[str], count: int) -> list[str]:
    """``count`` of the lines, or all if there are fewer, evenly spaced: sources follow one another in a file."""
    count = min(count, len(lines))
    return [lines[i * len(lines) // count] for i in range(count)]


def compare(
    model: LanguageModel, texts: Sequence[Sequence[int]], path: str, most: int, window: int = WINDOW
) -> Fidelity:
    """Steps on ``path`` beside the network's own float32 forward, over at most ``most`` positions of ``texts``."""
    divergences: list[Tensor] = []
    same: list[Tensor] = []
    left = most
    for ids in texts:
        ids = list(ids[: min(window, left + 1, model.network.context_length)])
        if len(ids) < 2 or left < 1:
            continue
        exact = model.logits(ids)[1:].double().log_softmax(-1)  # the first comes from the prefill, on every path
        stepped = torch.stack(list(_steps(model, path, ids))).double().log_softmax(-1)
        divergences.append((exact.exp() * (exact - stepped)).sum(-1))
        same.append(exact.argmax(-1) == stepped.argmax(-1))
        left -= len(ids) - 1
    if not divergences:
        raise RuntimeError("the held-out texts are shorter than two tokens")
    divergence, agreed = torch.cat(divergences), torch.cat(same)
    return Fidelity(float(divergence.mean()), float(divergence.max()), float(agreed.double().mean()), len(agreed))


def _steps(model: LanguageModel, path: str, ids: list[int]) -> Iterator[Tensor]:
    """Float32 logits ``(vocab_size,)`` after each token but the first."""
    decoder = paths.open_decoder(model.network, path)
    for _ in decoder.prefill(ids[:1]):
        pass
    for token in ids[1:]:
        yield decoder.step([token])[0].float()
