"""Several texts at once, beside transformers' batch and beside one after another."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from playground.benchmarks.measured import Measurement, Target
from playground.benchmarks.plan import Plan
from playground.benchmarks.timing import alternate
from playground.benchmarks.writing import WARM, Pair, lengths, of, random_prompt, write

ROWS_TARGET = 1.5  # as many times as fast


def measure(plan: Plan, pair: Pair) -> Iterator[Measurement]:
    """One text is written and counted as often as there are rows: the next would take as long.

    A round is as long as it is even, so few are enough.
    """
    prompt, tokens = lengths(pair.model, plan)
    ids, rows = random_prompt(pair.model, prompt), plan.rows
    runs: dict[str, Callable[[int], Any]] = {
        "transformers": partial(pair.peer.ask, "generate", ids, rows),
        "one": lambda tokens: write(pair.model, pair.chosen, ids, tokens),
        "together": lambda tokens: write(pair.model, pair.chosen, ids, tokens, rows),
    }
    found = alternate(of(runs, tokens), min(plan.fewer, plan.rounds), of(runs, WARM), device=plan.device)
    own = found["together"].over(rows * tokens)
    for theirs, against, bound in (
        (found["transformers"].over(rows * tokens), f"transformers' batch of {rows}, {pair.dtype}", ROWS_TARGET),
        (found["one"].over(tokens), "one after another", 1),
    ):
        yield Measurement(
            pair.about, f"{rows} samples at once, {pair.chosen}, {pair.dtype}", against, theirs.median / own.median,
            own, theirs, target=Target(bound) if plan.device == "cpu" else None,
            facts={"kind": "rows", "path": pair.chosen, "dtype": pair.dtype, "rows": rows, "tokens": tokens},
        )  # fmt: skip
