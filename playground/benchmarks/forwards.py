"""Whole forwards: a long prompt beside transformers', and what a cache saves a Backpack."""

from collections.abc import Iterator
from functools import partial

from playground.benchmarks.measured import Measurement, Target
from playground.benchmarks.plan import Plan
from playground.benchmarks.timing import alternate
from playground.benchmarks.writing import WARM, Pair, lengths, random_prompt, write
from playground.decode import paths

CACHED_TARGET = 10  # as many times as fast


def prompt(plan: Plan, pair: Pair) -> Iterator[Measurement]:
    """Reading a prompt, up to the logits after it."""
    network, path = pair.model.network, pair.chosen
    ids = random_prompt(pair.model, min(plan.prefill, network.context_length))

    def ours() -> None:
        for _ in paths.open_decoder(network, path).prefill(ids):
            pass

    found = alternate({"ours": ours, "theirs": partial(pair.peer.ask, "read", ids)}, plan.rounds, device=plan.device)
    yield Measurement(
        pair.about, f"prompt of {len(ids)}, {pair.dtype}", f"transformers, {pair.dtype}",
        found["theirs"].median / found["ours"].median, found["ours"], found["theirs"], "prompt",
        target=Target(1) if plan.device == "cpu" else None, facts={"kind": "prefill", "dtype": pair.dtype},
    )  # fmt: skip


def cached(plan: Plan, pair: Pair) -> Iterator[Measurement]:
    """A token with the cache beside a forward over a text of middle length, which the public code runs for each."""
    model, path = pair.model, pair.chosen
    length, tokens = lengths(model, plan)
    ids = random_prompt(model, length + tokens // 2)
    found = alternate(
        {"cached": partial(write, model, path, ids[:length], tokens), "whole": partial(model.logits, ids)},
        plan.rounds,
        {"cached": partial(write, model, path, ids[:length], WARM)},
        device=plan.device,
    )
    own = found["cached"].over(tokens)
    yield Measurement(
        pair.about, f"cached, {path}, {pair.dtype}", f"forward over {len(ids)} tokens for each",
        found["whole"].median / own.median, own, found["whole"],
        target=Target(CACHED_TARGET) if plan.device == "cpu" else None,
        facts={"kind": "cached", "path": path, "dtype": pair.dtype},
    )  # fmt: skip
