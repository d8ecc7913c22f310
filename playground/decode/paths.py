"""The ways to compute a token step, and which of them a network takes here.

``plain`` is the readable network itself. ``torch`` and ``compiled`` replay its recorded step: the first needs nothing
but torch, the second numba and a kernel that is compiled once per machine. ``graph`` is for a model on a GPU: the
recorded step as one CUDA graph. All of them compute the same numbers in the same precision, so the fastest is taken.
``int8`` is the compiled one with weights rounded to 8 bits, and only taken when it is asked for.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import torch

from playground.decode import calibrations, compiling
from playground.decode.fast import TapeDecoder, prepare, tape_of
from playground.decode.graph import GraphDecoder
from playground.decode.plain import PATHS, PlainDecoder
from playground.decode.tape import NotRecordable
from playground.errors import InvalidRequest
from playground.networks.language import LanguageNetwork

PLAIN, TORCH, COMPILED, INT8, GRAPH = PATHS
SECONDS = 0.4  # for timing one path
STEPS = 12
PROMPT = 8  # positions that a timed step looks back on


@dataclass(frozen=True)
class Choice:
    """The path of a network.

    Attributes:
        path: one of ``PATHS``. seconds: of a step by path, as measured; empty where nothing was compared.
        settled: whether it stays; else a faster path is still being prepared.
    """

    path: str
    seconds: Mapping[str, float]
    settled: bool = True

    @property
    def words(self) -> str:
        """What runs, and why, for a card."""
        if len(self.seconds) < 2:
            return self.path if self.settled else f"{self.path}, until the compiled path is ready"
        told = ", ".join(f"{path} {1000 * each:.2g} ms" for path, each in sorted(self.seconds.items(), key=_second))
        return f"{self.path}: the fastest here for a token ({told})"


def _second(pair: tuple[str, float]) -> float:
    return pair[1]


_CHOICES: WeakKeyDictionary[LanguageNetwork, dict[Any, Choice]] = WeakKeyDictionary()
_LOCK = Lock()
_preferred: str | None = None


def prefer(path: str | None) -> None:
    """Take ``path`` wherever none is asked for; None leaves the choice to timing.

    Raises:
        InvalidRequest: a path that is not known.
    """
    global _preferred
    if path is not None and path not in PATHS:
        raise InvalidRequest(f"The decode path is {path!r:.40}; known are {', '.join(PATHS)}.")
    _preferred = path


def open_decoder(network: LanguageNetwork, path: str) -> PlainDecoder:
    """A decoder of ``network`` that takes ``path``.

    Raises:
        InvalidRequest: a path that is not known, or not there for this network.
    """
    refusal = why_not(network, path)
    if refusal:
        raise InvalidRequest(refusal)
    if path == PLAIN:
        return PlainDecoder(network)
    if path == GRAPH:
        return GraphDecoder(network)
    with _LOCK:
        prepare(network, by_inputs=path == TORCH)
    if path == TORCH:
        return TapeDecoder(network)
    from playground.decode.compiled import Compiled, CompiledInt8  # numba takes a while to import

    return TapeDecoder(network, Compiled if path == COMPILED else CompiledInt8, Compiled)


def why_not(network: LanguageNetwork, path: str) -> str | None:
    """A sentence on why ``path`` cannot be taken; None if it can."""
    if path not in PATHS:
        return f"The decode path is {path!r:.40}; known are {', '.join(PATHS)}."
    if path == PLAIN:
        return None
    weight, device = next(network.parameters(), None), _where(network)[1]
    if path == GRAPH and device != "cuda":
        return "The decode path graph needs a model on an NVIDIA GPU. Choose plain or compiled."
    if path != GRAPH and device != "cpu":
        return f"The decode path {path} runs on a CPU only. Choose plain or graph."
    if path == TORCH and weight.dtype != torch.float32:
        return "The decode path torch reads float32 weights only. Choose plain or compiled."
    if path in (COMPILED, INT8) and not compiling.installed():
        return f"The decode path {path} needs numba, which is not installed. Choose plain or torch."
    try:
        tape_of(network, False)
    except NotRecordable as error:
        return f"The decode path {path} does not know this network ({error}). Choose plain."
    return None


def bytes_besides(network: LanguageNetwork, path: str) -> int:
    """Bytes that a path which is there for ``network`` takes beside its weights: those in 8 bits are copies."""
    if path != INT8:
        return 0
    from playground.decode.compiled import eighth_bytes

    return eighth_bytes(tape_of(network, False)[0])


def resolve(network: LanguageNetwork, asked: str | None) -> str:
    """The path that is asked for or preferred, or the fastest; one that computes the same where it is not there.

    Raises:
        InvalidRequest: int8 is asked for but not there, or the path is not known.
    """
    asked = asked or _preferred
    if asked is None:
        return choose(network).path
    refusal = why_not(network, asked)
    if refusal and (asked == INT8 or asked not in PATHS):
        raise InvalidRequest(refusal)
    return choose(network).path if refusal else asked


def is_settled(network: LanguageNetwork) -> bool:
    """Whether the path that is taken where none is asked for stays; else a faster one is being prepared."""
    return _preferred is not None or choose(network).settled


def path_words(network: LanguageNetwork, path: str) -> str:
    """How steps are computed on ``path``, and why, for a card."""
    choice = _CHOICES.get(network, {}).get(_where(network))
    if path == INT8:
        return "int8: compiled, with weights rounded to 8 bits, as asked for"
    return choice.words if choice is not None and choice.path == path and _preferred is None else path


def choose(network: LanguageNetwork) -> Choice:
    """The fastest path of the network's own precision, timed in under two seconds, once per machine and shape."""
    where = _where(network)
    with _LOCK:
        known = _CHOICES.setdefault(network, {}).get(where)
    if known is not None and known.settled:
        return known
    choice = _choose(network, *where)
    with _LOCK:
        return _CHOICES[network].setdefault(where, choice) if choice.settled else choice


def _where(network: LanguageNetwork) -> tuple[int, str]:
    """Threads, and the kind of device that the network is on."""
    weight = next(network.parameters(), None)
    return torch.get_num_threads(), "none" if weight is None else weight.device.type


def _choose(network: LanguageNetwork, threads: int, device: str) -> Choice:
    weight = next(network.parameters(), None)
    other = GRAPH if device == "cuda" else COMPILED if compiling.installed() else TORCH
    if why_not(network, other):
        return Choice(PLAIN, {})
    if other == COMPILED and not compiling.is_compiled(weight.dtype):
        compiling.compile_in_background(weight.dtype)
        return Choice(PLAIN, {}, settled=False)
    key = f"step {type(network).__name__} {network.config} {weight.dtype} {threads}{calibrations.gpu(weight.device)}"
    seconds = calibrations.remembered(key)
    if not isinstance(seconds, dict) or set(seconds) != {PLAIN, other}:
        seconds = {path: step_seconds(network, path) for path in (PLAIN, other)}
        calibrations.remember(key, seconds)
    return Choice(min(seconds, key=seconds.__getitem__), seconds)


def step_seconds(network: LanguageNetwork, path: str) -> float:
    """Seconds of one token step: the median of a few, after one that is not counted."""
    decoder = open_decoder(network, path)
    prompt = [0] * min(PROMPT, network.context_length - STEPS - 1)
    for _ in decoder.prefill(prompt or [0]):
        pass
    decoder.step([0])
    finish(decoder.device)
    times: list[float] = []
    while len(times) < STEPS and sum(times) < SECONDS and decoder.cache.length < network.context_length:
        began = time.perf_counter()
        decoder.step([0])
        finish(decoder.device)
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2] if times else 0.0


def finish(device: torch.device) -> None:
    """Wait until ``device`` has done what it was given: a GPU is still at work when a call returns."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
