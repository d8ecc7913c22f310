"""Which path a network takes: by name, by preference, by timing; and what is remembered of that."""

import json
import time

import pytest
import torch
from tiny_networks import LANGUAGE, language

from playground.decode import calibrations, compiling, paths
from playground.decode.fast import TapeDecoder, tape_of
from playground.decode.graph import GraphDecoder
from playground.decode.plain import PlainDecoder
from playground.decode.tape import MatVec
from playground.errors import InvalidRequest
from playground.networks.language import LanguageNetwork
from playground.networks.layers import last


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A cache folder of the test's own, and no preference."""
    monkeypatch.setattr(calibrations, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(paths, "_preferred", None)
    return tmp_path / "cache"


@pytest.fixture
def began(monkeypatch):
    """Types of weights for which compiling was begun; nothing is compiled."""
    types = []
    monkeypatch.setattr(compiling, "compile_in_background", types.append)
    return types


@pytest.fixture
def timed(monkeypatch):
    """Paths that were timed; the seconds are made up."""
    asked = []
    seconds = {"plain": 0.02, "torch": 0.01, "compiled": 0.004, "graph": 0.001}
    monkeypatch.setattr(paths, "step_seconds", lambda network, path: asked.append(path) or seconds[path])
    return asked


class Odd(LanguageNetwork):
    """Its step does what no instruction stands for."""

    def __init__(self):
        super().__init__(20, 30)
        self.table = torch.nn.Parameter(torch.randn(20, 20))
        self.config = "odd"

    def new_cache(self):
        return language("shard").new_cache()

    def hidden_states(self, ids, cache=None, controls=None, tail=None):
        return last(self.table[ids].cumsum(-1), tail)

    def unembed(self, hidden):
        return torch.fft.fft(hidden).real @ self.table


@pytest.mark.parametrize("name", LANGUAGE)
def test_every_family_can_take_every_path(name):
    network = language(name)
    *on_cpu, graph = paths.PATHS
    assert [paths.why_not(network, path) for path in on_cpu] == [None] * 4
    kinds = [type(paths.open_decoder(network, path)) for path in on_cpu]
    assert kinds == [PlainDecoder, TapeDecoder, TapeDecoder, TapeDecoder]
    with pytest.raises(InvalidRequest, match="graph needs a model on an NVIDIA GPU"):
        paths.open_decoder(network, graph)
    assert paths.resolve(network, graph) != graph


def test_a_network_that_cannot_be_recorded_stays_readable(timed):
    network = Odd()
    assert "does not know this network" in paths.why_not(network, "compiled")
    assert paths.choose(network) == paths.Choice("plain", {})
    assert timed == []
    assert paths.resolve(network, "compiled") == "plain"
    with pytest.raises(InvalidRequest, match="int8"):
        paths.resolve(network, "int8")


def test_a_path_that_nobody_knows_is_refused():
    for call in (paths.prefer, lambda path: paths.resolve(language("shard"), path)):
        with pytest.raises(InvalidRequest, match="'fastest'; known are plain, torch, compiled, int8, graph"):
            call("fastest")


def test_16_bit_weights_leave_out_the_torch_path():
    network = language("shard").bfloat16()
    assert "float32" in paths.why_not(network, "torch")
    assert paths.why_not(network, "compiled") is None


def test_without_numba_torch_is_compared(monkeypatch, timed, began):
    monkeypatch.setattr(compiling, "installed", lambda: False)
    choice = paths.choose(language("shard"))
    assert (choice.path, timed, began) == ("torch", ["plain", "torch"], [])
    assert "numba" in paths.why_not(language("shard"), "int8")


def test_while_the_kernel_is_compiled_steps_are_plain(timed, began):
    network = language("shard")
    choice = paths.choose(network)
    assert (choice.path, choice.settled, timed, began) == ("plain", False, [], [torch.float32])
    assert choice.words == "plain, until the compiled path is ready"
    calibrations.remember(compiling._key("float32"), True)
    choice = paths.choose(network)
    assert (choice.path, choice.settled, timed) == ("compiled", True, ["plain", "compiled"])
    assert choice.words == "compiled: the fastest here for a token (compiled 4 ms, plain 20 ms)"


def test_timings_are_remembered_by_shape(timed, began):
    calibrations.remember(compiling._key("float32"), True)
    first, same, other = language("shard"), language("shard", seed=1), language("shard all global")
    assert [paths.choose(network).path for network in (first, first, same)] == ["compiled"] * 3
    assert timed == ["plain", "compiled"]
    paths.choose(other)
    assert timed == ["plain", "compiled"] * 2


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"a": 1}', "\0"])
def test_a_damaged_memory_is_measured_again(folder, timed, damage):
    calibrations.remember(compiling._key("float32"), True)
    paths.choose(language("shard"))
    (folder / "decoding.json").write_text(damage, encoding="utf-8")
    assert calibrations.remembered("anything") is None
    calibrations.remember(compiling._key("float32"), True)
    paths.choose(language("shard"))
    assert timed == ["plain", "compiled"] * 2
    assert len(json.loads((folder / "decoding.json").read_text())) >= 2


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, monkeypatch, timed):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(calibrations, "cache_folder", lambda: tmp_path / "file" / "cache")
    calibrations.remember("a", 1)
    assert calibrations.remembered("a") is None


def test_what_is_remembered_is_bounded(folder, monkeypatch):
    monkeypatch.setattr(calibrations, "ENTRIES", 3)
    for number in range(5):
        calibrations.remember(str(number), number)
    assert [calibrations.remembered(str(number)) for number in range(5)] == [None, None, 2, 3, 4]


@pytest.fixture
def on_gpu(monkeypatch):
    """Networks count as being on a GPU; returns the calls of torch.cuda, which are made up."""
    calls = []
    monkeypatch.setattr(paths, "_where", lambda network: (2, "cuda"))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: calls.append(("synchronize", device)))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Test GPU")
    return calls


def test_on_a_gpu_the_captured_graph_is_compared(on_gpu, timed, began):
    network = language("shard")
    assert paths.choose(network).path == "graph"
    assert (timed, began) == (["plain", "graph"], [])
    assert paths.path_words(network, "graph") == "graph: the fastest here for a token (graph 1 ms, plain 20 ms)"
    assert type(paths.open_decoder(network, "graph")) is GraphDecoder
    for path in ("torch", "compiled", "int8"):
        assert "runs on a CPU only" in paths.why_not(network, path)
    assert paths.resolve(network, "compiled") == "graph"
    with pytest.raises(InvalidRequest, match="int8 runs on a CPU only"):
        paths.resolve(network, "int8")
    assert timed == ["plain", "graph"]


def test_on_a_gpu_plain_steps_stay_where_they_are_faster(on_gpu, monkeypatch):
    monkeypatch.setattr(paths, "step_seconds", lambda network, path: {"plain": 0.001, "graph": 0.002}[path])
    assert paths.choose(language("shard")).path == "plain"
    assert paths.choose(Odd()) == paths.Choice("plain", {})


def test_a_network_that_moves_is_timed_anew(monkeypatch, timed):
    calibrations.remember(compiling._key("float32"), True)
    network = language("shard")
    assert paths.choose(network).path == "compiled"
    monkeypatch.setattr(paths, "_where", lambda network: (2, "cuda"))
    monkeypatch.setattr(calibrations, "gpu", lambda device: " Test GPU")
    assert paths.choose(network).path == "graph"
    assert timed == ["plain", "compiled", "plain", "graph"]


def test_both_paths_of_a_gpu_can_be_timed(on_gpu):
    assert all(paths.step_seconds(language("shard"), path) > 0 for path in ("plain", "graph"))
    assert on_gpu == []  # the network is on the CPU in truth


def test_a_gpu_is_waited_for_and_named(on_gpu):
    gpu, cpu = torch.device("cuda", 0), torch.device("cpu")
    for device in (cpu, gpu):
        paths.finish(device)
    assert on_gpu == [("synchronize", gpu)]
    assert calibrations.gpu(cpu) == ""
    assert calibrations.gpu(gpu).startswith(" Test GPU ")


def test_a_preference_goes_before_timing_and_a_wish_before_both(timed):
    network = language("shard")
    paths.prefer("torch")
    assert paths.resolve(network, None) == "torch"
    assert paths.resolve(network, "int8") == "int8"
    assert paths.resolve(network, "plain") == "plain"
    assert timed == []
    assert paths.path_words(network, "torch") == "torch"
    assert "8 bits" in paths.path_words(network, "int8")


def test_timing_a_path_takes_no_longer_than_it_may():
    began = time.perf_counter()
    assert paths.step_seconds(language("shard"), "plain") > 0
    assert time.perf_counter() - began < 2


def test_a_short_context_can_be_timed():
    from playground.networks.shard import Shard, ShardConfig

    for length in (2, 3, 9, 14):
        network = Shard(ShardConfig(10, 8, 2, 2, 4, 8, max_seq_len=length)).eval()
        assert paths.step_seconds(network, "plain") >= 0


def test_matrices_are_laid_out_once_for_the_path_that_reads_them():
    network = language("backpack")
    for path, by_inputs in (("torch", True), ("compiled", False)):
        paths.open_decoder(network, path)
        weights = {name: parameter.data_ptr() for name, parameter in network.named_parameters()}
        paths.open_decoder(network, path)
        assert weights == {name: parameter.data_ptr() for name, parameter in network.named_parameters()}
        tape, _ = tape_of(network, False)
        assert all(each.transposed == by_inputs for each in tape.instructions if isinstance(each, MatVec))


def test_the_kernel_is_compiled_by_a_process_of_its_own(monkeypatch):
    calls = []

    class Process:
        def __init__(self, command, stdin, **options):
            calls.append((command[1:], options.get("start_new_session"), self))
            self.stdin, self.said = self, b""

        def write(self, text):
            self.said += text

        def close(self):
            pass

    monkeypatch.setattr(compiling.subprocess, "Popen", Process)
    monkeypatch.setattr(compiling, "_RUNNING", {})
    for _ in range(2):
        compiling.compile_in_background(torch.bfloat16)
    ((command, alone, process),) = calls
    assert (command, alone, process.said) == (["-m", "playground.decode.compiling"], True, b"uint16")


def test_compiling_marks_the_kernel_as_ready():
    assert not compiling.is_compiled(torch.float32)
    compiling.compile_now("float32")
    assert compiling.is_compiled(torch.float32)
    assert not compiling.is_compiled(torch.bfloat16)
