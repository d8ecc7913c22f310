"""llama.cpp as a peer: the same Llama as transformers', read from a GGUF file that is written for the purpose.

Needs two packages that the playground does not: llama-cpp-python, which is llama.cpp, and gguf, which writes the file.
"""

import ctypes
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from playground.benchmarks.gguf_file import write_gguf

PACKAGES = {"llama_cpp": "llama-cpp-python", "gguf": "gguf"}
KINDS = {"float32": ("f32", "q8_0"), "bfloat16": ("bf16",)}  # measured beside our weights of a type
SLOT = 256  # positions by which llama.cpp's cache grows
ROOM = 1.5  # times the file, on the disk


def why_not() -> str | None:
    """Which package is missing, in words; None if llama.cpp can be measured."""
    missing = [name for module, name in PACKAGES.items() if find_spec(module) is None]
    if not missing:
        return None
    are = "is" if len(missing) == 1 else "are"
    return f"{' and '.join(missing)} {are} not installed (see Speed in the README)"


class LlamaCpp:
    """A model in llama.cpp's own memory, on ``threads`` threads, with room for ``positions``.

    Raises:
        RuntimeError: llama.cpp refuses the file or finds no memory.
    """

    def __init__(self, path: Path, positions: int, threads: int):
        import llama_cpp

        self._library, self._model, self._context = llama_cpp, None, None
        _be_quiet(llama_cpp)
        llama_cpp.llama_backend_init()
        asked = llama_cpp.llama_model_default_params()
        asked.n_gpu_layers = 0
        if hasattr(asked, "load_mode"):  # read, not mapped: the file is deleted, and large pages are possible
            asked.load_mode = 0
        else:
            asked.use_mmap = False
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), asked)
        if not self._model:
            raise RuntimeError(f"llama.cpp cannot load {path.name}")
        wanted = llama_cpp.llama_context_default_params()
        wanted.n_ctx = wanted.n_batch = -(-positions // SLOT) * SLOT
        wanted.n_threads = wanted.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(self._model, wanted)
        if not self._context:
            self.close()
            raise RuntimeError(f"llama.cpp cannot make a context for {path.name}")
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self._model))

    def forget(self) -> None:
        """Empty the cache."""
        self._library.llama_memory_clear(self._library.llama_get_memory(self._context), False)

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        """Append ``ids``; float32 ``(vocabulary,)`` after the last of them, valid until the next call."""
        tokens = (ctypes.c_int32 * len(ids))(*ids)
        status = self._library.llama_decode(self._context, self._library.llama_batch_get_one(tokens, len(ids)))
        if status != 0:
            raise RuntimeError(f"llama.cpp's decode returned {status}")
        return np.ctypeslib.as_array(self._library.llama_get_logits_ith(self._context, -1), (self.vocabulary,))

    def write(self, ids: Sequence[int], tokens: int) -> list[int]:
        """The ``tokens`` that it writes greedily after ``ids``."""
        self.forget()
        written = [int(self.logits(ids).argmax())]
        while len(written) < tokens:
            written.append(int(self.logits(written[-1:]).argmax()))
        return written

    def close(self) -> None:
        """Give the memory back; nothing else works afterwards."""
        if self._context:
            self._library.llama_free(self._context)
        if self._model:
            self._library.llama_model_free(self._model)
        self._context = self._model = None


@contextmanager
def opened(peer: nn.Module, kind: str, positions: int) -> Iterator[LlamaCpp]:
    """The Llama ``peer`` in llama.cpp, with weights of ``kind``, one of ``gguf_file.KINDS``.

    Raises:
        RuntimeError: there is no room on the disk, or llama.cpp refuses.
    """
    needed = int(ROOM * 4 * sum(parameter.numel() for parameter in peer.parameters()))
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < needed:
        raise RuntimeError(f"its file needs {needed / 1e9:.1f} GB of disk, {free / 1e9:.1f} GB are free")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{kind}.gguf"
        write_gguf(peer, path, kind)
        model = LlamaCpp(path, positions, torch.get_num_threads())
    try:
        yield model
    finally:
        model.close()


_LISTENERS: list[Any] = []  # llama.cpp calls them for as long as it lives


def _be_quiet(llama_cpp: Any) -> None:
    """Errors are raised; what llama.cpp prints beside them would tear the table."""
    if not _LISTENERS:
        _LISTENERS.append(llama_cpp.llama_log_callback(lambda level, text, data: None))
        llama_cpp.llama_log_set(_LISTENERS[0], ctypes.c_void_p(0))
