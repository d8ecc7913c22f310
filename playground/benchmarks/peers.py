"""The others, transformers and llama.cpp, in a process of their own.

So they run as they would alone: with their own way of waiting for threads (the playground's is another, see
``playground/__init__.py``), and in nobody's way once they have answered. A line of JSON asks, a line answers.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import torch

from playground.benchmarks import llamacpp
from playground.benchmarks.subjects import generate, make_llama, peer_weights
from playground.benchmarks.timing import finish

# torch first: then the playground leaves the waiting of threads as it is. Ctrl-C is the parent's.
CHILD = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
import torch
from playground.benchmarks.peers import serve
serve()
"""
ASKED = ("make", "generate", "read", "open_llama", "llama", "close_llamas")


class Asked(Protocol):
    """Who answers for the others."""

    def ask(self, name: str, *given: Any) -> Any:
        """What the method ``name`` of :class:`Peer`, one of ``ASKED``, returns for ``given``, plain data."""


class Peer:
    """A Llama in transformers, and in llama.cpp where it was opened; answers when the work is done."""

    def make(self, sizes: dict[str, Any], dtype: str, device: str, threads: int) -> int:
        """Make the Llama, in place of an earlier one; how many weights a token step of it reads."""
        torch.set_num_threads(threads)
        self.model = None  # before there is another one
        self.device, self.llamas, self.open = device, {}, ExitStack()
        self.model = make_llama(sizes, getattr(torch, dtype)).to(device)
        return peer_weights(self.model)

    def generate(self, ids: Sequence[int], rows: int, tokens: int) -> list[list[int]]:
        """What transformers writes greedily in each of ``rows`` equal rows."""
        written = generate(self.model, torch.tensor([ids] * rows, device=self.device), tokens)
        return written[:, len(ids) :].tolist()

    @torch.inference_mode()
    def read(self, ids: Sequence[int]) -> None:
        """Let transformers read a prompt, up to the logits after it."""
        self.model(torch.tensor([ids], device=self.device), use_cache=True, logits_to_keep=1)
        finish(self.device)

    def open_llama(self, kind: str, positions: int) -> None:
        """Have the same Llama in llama.cpp, with weights of ``kind``."""
        self.llamas[kind] = self.open.enter_context(llamacpp.opened(self.model, kind, positions))

    def llama(self, kind: str, ids: Sequence[int], tokens: int) -> list[int]:
        """What llama.cpp writes greedily."""
        return self.llamas[kind].write(ids, tokens)

    def close_llamas(self) -> None:
        self.llamas.clear()
        self.open.close()


class PeerProcess:
    """A :class:`Peer` in another process, which starts when it is first asked.

    Raises:
        RuntimeError: from ``ask``: what the peer raised, in its words, or that its process has ended.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen | None = None

    def ask(self, name: str, *given: Any) -> Any:
        if self._child is None:
            self._child = subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, env=environment(),
            )  # fmt: skip
        try:
            self._child.stdin.write(json.dumps([name, given]) + "\n")
            self._child.stdin.flush()
            answer = self._child.stdout.readline()
        except OSError:
            answer = ""
        if not answer:
            code = self._child.wait()
            self.close()
            raise RuntimeError(f"the process of the others ended with code {code}; it may have run out of memory")
        found, error = json.loads(answer)
        if error is not None:
            raise MemoryError if error == "" else RuntimeError(error)
        return found

    def close(self) -> None:
        """End the process."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            child.stdin.close()
            child.stdout.close()


@contextmanager
def opened() -> Iterator[Asked]:
    """The others, until they are no longer needed."""
    process = PeerProcess()
    try:
        yield process
    finally:
        process.close()


def environment() -> dict[str, str]:
    """This process's environment, without what the playground set for its own threads."""
    found = dict(os.environ)
    if found.get("OMP_WAIT_POLICY") == "PASSIVE" and "GOMP_SPINCOUNT" in found:  # one alone is the reader's own
        del found["OMP_WAIT_POLICY"], found["GOMP_SPINCOUNT"]
    return found


def serve() -> None:
    """Answer what comes in, until nothing does any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from transformers.utils import logging

    logging.set_verbosity_error()
    with os.fdopen(os.dup(1), "w") as answers, open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)  # whatever else is printed would be taken for an answer
        peer = Peer()
        for line in sys.stdin:
            print(json.dumps(answer(peer, line)), file=answers, flush=True)


def answer(peer: Peer, line: str) -> tuple[Any, str | None]:
    """What the asked method returns, or the error in words, which are none for a lack of memory."""
    name, given = json.loads(line)
    try:
        if name not in ASKED:
            raise ValueError(f"nobody answers {name!r}")
        return getattr(peer, name)(*given), None
    except MemoryError:
        return None, ""
    except Exception as error:
        return None, str(error) or type(error).__name__
