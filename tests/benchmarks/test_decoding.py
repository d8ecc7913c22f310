"""What is timed is what it is called: the same work for both, every path, as often as asked."""

import json
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import pytest
import torch

from playground.benchmarks import choosing, decoding, forwards, llamacpp, peers, rows, timing
from playground.benchmarks.decoding import measure
from playground.benchmarks.measured import Left, Measurement
from playground.benchmarks.peers import Peer
from playground.benchmarks.plan import Plan
from playground.benchmarks.subjects import SUBJECTS
from playground.benchmarks.writing import Pair, write
from playground.decode import paths

NAMES = {subject.name: subject for subject in SUBJECTS}
TINY = Plan("tiny", prompt=4, tokens=5, prefill=12, rows=3, rounds=3, fewer=2, read_bytes=1 << 20)


class Here:
    """The others, in this process."""

    def __init__(self, counted):
        self.counted, self.peer, self.broken = counted, Peer(), None

    def ask(self, name, *given):
        if name == "generate":
            self.counted["transformers", given[2], given[1]] += 1
            if self.broken:
                raise self.broken
        return getattr(self.peer, name)(*json.loads(json.dumps(given)))


@pytest.fixture
def calls(no_compiler, monkeypatch):
    """Counts (who, new tokens, rows) of what is written; all of it is done for real, but no llama.cpp is there."""
    counted = Counter()
    plain_write, peer = decoding.write, Here(counted)

    def counting_write(model, path, ids, tokens, rows=1):
        counted[path, tokens, rows] += 1
        return plain_write(model, path, ids, tokens, rows)

    for module in (decoding, rows):
        monkeypatch.setattr(module, "write", counting_write)
    monkeypatch.setattr(peers, "opened", lambda: nullcontext(peer))
    monkeypatch.setattr(forwards, "write", counting_write)
    monkeypatch.setattr(llamacpp, "find_spec", lambda name: None)
    monkeypatch.setattr(paths, "step_seconds", lambda network, path: {"plain": 2.0, "torch": 1.0}[path])
    return counted


def measurements(found):
    return [each for each in found if isinstance(each, Measurement)]


@pytest.mark.parametrize("path", ["plain", "torch"])
def test_the_playground_writes_greedily(path):
    model = NAMES["backpack"].model("tiny", torch.float32)
    ids = [5, 6, 7]
    written = write(model, path, ids, 4, rows=2)
    for _ in range(4):
        ids = [*ids, int(model.logits(ids)[-1].argmax())]
    assert written == [ids[3:]] * 2


def test_every_path_is_measured_beside_its_peer(calls):
    found = list(measure(NAMES["shard"], TINY))
    steps = [each for each in measurements(found) if each.facts.get("kind") == "steps"]
    assert [(each.what, each.against) for each in steps] == [
        ("plain, float32", "transformers, float32"),
        ("torch, float32", "transformers, float32"),
        ("plain, bfloat16", "transformers, bfloat16"),
    ]
    assert [each.what for each in found if isinstance(each, Left)] == [
        "shard in float32, compiled", "shard in bfloat16, compiled",
    ]  # fmt: skip
    for each in steps:
        assert each.value == pytest.approx(each.peer_seconds.median / each.seconds.median)
        assert each.share == pytest.approx(
            each.facts["bytes_per_token"] / each.seconds.median / each.facts["read_bytes_per_second"]
        )
    assert {each.facts["bytes_per_token"] for each in steps} == {
        size * NAMES["shard"].parameters("tiny") for size in (4, 2)
    }
    # Three rounds of five tokens and a shorter one before, two where plain is not the path that is taken; in 16 bit
    # also two for three rows at once and for one text beside them.
    assert calls == {
        ("plain", 5, 1): 2 + 3 + 2, ("torch", 5, 1): 3, ("transformers", 5, 1): 2 * 3,
        ("plain", 2, 1): 1 + 1 + 1, ("torch", 2, 1): 1, ("transformers", 2, 1): 2,
        ("plain", 5, 3): 2, ("plain", 2, 3): 1, ("transformers", 5, 3): 2, ("transformers", 2, 3): 1,
    }  # fmt: skip


def test_targets_belong_to_the_path_that_would_be_taken(calls):
    found = {(each.what, each.against): each for each in measurements(measure(NAMES["shard"], TINY))}
    bounds = {key: each.target and each.target.bound for key, each in found.items()}
    assert bounds == {
        ("plain, float32", "transformers, float32"): None,
        ("torch, float32", "transformers, float32"): 4,
        ("torch, float32", "the read bandwidth"): 70,
        ("prompt of 12, float32", "transformers, float32"): 1,
        ("plain, bfloat16", "transformers, bfloat16"): 3.5,
        ("prompt of 12, bfloat16", "transformers, bfloat16"): 1,
        ("3 samples at once, plain, bfloat16", "transformers' batch of 3, bfloat16"): 1.5,
        ("3 samples at once, plain, bfloat16", "one after another"): 1,
    }


class FakeLlama:
    """Writes nothing, and remembers what it was asked for."""

    def __init__(self, asked):
        self.asked = asked

    def write(self, ids, tokens):
        self.asked.append((len(ids), tokens))


def test_llama_cpp_takes_turns_with_ours(calls, monkeypatch):
    asked, events = [], []

    @contextmanager
    def opened(peer, kind, positions):
        events.append((kind, str(peer.dtype), positions))
        if kind == "bf16":
            raise RuntimeError("its file needs 9.0 GB of disk, 1.0 GB are free")
        yield FakeLlama(asked)
        events.append("closed")

    monkeypatch.setattr(llamacpp, "why_not", lambda: None)
    monkeypatch.setattr(llamacpp, "opened", opened)
    found = list(measure(NAMES["shard"], TINY))
    (line,) = [each for each in measurements(found) if each.facts.get("kind") == "llama.cpp"]
    assert (line.what, line.against, line.target.bound) == ("torch, float32", "llama.cpp, f32", 1.3)
    assert line.value == pytest.approx(line.peer_seconds.median / line.seconds.median)
    assert asked == [(4, 2), (4, 5), (4, 5), (4, 5)]
    assert events == [("f32", "torch.float32", 9), "closed", ("bf16", "torch.bfloat16", 9)]
    (left,) = [each for each in found if isinstance(each, Left) and "llama.cpp" in each.what]
    assert (left.what, "9.0 GB of disk" in left.why) == ("shard in llama.cpp's bf16", True)
    events.clear()
    list(measure(NAMES["pixel_100m"], TINY))
    assert events == []  # nothing is promised of it


def test_a_peer_that_fails_does_not_lose_the_others(calls):
    with peers.opened() as peer:
        peer.broken = MemoryError()
    found = list(measure(NAMES["shard"], TINY))
    assert [each.what for each in measurements(found)] == ["prompt of 12, float32", "prompt of 12, bfloat16"]
    reasons = {each.what: each.why for each in found if isinstance(each, Left)}
    assert reasons["shard in float32, transformers"] == "there is not enough memory"
    assert reasons["shard in bfloat16, 3 samples at once"] == "there is not enough memory"


def test_a_path_that_fails_does_not_lose_the_others(calls, monkeypatch):
    def failing(model, path, ids, tokens, rows=1):
        if path == "torch":
            raise RuntimeError("broken step")
        return write(model, path, ids, tokens, rows)

    monkeypatch.setattr(decoding, "write", failing)
    found = list(measure(NAMES["shard"], TINY))
    steps = [each.what for each in measurements(found) if each.facts.get("kind") == "steps"]
    assert steps == ["plain, float32", "plain, bfloat16"]
    assert Left("shard in float32, torch", "broken step") in found


def test_a_second_copy_of_the_weights_needs_memory(calls, monkeypatch):
    needed = decoding.bytes_needed(NAMES["shard"], TINY, torch.float32)
    monkeypatch.setattr(decoding, "free_memory", lambda device: needed)
    found = list(measure(NAMES["shard"], TINY))
    (left,) = [each for each in found if isinstance(each, Left) and "torch" in each.what]
    assert "second copy" in left.why


def test_a_backpack_is_also_measured_beside_whole_forwards(calls, monkeypatch):
    lengths = []
    plain = decoding.LanguageModel.logits
    monkeypatch.setattr(
        decoding.LanguageModel, "logits", lambda model, ids: lengths.append(len(ids)) or plain(model, ids)
    )
    found = measurements(measure(NAMES["backpack"], TINY))
    (cached,) = [each for each in found if each.facts.get("kind") == "cached"]
    assert lengths == [4 + 5 // 2] * 4
    assert cached.value == pytest.approx(cached.peer_seconds.median / cached.seconds.median)
    fresh = [each for each in found if each.facts.get("kind") == "fresh"]
    assert [each.what for each in fresh] == [
        "torch, float32, new words each time", "plain, bfloat16, new words each time",
    ]  # fmt: skip
    assert {each.seconds.count for each in fresh} == {TINY.fewer}


def test_new_words_are_new_each_time(monkeypatch):
    prompts = []
    monkeypatch.setattr(decoding, "write", lambda model, path, ids, tokens: prompts.append(tuple(ids)))
    run = decoding._with_new_words(NAMES["backpack"].model("tiny", torch.float32), "plain", 6)
    for _ in range(4):
        run(5)
    assert len(set(prompts)) == 4
    assert {len(ids) for ids in prompts} == {6}


def test_one_text_stands_for_as_many_as_are_written_at_once(calls, monkeypatch):
    clock = iter(range(1, 1000))
    monkeypatch.setattr(rows, "alternate", lambda runs, rounds, warm, device: {
        name: decoding.Spread(float(next(clock)), 0.0, 0.0, rounds) for name in runs
    })  # fmt: skip
    model = NAMES["shard"].model("tiny", torch.float32)
    pair = Pair("shard", "float32", 1, {"plain": model}, "plain", Here(Counter()), 1)
    batch, turns = rows.measure(TINY, pair)  # 1 second for transformers, 2 for one text, 3 for three together
    assert (batch.value, turns.value) == pytest.approx((1 / 3, 3 * 2 / 3))
    assert turns.seconds.median == pytest.approx(3 / (3 * 5))


def test_a_gpu_has_lines_of_its_own_and_no_targets_of_a_processor(calls, monkeypatch):
    waited, asked = [], []
    monkeypatch.setattr(timing.torch.cuda, "synchronize", waited.append)
    monkeypatch.setattr(timing.torch.cuda, "mem_get_info", lambda device: (1 << 40, 1 << 40))
    monkeypatch.setattr(llamacpp, "why_not", lambda: asked.append("llama.cpp"))
    other = "cpu:0"  # not called "cpu", so taken for a GPU, and yet here
    found = list(measure(NAMES["shard"], replace(TINY, device=other)))
    lines = measurements(found)
    assert {each.about for each in lines} == {"shard, GPU"}
    assert not any(each.target for each in lines)
    assert "shard in float32, graph" in [each.what.replace(", GPU", "") for each in found if isinstance(each, Left)]
    assert not asked  # it would run on the processor
    (step, *_) = [each for each in lines if each.facts.get("kind") == "steps"]
    assert step.share == pytest.approx(
        step.facts["bytes_per_token"] / step.seconds.median / step.facts["read_bytes_per_second"]
    )
    assert set(waited) == {other}


@pytest.mark.parametrize("name", ["backpack", "pixel_100m"])
def test_what_does_not_fit_is_left_out(monkeypatch, name):
    monkeypatch.setattr(decoding, "free_memory", lambda device: int(0.4e9))
    monkeypatch.setattr(type(NAMES[name]), "model", None)
    found = list(measure(NAMES[name], Plan()))
    assert [each.what for each in found] == [f"{name} in float32", f"{name} in bfloat16"]
    needed = 1.2 * NAMES[name].parameters("published") * (8 + 1.125)
    assert f"{needed / 1e9:.1f} GB of memory, 0.4 GB are free" in found[0].why


def test_a_short_context_is_not_overrun(calls):
    found = measure(NAMES["backpack"], Plan("tiny", rows=2, rounds=1, read_bytes=1 << 20))
    (step, *_) = [each for each in measurements(found) if each.facts.get("kind") == "steps"]
    assert step.facts["prompt"] + step.facts["tokens"] <= 32


def test_draws_are_measured_beside_a_step_and_beside_transformers(no_compiler, monkeypatch):
    draws = Counter()
    plain = choosing.RowState.draw

    def draw(row, logits):
        draws[row.options.top_k, row.options.top_p] += 1
        token, survivors, _ = plain(row, logits)
        assert token in survivors
        return token, survivors, _

    monkeypatch.setattr(choosing.RowState, "draw", draw)
    found = list(choosing.measure(TINY))
    assert [(each.what, each.unit) for each in found] == [
        ("top-k 50 of 120", "%"), ("top-k 50 of 120", "x"), ("top-p 0.95 of 120", "%"), ("top-p 0.95 of 120", "x"),
    ]  # fmt: skip
    assert found[0].value == pytest.approx(100 * found[0].seconds.median / found[0].peer_seconds.median)
    assert found[0].facts["survivors"] == 50
    count = (32 - 4) // (2 * 4)
    assert draws == {(50, 1.0): 4 * count, (0, 0.95): 4 * count}


def test_a_step_for_the_draws_needs_memory(monkeypatch):
    monkeypatch.setattr(choosing, "available_memory", lambda: 0)
    (left,) = choosing.measure(TINY)
    assert (left.what, "0.0 GB are free" in left.why) == ("sampling", True)
