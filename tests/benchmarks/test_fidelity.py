"""Probabilities are compared where the texts are, through the steps that would write them."""

import json
import math

import pytest
import torch

from playground.benchmarks import fidelity
from playground.benchmarks.fidelity import compare, measure, spaced
from playground.benchmarks.measured import Left, Measurement
from playground.benchmarks.plan import Plan
from playground.benchmarks.subjects import SUBJECTS
from playground.decode import paths
from playground.decode.plain import PlainDecoder

SHARD = next(subject for subject in SUBJECTS if subject.name == "shard")
TEXTS = [[1, 2, 3, 4], [5], [6, 7, 8, 9, 10]]


@pytest.fixture
def model():
    return SHARD.model("tiny", torch.float32)


@pytest.fixture
def steps(monkeypatch):
    """Tokens that were stepped, by decoder; ``shift`` is added to the logits of token 0."""
    taken = []

    class Decoder(PlainDecoder):
        shift = 0.0

        def step(self, ids, controls=None):
            taken.append(ids[0])
            logits = super().step(ids, controls).clone()
            logits[:, 0] += self.shift
            return logits

    monkeypatch.setattr(paths, "open_decoder", lambda network, path: Decoder(network))
    return taken, Decoder


def test_equal_steps_differ_by_nothing(model, steps):
    found = compare(model, TEXTS, "int8", 100)
    assert steps[0] == [2, 3, 4, 7, 8, 9, 10]  # all but the first of each, which is the prompt
    assert found.positions == 7
    assert found.mean == pytest.approx(0, abs=1e-9)
    assert found.agreement == 1


def test_the_divergence_is_that_of_the_steps_from_float32(model, steps):
    steps[1].shift = 3.0
    found = compare(model, TEXTS, "int8", 100)
    exact = torch.cat([model.logits(ids)[1:] for ids in TEXTS if len(ids) > 1]).double().softmax(-1)
    # Odds of token 0 against the rest grow by e^3, so only the total and that token's share enter the divergence.
    share = exact[:, 0]
    expected = (share * math.exp(3) + 1 - share).log() - 3 * share
    assert found.mean == pytest.approx(float(expected.mean()), rel=1e-4)
    assert found.most == pytest.approx(float(expected.max()), rel=1e-4)
    grown = exact.clone()
    grown[:, 0] *= math.exp(3)
    assert found.agreement == pytest.approx(float((exact.argmax(-1) == grown.argmax(-1)).double().mean()))
    assert found.agreement < 1


@pytest.mark.parametrize(
    ("most", "window", "taken"), [(4, 65, [2, 3, 4, 7]), (100, 3, [2, 3, 7, 8]), (3, 65, [2, 3, 4])]
)
def test_no_more_positions_than_asked_for(model, steps, most, window, taken):
    assert compare(model, TEXTS, "int8", most, window).positions == len(taken)
    assert steps[0] == taken


def test_texts_of_one_token_say_nothing(model):
    with pytest.raises(RuntimeError, match="shorter than two"):
        compare(model, [[1], []], "plain", 5)


def test_lines_are_spaced_evenly():
    assert spaced("abcdefgh", 3) == ["a", "c", "f"]
    assert spaced("ab", 3) == ["a", "b"]
    assert spaced("", 3) == []


@pytest.fixture
def demos(tmp_path, monkeypatch, model):
    """Two demos, one of which draws pictures; loading needs no files."""
    for name in ("demo-a", "demo-picture"):
        (tmp_path / name).mkdir()
        lines = "".join(json.dumps({"text": text}) + "\n" for text in ("one", "two", "three"))
        (tmp_path / name / "held-out.jsonl").write_text(lines)
    monkeypatch.setattr(model, "prompt_ids", lambda text: [ord(letter) % 50 for letter in text])
    loaded = {"demo-a": model, "demo-picture": object()}
    monkeypatch.setattr(fidelity, "load_model", lambda folder, options: loaded[folder.name])
    return tmp_path


def test_every_demo_that_writes_is_measured(demos):
    found = [each for each in measure(Plan("tiny", positions=200), "plain", demos) if not isinstance(each, str)]
    assert [(each.about, each.what, each.unit) for each in found] == [
        ("demo-a", "plain, KL over 8 positions", "nats"), ("demo-a", "plain, same likeliest token", "%"),
    ]  # fmt: skip
    assert [each.met for each in found] == [True, True]
    assert (found[0].target.bound, found[1].target.bound, found[1].value) == (1e-4, 99, 100)


def test_what_cannot_be_compared_is_said(demos, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "why_not", lambda network, path: "it needs numba")
    assert [each for each in measure(Plan("tiny"), folder=demos) if isinstance(each, Left | Measurement)] == [
        Left("fidelity of demo-a", "it needs numba")
    ]
    (left,) = measure(Plan("tiny"), folder=tmp_path / "none")
    assert "no demo checkpoints" in left.why
