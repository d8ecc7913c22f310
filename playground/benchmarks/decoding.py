"""How fast the playground writes tokens, beside others on a Llama that reads as many bytes for each.

All write greedily after the same number of prompt tokens; the prompt's time is part of theirs and ours.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch

from playground.benchmarks import forwards, llamacpp, peers, rows
from playground.benchmarks.measured import Left, Measurement, Target, guarded, reason
from playground.benchmarks.peers import Asked
from playground.benchmarks.plan import Plan
from playground.benchmarks.subjects import Subject, equal_sizes, weights_read
from playground.benchmarks.timing import Spread, alternate, free_memory, reader
from playground.benchmarks.writing import TYPES, WARM, Pair, lengths, of, random_prompt, write
from playground.checkpoints.model import LanguageModel
from playground.decode import paths
from playground.decode.paths import COMPILED, GRAPH, INT8, PATHS, PLAIN, TORCH

BYTES_OF_INT8 = 1 + 4 / 32  # with the factor that 32 weights share; 16 do in the head
ROOM = 1.2  # times the weights
TORCH_TARGET = 3  # as many times as fast
NEW_WORDS = "new words each time"


def bytes_needed(subject: Subject, plan: Plan, dtype: torch.dtype) -> int:
    """Memory for a model, its 8-bit copy and its peer."""
    return int(ROOM * subject.parameters(plan.size) * (2 * dtype.itemsize + BYTES_OF_INT8))


def measure(subject: Subject, plan: Plan) -> Iterator[Measurement | Left | str]:
    """Every path in every precision, prompts, and several rows at once; for a Backpack also what its cache is worth.

    Names what it is about to measure before it does; what fails is left out with the reason.
    """
    about = subject.name if plan.device == "cpu" else f"{subject.name}, GPU"
    with peers.opened() as peer:
        for name, dtype in TYPES.items():
            needed, free = bytes_needed(subject, plan, dtype), free_memory(plan.device)
            if needed > free:
                why = f"it needs {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free"
                yield Left(f"{about} in {name}", why)
                continue
            yield f"{about}, {name}"
            yield from guarded(f"{about} in {name}", _precision(subject, plan, about, name, free - needed, peer))


def _precision(
    subject: Subject, plan: Plan, about: str, name: str, spare: int, peer: Asked
) -> Iterator[Measurement | Left | str]:
    dtype = TYPES[name]
    model = subject.model(plan.size, dtype, plan.device)
    counted = model if plan.device == "cpu" else subject.model(plan.size, dtype)  # steps are recorded on a processor
    weights, sizes = weights_read(counted.network), equal_sizes(counted.network)
    del counted
    peer_weights = peer.ask("make", sizes, name, plan.device, torch.get_num_threads())
    chosen = paths.choose(model.network).path
    models = {path: model for path in PATHS if paths.why_not(model.network, path) is None}
    if name != "float32":
        models.pop(INT8, None)  # the same as from float32
        if chosen != PLAIN:
            del models[PLAIN]  # seen in float32, and slow
    if TORCH in models and len(models) > 1:  # this path lays the weights out anew, so it gets its own
        del models[TORCH]
        if ROOM * subject.parameters(plan.size) * dtype.itemsize <= spare:
            models[TORCH] = subject.model(plan.size, dtype)
        else:
            yield Left(f"{about} in {name}, torch", "there is no memory for a second copy of the weights")
    fastest = COMPILED if plan.device == "cpu" else GRAPH
    if fastest not in models:
        yield Left(f"{about} in {name}, {fastest}", paths.why_not(model.network, fastest))
    pair = Pair(about, name, weights, models, chosen, peer, peer_weights)
    yield from guarded(f"{about} in {name}, token steps", _steps(subject, plan, pair))
    if chosen != TORCH:
        models.pop(TORCH, None)  # frees its weights
    yield f"{about}, {name}, a long prompt"
    yield from guarded(f"{about} in {name}, a long prompt", forwards.prompt(plan, pair))
    if name != "float32":
        yield f"{about}, {name}, {plan.rows} samples at once"
        yield from guarded(f"{about} in {name}, {plan.rows} samples at once", rows.measure(plan, pair))
    elif "senses" in model.abilities:
        yield from guarded(f"{about} in {name}, cached", forwards.cached(plan, pair))


def _steps(subject: Subject, plan: Plan, pair: Pair) -> Iterator[Measurement | Left]:
    """Token steps on every path, a read of memory, transformers and llama.cpp, all in turn."""
    prompt, tokens = lengths(pair.model, plan)
    ids = random_prompt(pair.model, prompt)
    runs: dict[str, Callable[[int], Any]] = {"transformers": partial(pair.peer.ask, "generate", ids, 1)}
    for kind in _llama_kinds(subject, plan, pair):
        try:
            pair.peer.ask("open_llama", kind, prompt + tokens)
        except Exception as error:
            yield Left(f"{pair.about} in llama.cpp's {kind}", reason(error))
        else:
            runs[_llama(kind)] = partial(pair.peer.ask, "llama", kind, ids)
    runs |= {path: partial(write, model, path, ids) for path, model in pair.paths.items()}
    if "senses" in pair.model.abilities:
        runs[NEW_WORDS] = _with_new_words(pair.model, pair.chosen, prompt)
    size, read = reader(plan.read_bytes, plan.device)
    failed: dict[str, Exception] = {}
    found = alternate(
        of(runs, tokens) | {"reading": read}, plan.rounds, of(runs, WARM),
        fewer=dict.fromkeys(_no_target(subject, pair), min(plan.fewer, plan.rounds)),
        failed=failed, device=plan.device,
    )  # fmt: skip
    pair.peer.ask("close_llamas")
    yield from (Left(f"{pair.about} in {pair.dtype}, {name}", reason(error)) for name, error in failed.items())
    if "transformers" in found:
        speed = size / found["reading"].median
        for path in (path for path in pair.paths if path in found):
            yield from _lines(subject, plan, pair, path, found, (prompt, tokens), speed)
        if NEW_WORDS in found:
            yield Measurement(
                pair.about, f"{pair.chosen}, {pair.dtype}, {NEW_WORDS}", f"transformers, {pair.dtype}",
                found["transformers"].median / found[NEW_WORDS].median, found[NEW_WORDS].over(tokens),
                found["transformers"].over(tokens),
                facts={"kind": "fresh", "path": pair.chosen, "dtype": pair.dtype},
            )  # fmt: skip
    yield from _beside_llama(subject, pair, found, tokens)


def _lines(
    subject: Subject, plan: Plan, pair: Pair, path: str, found: Mapping[str, Spread], tokens: tuple[int, int],
    speed: float,
) -> Iterator[Measurement]:  # fmt: skip
    """The line of a path, and for the chosen one its share of the bandwidth where that is promised."""
    (prompt, new), theirs = tokens, found["transformers"]
    size = BYTES_OF_INT8 if path == INT8 else TYPES[pair.dtype].itemsize
    share = pair.weights * size * new / found[path].median / speed
    judged = plan.device == "cpu"  # the targets are those of a processor
    yield Measurement(
        about=pair.about,
        what=f"{path}, {pair.dtype}" if path != INT8 else "int8",
        against=f"transformers, {pair.dtype}",
        value=theirs.median / found[path].median,
        seconds=found[path].over(new),
        peer_seconds=theirs.over(new),
        share=share,
        target=_target(subject, path, pair) if judged else None,
        facts={
            "kind": "steps", "path": path, "dtype": pair.dtype, "chosen": path == pair.chosen, "prompt": prompt,
            "tokens": new, "tokens_per_second": new / found[path].median,
            "peer_tokens_per_second": new / theirs.median, "bytes_per_token": pair.weights * size,
            "peer_bytes_per_token": pair.peer_weights * TYPES[pair.dtype].itemsize,
            "read_bytes_per_second": speed, "roofline_tokens_per_second": speed / (pair.weights * size),
        },
    )  # fmt: skip
    if subject.share is not None and path == pair.chosen and pair.dtype == "float32" and judged:
        yield Measurement(
            pair.about, f"{path}, {pair.dtype}", "the read bandwidth", 100 * share, unit="%",
            target=Target(100 * subject.share),
        )  # fmt: skip


def _target(subject: Subject, path: str, pair: Pair) -> Target | None:
    """What is promised: of the path that the playground takes by itself, of int8, and of torch without a compiler."""
    real, half, eight = subject.targets
    if path == INT8:
        return None if eight is None else Target(eight)
    if path == pair.chosen:
        return Target(real if pair.dtype == "float32" else half, or_share=subject.or_share)
    return Target(TORCH_TARGET) if path == TORCH and subject.name == "shard" else None


def _no_target(subject: Subject, pair: Pair) -> list[str]:
    """Runs that are measured less often."""
    return [NEW_WORDS, *(path for path in pair.paths if _target(subject, path, pair) is None)]


def _llama_kinds(subject: Subject, plan: Plan, pair: Pair) -> tuple[str, ...]:
    """llama.cpp's kinds of weights that are measured beside this precision."""
    there = subject.llama_targets is not None and plan.device == "cpu" and llamacpp.why_not() is None
    return tuple(kind for kind in llamacpp.KINDS[pair.dtype] if kind != "q8_0" or INT8 in pair.paths) if there else ()


def _beside_llama(subject: Subject, pair: Pair, found: Mapping[str, Spread], tokens: int) -> Iterator[Measurement]:
    bounds = dict(zip(("f32", "bf16", "q8_0"), subject.llama_targets or (), strict=False))
    for kind, bound in bounds.items():
        path = INT8 if kind == "q8_0" else pair.chosen
        if _llama(kind) not in found or path not in found:
            continue
        own, theirs = found[path], found[_llama(kind)]
        dtype = "int8" if path == INT8 else pair.dtype
        yield Measurement(
            pair.about, f"{path}, {pair.dtype}" if path != INT8 else "int8", _llama(kind), theirs.median / own.median,
            own.over(tokens), theirs.over(tokens), target=Target(bound),
            facts={"kind": "llama.cpp", "dtype": dtype, "peer_tokens_per_second": tokens / theirs.median},
        )  # fmt: skip


def _llama(kind: str) -> str:
    return f"llama.cpp, {kind}"


def _with_new_words(model: LanguageModel, path: str, prompt: int) -> Callable[[int], Any]:
    """Another text in each round: the senses of its words are not remembered from the round before."""
    seeds = itertools.count(1)
    return lambda tokens: write(model, path, random_prompt(model, prompt, next(seeds)), tokens)
