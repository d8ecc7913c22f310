"""What drawing a token costs beside computing it, at the Backpack's vocabulary of 50,264."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch

from playground.benchmarks.decoding import bytes_needed
from playground.benchmarks.measured import Left, Measurement, Target
from playground.benchmarks.plan import Plan
from playground.benchmarks.subjects import SUBJECTS
from playground.benchmarks.timing import alternate
from playground.checkpoints.memory import available_memory
from playground.decode import paths
from playground.generation.options import SamplingOptions
from playground.generation.row_state import RowState
from playground.generation.steps import Row

MOST = 20  # tokens that are drawn at a time
SPREAD = 4.0  # of the random logits; some 500 tokens then have 95 % of the probability
TEMPERATURE = 0.8
SETTINGS = {"top-k 50": {"top_k": 50}, "top-p 0.95": {"top_p": 0.95}}
PERCENT = 5.0  # of a step, at most
BACKPACK = next(subject for subject in SUBJECTS if subject.name == "backpack")


def measure(plan: Plan) -> Iterator[Measurement | Left]:
    """Draws beside a step of the Backpack in 16 bit, and beside transformers' processors."""
    dtype = torch.bfloat16
    needed, free = bytes_needed(BACKPACK, plan, dtype), available_memory()
    if needed > free:
        yield Left("sampling", f"a step needs {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free")
        return
    model = BACKPACK.model(plan.size, dtype)
    vocabulary, context = model.network.vocab_size, model.network.context_length
    path = paths.choose(model.network).path
    decoder = paths.open_decoder(model.network, path)
    for _ in decoder.prefill([0] * min(plan.prompt, context // 2)):
        pass
    count = max(1, min(MOST, (context - decoder.cache.length) // (len(SETTINGS) * (plan.rounds + 1))))
    logits = SPREAD * torch.randn(vocabulary, generator=torch.Generator().manual_seed(2))
    for name, settings in SETTINGS.items():
        options = SamplingOptions(temperature=TEMPERATURE, **settings)
        row = RowState(model, 0, Row(options), [0])
        runs = {
            "step": partial(decoder.step, [0]),
            "draw": partial(row.draw, logits),
            "transformers": partial(_transformers, _processors(settings), logits),
        }
        found = alternate({kind: partial(_repeat, run, count) for kind, run in runs.items()}, plan.rounds)
        step, draw, theirs = (found[kind].over(count) for kind in runs)
        survivors = len(row.warpers.survivors([0], logits)[0])
        yield Measurement(
            "sampling", f"{name} of {vocabulary:,}", f"a step, {path}, bfloat16", 100 * draw.median / step.median,
            draw, step, unit="%", target=Target(PERCENT, at_most=True),
            facts={"kind": "sampling", "survivors": survivors, "path": path},
        )  # fmt: skip
        yield Measurement(
            "sampling", f"{name} of {vocabulary:,}", "transformers' processors", theirs.median / draw.median, draw,
            theirs, facts={"kind": "sampling", "survivors": survivors},
        )  # fmt: skip


def _repeat(run: Callable[[], Any], count: int) -> None:
    for _ in range(count):
        run()


def _processors(settings: dict[str, Any]) -> Any:
    from transformers.generation import logits_process

    chosen = logits_process.LogitsProcessorList([logits_process.TemperatureLogitsWarper(TEMPERATURE)])
    if "top_k" in settings:
        chosen.append(logits_process.TopKLogitsWarper(settings["top_k"]))
    if "top_p" in settings:
        chosen.append(logits_process.TopPLogitsWarper(settings["top_p"]))
    return chosen


@torch.inference_mode()
def _transformers(processors: Any, logits: torch.Tensor) -> int:
    scores = processors(None, logits[None])
    return int(torch.multinomial(scores.softmax(-1), 1))
