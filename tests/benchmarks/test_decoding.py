"""What is timed is what it is called: the same work for both, every path, as often as asked."""

from collections import Counter

import pytest
import torch

from playground.benchmarks import choosing, decoding
from playground.benchmarks.decoding import Plan, measure, write
from playground.benchmarks.measured import Left
from playground.benchmarks.subjects import SUBJECTS
from playground.decode import paths

NAMES = {subject.name: subject for subject in SUBJECTS}
TINY = Plan("tiny", prompt=4, tokens=5, prefill=12, rows=3, rounds=2, read_bytes=1 << 20)


@pytest.fixture
def calls(no_compiler, monkeypatch):
    """Counts (who, dtype or path, new tokens, rows) of what is written; all of it is done for real."""
    counted = Counter()
    plain_write, plain_generate = decoding.write, decoding.generate

    def counting_write(model, path, ids, tokens, rows=1):
        counted[path, tokens, rows] += 1
        return plain_write(model, path, ids, tokens, rows)

    def counting_generate(peer, ids, tokens):
        counted["transformers", tokens, len(ids)] += 1
        return plain_generate(peer, ids, tokens)

    monkeypatch.setattr(decoding, "write", counting_write)
    monkeypatch.setattr(decoding, "generate", counting_generate)
    monkeypatch.setattr(paths, "step_seconds", lambda network, path: {"plain": 2.0, "torch": 1.0}[path])
    return counted


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
    steps = [each for each in found if getattr(each, "facts", {}).get("kind") == "steps"]
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
    # Per measurement two rounds of five tokens, and a shorter one before; three rows once, beside three in turn.
    assert calls == {
        ("plain", 5, 1): 2 + 2 + 2 * 3, ("torch", 5, 1): 2, ("transformers", 5, 1): 3 * 2,
        ("plain", 2, 1): 1 + 1 + 3, ("torch", 2, 1): 1, ("transformers", 2, 1): 3,
        ("plain", 5, 3): 2, ("plain", 2, 3): 1, ("transformers", 5, 3): 2, ("transformers", 2, 3): 1,
    }  # fmt: skip


def test_targets_belong_to_the_path_that_would_be_taken(calls):
    found = {(each.what, each.against): each for each in measure(NAMES["shard"], TINY) if not isinstance(each, Left)}
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


def test_a_backpack_is_also_measured_beside_whole_forwards(calls, monkeypatch):
    lengths = []
    plain = decoding.LanguageModel.logits
    monkeypatch.setattr(
        decoding.LanguageModel, "logits", lambda model, ids: lengths.append(len(ids)) or plain(model, ids)
    )
    found = list(measure(NAMES["backpack"], TINY))
    (cached,) = [each for each in found if getattr(each, "facts", {}).get("kind") == "cached"]
    assert lengths == [4 + 5 // 2] * 3
    assert cached.value == pytest.approx(cached.peer_seconds.median / cached.seconds.median)
    fresh = [each.what for each in found if getattr(each, "facts", {}).get("kind") == "fresh"]
    assert fresh == ["torch, float32, new words each time", "plain, bfloat16, new words each time"]


def test_new_words_are_new_each_time(calls, monkeypatch):
    prompts = []
    monkeypatch.setattr(decoding, "write", lambda model, path, ids, tokens: prompts.append(tuple(ids)))
    monkeypatch.setattr(decoding, "generate", lambda peer, ids, tokens: prompts.append(tuple(ids[0].tolist())))
    decoding._fresh(NAMES["backpack"], TINY, NAMES["backpack"].model("tiny", torch.float32), None, "float32", "plain")
    assert len(prompts) == len(set(prompts)) == 6


@pytest.mark.parametrize("name", ["backpack", "pixel_100m"])
def test_what_does_not_fit_is_left_out(monkeypatch, name):
    monkeypatch.setattr(decoding, "available_memory", lambda: int(0.4e9))
    monkeypatch.setattr(type(NAMES[name]), "model", None)
    found = list(measure(NAMES[name], Plan()))
    assert [each.what for each in found] == [f"{name} in float32", f"{name} in bfloat16"]
    needed = 1.2 * NAMES[name].parameters("published") * (8 + 1.0625)
    assert f"{needed / 1e9:.1f} GB of memory, 0.4 GB are free" in found[0].why


def test_a_short_context_is_not_overrun(calls):
    found = list(measure(NAMES["backpack"], Plan("tiny", 32, 128, 512, 2, 1, 1 << 20)))
    (step, *_) = [each for each in found if getattr(each, "facts", {}).get("kind") == "steps"]
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
    count = (32 - 4) // (2 * 3)
    assert draws == {(50, 1.0): 3 * count, (0, 0.95): 3 * count}


def test_a_step_for_the_draws_needs_memory(monkeypatch):
    monkeypatch.setattr(choosing, "available_memory", lambda: 0)
    (left,) = choosing.measure(TINY)
    assert (left.what, "0.0 GB are free" in left.why) == ("sampling", True)
