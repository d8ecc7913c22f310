"""How fast the playground writes tokens, beside transformers on a Llama that reads as many bytes for each.

Both write greedily after the same number of prompt tokens; the prompt's time is part of theirs and ours.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from playground.benchmarks.measured import Left, Measurement, Target
from playground.benchmarks.subjects import Subject, equal_llama, generate, peer_weights, weights_read
from playground.benchmarks.timing import MOST_BYTES, alternate, reader
from playground.checkpoints.memory import available_memory
from playground.checkpoints.model import LanguageModel
from playground.decode import paths
from playground.decode.paths import COMPILED, INT8, PATHS, TORCH
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample_rows
from playground.generation.steps import Row, Step

TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
BYTES_OF_INT8 = 1 + 4 / 64  # with the factor that 64 weights share
ROOM = 1.2  # times the weights
WARM = 2  # tokens of a run that is not counted
ROWS_TARGET, CACHED_TARGET, TORCH_TARGET = 1.5, 10, 3  # as many times as fast


@dataclass(frozen=True)
class Plan:
    """How much of everything is measured.

    Attributes:
        size: one of ``subjects.SIZES``. prompt: its tokens. tokens: new ones. prefill: tokens of a long prompt.
        rows: samples at once. rounds: of each measurement. read_bytes: at most, to see how fast memory is.
    """

    size: str = "published"
    prompt: int = 32
    tokens: int = 128
    prefill: int = 512
    rows: int = 8
    rounds: int = 5
    read_bytes: int = MOST_BYTES


def bytes_needed(subject: Subject, plan: Plan, dtype: torch.dtype) -> int:
    """Memory for a model, its 8-bit copy and its peer."""
    return int(ROOM * subject.parameters(plan.size) * (2 * dtype.itemsize + BYTES_OF_INT8))


def write(model: LanguageModel, path: str, ids: list[int], tokens: int, rows: int = 1) -> list[list[int]]:
    """The tokens that the playground's own loop writes greedily in each row."""
    options = SamplingOptions(max_new_tokens=tokens, temperature=0, stop_ids=())
    written: list[list[int]] = [[] for _ in range(rows)]
    for event in sample_rows(model, ids, [Row(options)] * rows, path):
        if isinstance(event, Step):
            written[event.row].append(event.token_id)
    if any(len(row) != tokens for row in written):
        raise RuntimeError(f"the playground wrote {[len(row) for row in written]} tokens instead of {tokens}")
    return written


def measure(subject: Subject, plan: Plan) -> Iterator[Measurement | Left]:
    """Every path in every precision, prompts, and several rows at once; for a Backpack also what its cache is worth."""
    for name, dtype in TYPES.items():
        needed, free = bytes_needed(subject, plan, dtype), available_memory()
        if needed > free:
            why = f"it needs {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free"
            yield Left(f"{subject.name} in {name}", why)
            continue
        model = subject.model(plan.size, dtype)
        peer = equal_llama(model.network, dtype)
        chosen = paths.choose(model.network).path
        there = [path for path in PATHS if path != TORCH and paths.why_not(model.network, path) is None]
        if dtype != torch.float32 and INT8 in there:
            there.remove(INT8)  # the same as from float32
        if COMPILED not in there:
            yield Left(f"{subject.name} in {name}, compiled", paths.why_not(model.network, COMPILED))
        yield from _steps(subject, plan, model, peer, name, there, chosen)
        yield _prefill(subject, plan, model, peer, name, chosen)
        if dtype != torch.float32:
            yield from _rows(subject, plan, model, peer, name, [path for path in there if path != INT8], chosen)
        elif "senses" in model.abilities:
            yield _cached(subject, plan, model, chosen)
        if "senses" in model.abilities:
            yield _fresh(subject, plan, model, peer, name, chosen)
        if paths.why_not(model.network, TORCH) is None:
            model = None
            model = subject.model(plan.size, dtype)  # this path lays the weights out anew, so it gets its own
            yield from _steps(subject, plan, model, peer, name, [TORCH], chosen)
        del model, peer


def _prompt(model: LanguageModel, length: int, seed: int = 0) -> list[int]:
    return torch.randint(model.network.vocab_size, (length,), generator=torch.Generator().manual_seed(seed)).tolist()


def _lengths(model: LanguageModel, plan: Plan) -> tuple[int, int]:
    """Tokens of the prompt and new ones, no more than the context holds."""
    context = model.network.context_length
    tokens = min(plan.tokens, context - 2)
    return min(plan.prompt, context - tokens - 1), tokens


def _steps(
    subject: Subject, plan: Plan, model: LanguageModel, peer: nn.Module, dtype: str, tried: list[str], chosen: str
) -> Iterator[Measurement]:
    prompt, tokens = _lengths(model, plan)
    ids = _prompt(model, prompt)
    runs: dict[str, Callable[[], Any]] = {"transformers": partial(generate, peer, torch.tensor([ids]), tokens)}
    warm: dict[str, Callable[[], Any]] = {"transformers": partial(generate, peer, torch.tensor([ids]), WARM)}
    for path in tried:
        runs[path], warm[path] = partial(write, model, path, ids, tokens), partial(write, model, path, ids, WARM)
    size, runs["reading"] = reader(plan.read_bytes)
    found = alternate(runs, plan.rounds, warm)
    weights, theirs, speed = weights_read(model.network), found["transformers"], size / found["reading"].median
    for path in tried:
        size = BYTES_OF_INT8 if path == INT8 else TYPES[dtype].itemsize
        share = weights * size * tokens / found[path].median / speed
        yield Measurement(
            about=subject.name,
            what=f"{path}, {dtype}" if path != INT8 else "int8",
            against=f"transformers, {dtype}",
            value=theirs.median / found[path].median,
            seconds=found[path].over(tokens),
            peer_seconds=theirs.over(tokens),
            share=share,
            target=_target(subject, path, dtype, chosen),
            facts={
                "kind": "steps", "path": path, "dtype": dtype, "chosen": path == chosen, "prompt": prompt,
                "tokens": tokens, "tokens_per_second": tokens / found[path].median,
                "peer_tokens_per_second": tokens / theirs.median, "bytes_per_token": weights * size,
                "peer_bytes_per_token": peer_weights(peer) * TYPES[dtype].itemsize,
                "read_bytes_per_second": speed, "roofline_tokens_per_second": speed / (weights * size),
            },
        )  # fmt: skip
        if subject.share is not None and path == chosen and dtype == "float32":
            yield Measurement(
                subject.name, f"{path}, {dtype}", "the read bandwidth", 100 * share, unit="%",
                target=Target(100 * subject.share),
            )  # fmt: skip


def _target(subject: Subject, path: str, dtype: str, chosen: str) -> Target | None:
    """What is promised: of the path that the playground takes by itself, of int8, and of torch without a compiler."""
    real, half, eight = subject.targets
    if path == INT8:
        return None if eight is None else Target(eight)
    if path == chosen:
        return Target(real if dtype == "float32" else half, or_share=subject.or_share)
    return Target(TORCH_TARGET) if path == TORCH and subject.name == "shard" else None


def _prefill(subject: Subject, plan: Plan, model: LanguageModel, peer: nn.Module, dtype: str, path: str) -> Measurement:
    ids = _prompt(model, min(plan.prefill, model.network.context_length))
    batch = torch.tensor([ids])

    def ours() -> None:
        for _ in paths.open_decoder(model.network, path).prefill(ids):
            pass

    @torch.inference_mode()
    def theirs() -> None:
        peer(batch, use_cache=True, logits_to_keep=1)

    found = alternate({"ours": ours, "theirs": theirs}, plan.rounds)
    return Measurement(
        subject.name, f"prompt of {len(ids)}, {dtype}", f"transformers, {dtype}",
        found["theirs"].median / found["ours"].median, found["ours"], found["theirs"], "prompt", target=Target(1),
        facts={"kind": "prefill", "dtype": dtype},
    )  # fmt: skip


def _rows(
    subject: Subject, plan: Plan, model: LanguageModel, peer: nn.Module, dtype: str, tried: list[str], chosen: str
) -> Iterator[Measurement]:
    prompt, tokens = _lengths(model, plan)
    ids, rows = _prompt(model, prompt), plan.rows
    batch = torch.tensor([ids] * rows)

    def in_turn(tokens: int) -> None:
        for _ in range(rows):
            write(model, chosen, ids, tokens)

    runs: dict[str, Callable[[int], Any]] = {"transformers": partial(generate, peer, batch), "in turn": in_turn}
    for path in tried:
        runs[path] = partial(_write_rows, model, path, ids, rows)
    found = alternate(_of(runs, tokens), plan.rounds, _of(runs, WARM))
    for path in tried:
        for other, against, bound in (
            ("transformers", f"transformers' batch of {rows}, {dtype}", ROWS_TARGET),
            ("in turn", "one after another", 1),
        ):
            yield Measurement(
                subject.name, f"{rows} samples at once, {path}, {dtype}", against,
                found[other].median / found[path].median, found[path].over(rows * tokens),
                found[other].over(rows * tokens), target=Target(bound) if path == chosen else None,
                facts={"kind": "rows", "path": path, "dtype": dtype, "rows": rows, "tokens": tokens},
            )  # fmt: skip


def _of(runs: Mapping[str, Callable[[int], Any]], tokens: int) -> dict[str, Callable[[], Any]]:
    return {name: partial(run, tokens) for name, run in runs.items()}


def _write_rows(model: LanguageModel, path: str, ids: list[int], rows: int, tokens: int) -> None:
    write(model, path, ids, tokens, rows)


def _cached(subject: Subject, plan: Plan, model: LanguageModel, path: str) -> Measurement:
    """A token with the cache beside a forward over a text of middle length, which the public code runs for each."""
    prompt, tokens = _lengths(model, plan)
    ids = _prompt(model, prompt + tokens // 2)
    found = alternate(
        {"cached": partial(write, model, path, ids[:prompt], tokens), "whole": partial(model.logits, ids)},
        plan.rounds,
        {"cached": partial(write, model, path, ids[:prompt], WARM)},
    )
    own = found["cached"].over(tokens)
    return Measurement(
        subject.name, f"cached, {path}, float32", f"forward over {len(ids)} tokens for each",
        found["whole"].median / own.median, own, found["whole"], target=Target(CACHED_TARGET),
        facts={"kind": "cached", "path": path},
    )  # fmt: skip


def _fresh(subject: Subject, plan: Plan, model: LanguageModel, peer: nn.Module, dtype: str, path: str) -> Measurement:
    """Another text in each round: the senses of its words are not remembered from the round before."""
    prompt, tokens = _lengths(model, plan)
    seeds = itertools.count(1)

    def ours(tokens: int) -> None:
        write(model, path, _prompt(model, prompt, next(seeds)), tokens)

    def theirs(tokens: int) -> None:
        generate(peer, torch.tensor([_prompt(model, prompt, next(seeds))]), tokens)

    runs = {"ours": ours, "theirs": theirs}
    found = alternate(_of(runs, tokens), plan.rounds, _of(runs, WARM))
    return Measurement(
        subject.name, f"{path}, {dtype}, new words each time", f"transformers, {dtype}",
        found["theirs"].median / found["ours"].median, found["ours"].over(tokens), found["theirs"].over(tokens),
        facts={"kind": "fresh", "path": path, "dtype": dtype},
    )  # fmt: skip
