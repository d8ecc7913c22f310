"""llama.cpp is asked for the same work as the others, and leaves nothing behind; a stand-in plays its library."""

import ctypes
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from playground.benchmarks import llamacpp
from playground.benchmarks.llamacpp import opened

VOCABULARY = 11


class Library:
    """Plays llama_cpp: after tokens that sum to n, token n modulo the vocabulary is the likeliest."""

    llama_log_callback = staticmethod(lambda listener: listener)

    def __init__(self):
        self.events, self.status, self.refuses = [], 0, ""

    def llama_log_set(self, listener, data):
        self.events.append("quiet")

    def llama_backend_init(self):
        self.events.append("init")

    def llama_model_default_params(self):
        return SimpleNamespace(load_mode=-1, n_gpu_layers=-1)

    def llama_model_load_from_file(self, path, asked):
        self.path, self.asked = Path(path.decode()), asked
        assert self.path.stat().st_size > 0
        return None if self.refuses == "file" else "model"

    def llama_context_default_params(self):
        return SimpleNamespace()

    def llama_init_from_model(self, model, wanted):
        self.wanted = wanted
        return None if self.refuses == "context" else "context"

    def llama_model_get_vocab(self, model):
        return "vocabulary"

    def llama_vocab_n_tokens(self, vocabulary):
        return VOCABULARY

    def llama_get_memory(self, context):
        return "memory"

    def llama_memory_clear(self, memory, data):
        self.events.append("forget")
        self.total = 0

    def llama_batch_get_one(self, tokens, count):
        return list(tokens)[:count]

    def llama_decode(self, context, batch):
        self.events.append(batch)
        self.total += sum(batch)
        return self.status

    def llama_get_logits_ith(self, context, place):
        assert place == -1
        self.logits = (ctypes.c_float * VOCABULARY)()
        self.logits[self.total % VOCABULARY] = 1.0
        return ctypes.cast(self.logits, ctypes.POINTER(ctypes.c_float))

    def llama_free(self, context):
        self.events.append(f"free {context}")

    def llama_model_free(self, model):
        self.events.append(f"free {model}")


@pytest.fixture
def library(monkeypatch):
    library = Library()
    monkeypatch.setitem(sys.modules, "llama_cpp", library)
    monkeypatch.setattr(llamacpp, "_LISTENERS", [])
    monkeypatch.setattr(llamacpp, "write_gguf", lambda peer, path, kind: path.write_text(kind))
    return library


def test_it_writes_greedily_after_the_prompt(library):
    with opened(torch.nn.Linear(2, 2), "q8_0", 300) as model:
        assert not library.path.exists()
        assert model.write([1, 2, 3], 3) == [6, 1, 2]
        assert model.write([1, 2, 3], 3) == [6, 1, 2]
    each = ["forget", [1, 2, 3], [6], [1]]
    assert library.events == ["quiet", "init", *each, *each, "free context", "free model"]
    assert (library.path.name, library.asked.load_mode, library.asked.n_gpu_layers) == ("q8_0.gguf", 0, 0)
    threads = torch.get_num_threads()
    assert (library.wanted.n_ctx, library.wanted.n_threads, library.wanted.n_threads_batch) == (512, threads, threads)


def test_older_ones_are_told_not_to_map_the_file(library):
    library.llama_model_default_params = lambda: SimpleNamespace(use_mmap=True)
    with opened(torch.nn.Linear(2, 2), "f32", 1):
        assert library.asked.use_mmap is False


@pytest.mark.parametrize(("refuses", "freed"), [("file", []), ("context", ["free model"])])
def test_a_refusal_is_an_error_that_leaves_nothing(library, refuses, freed):
    library.refuses = refuses
    said = "cannot load" if refuses == "file" else "cannot make a context"
    with pytest.raises(RuntimeError, match=said), opened(torch.nn.Linear(2, 2), "f32", 1):
        raise AssertionError
    assert library.events == ["quiet", "init", *freed]
    assert not library.path.exists()


def test_a_failed_step_is_an_error(library):
    library.status = 1
    with opened(torch.nn.Linear(2, 2), "f32", 9) as model, pytest.raises(RuntimeError, match="returned 1"):
        model.write([1], 1)


def test_a_full_disk_is_said(library, monkeypatch):
    monkeypatch.setattr(llamacpp.shutil, "disk_usage", lambda folder: SimpleNamespace(free=0))
    with pytest.raises(RuntimeError, match="of disk"), opened(torch.nn.Linear(2, 2), "f32", 9):
        raise AssertionError
