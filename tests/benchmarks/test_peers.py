"""The others answer from a process of their own, which has nothing of the playground's way of waiting."""

import json
import os
import subprocess
import sys

import pytest
import torch

from playground.benchmarks import peers
from playground.benchmarks.peers import Peer, PeerProcess, answer, environment
from playground.benchmarks.subjects import generate, make_llama

SIZES = {
    "vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "intermediate_size": 64, "max_position_embeddings": 64,
}  # fmt: skip
ASK = "import playground, json; from playground.benchmarks.peers import environment; print(json.dumps(environment()))"


def test_a_process_answers_and_survives_errors():
    with peers.opened() as process:
        assert process.ask("make", SIZES, "float32", "cpu", 1) == sum(
            parameter.numel() for parameter in make_llama(SIZES, torch.float32).parameters()
        )
        ids = [5, 6, 7]
        written = process.ask("generate", ids, 2, 4)
        expected = generate(make_llama(SIZES, torch.float32), torch.tensor([ids] * 2), 4)
        assert written == expected[:, 3:].tolist()
        assert process.ask("read", ids) is None
        with pytest.raises(RuntimeError, match="f64"):
            process.ask("open_llama", "f64", 9)
        assert process.ask("generate", ids, 1, 1) == [[written[0][0]]]


class Ended:
    """A child that has died."""

    def __init__(self, *given, **options):
        self.stdin = self.stdout = self

    def write(self, text):
        raise BrokenPipeError

    def wait(self):
        return -9

    def kill(self):
        pass

    close = kill


def test_a_process_that_ended_is_an_error_and_another_one_begins(monkeypatch):
    begun = []
    monkeypatch.setattr(peers.subprocess, "Popen", lambda *given, **options: begun.append(given) or Ended())
    process = PeerProcess()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="ended with code -9"):
            process.ask("make")
    assert len(begun) == 2


def test_nobody_is_started_before_something_is_asked(monkeypatch):
    monkeypatch.setattr(peers.subprocess, "Popen", None)
    with peers.opened():
        pass


@pytest.mark.parametrize("given", [{}, {"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "PASSIVE"}])
def test_what_the_playground_sets_is_not_handed_on(given):
    clean = {name: value for name, value in os.environ.items() if name not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
    shown = subprocess.run([sys.executable, "-c", ASK], env=clean | given, capture_output=True, text=True, check=True)
    found = json.loads(shown.stdout)
    assert {name: found[name] for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT") if name in found} == given


def test_the_readers_own_settings_are_handed_on(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    assert environment()["OMP_WAIT_POLICY"] == "PASSIVE"


def test_errors_are_answers():
    class Full(Peer):
        def read(self, ids):
            raise MemoryError

    assert answer(Full(), '["read", [[1]]]') == (None, "")
    assert answer(Peer(), '["__init__", []]') == (None, "nobody answers '__init__'")
    found, error = answer(Peer(), '["make", [{}, "float33", "cpu", 1]]')
    assert found is None
    assert "float33" in error


def test_an_answer_without_memory_is_a_memory_error(monkeypatch):
    class Full(Ended):
        def write(self, text):
            pass

        flush = Ended.kill

        def readline(self):
            return '[null, ""]\n'

    monkeypatch.setattr(peers.subprocess, "Popen", Full)
    with pytest.raises(MemoryError):
        PeerProcess().ask("read", [1])
