"""A language model on another device writes, reads and is edited as on the CPU; only a picture model stays there."""

import pytest
import torch
from model_folder import COPIES
from other_device import NAME, other_device

from playground.checkpoints import devices
from playground.decode import calibrations, paths
from playground.engine import local
from playground.engine.requests import GenerateRequest, ModelsRequest, NextTokenRequest, Started, Token
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.senses.edits import AddSense, ScaleSense, SwapDirection, TopicBoost

WRITERS = [name for name in COPIES if name != "pixel-mae"]
PROMPT = (3, 4, 5, 6)


@pytest.fixture
def open_away(open_over, monkeypatch):
    """Opens engines whose language models are on the other device, which counts as a GPU."""
    load = local.load_model
    where = paths._where

    def load_there(*arguments, **options):
        with other_device():
            return load(*arguments, **options)

    def counts_as_gpu(network):
        threads, device = where(network)
        return threads, "cuda" if device == NAME else device

    monkeypatch.setattr(local, "load_model", load_there)
    monkeypatch.setattr(local, "device_of", lambda word: torch.device(NAME if word == "cuda" else "cpu"))
    monkeypatch.setattr(paths, "_where", counts_as_gpu)
    monkeypatch.setattr(calibrations, "remembered", lambda key: {"plain": 0.02, "graph": 0.01})
    return lambda: open_over(device="cuda")


def written(engine, name, edits=(), decode=None):
    rows = (SamplingOptions(max_new_tokens=6, seed=1, stop_ids=()), SamplingOptions(max_new_tokens=4, temperature=0))
    events = list(engine.run(GenerateRequest(name, PROMPT, rows, edits, decode=decode)))
    (path,) = (event.decode for event in events if isinstance(event, Started))
    steps = [event.step for event in events if isinstance(event, Token)]
    return path, [(step.row, step.token_id) for step in steps], [step.logprob for step in steps]


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_text_is_written(engine, open_away, name):
    _, expected, logprobs = written(engine, name, decode="plain")
    with other_device():
        away = open_away()
        for asked in ("plain", "graph"):
            path, found, own = written(away, name, decode=asked)
            assert (path, found) == (asked, expected)
            assert own == pytest.approx(logprobs, abs=1e-4)
        with away.manager.lease(name) as model:
            assert {parameter.device.type for parameter in model.network.parameters()} == {NAME}
            assert f"The weights are on {devices.device_name(torch.device(NAME))}." in model.card.notes


def test_the_captured_step_is_taken_where_none_is_asked_for(open_away, monkeypatch):
    with other_device():
        away = open_away()
        monkeypatch.setattr(paths, "_preferred", None)
        path, _, _ = written(away, "shard")
        (card,) = (model.card for model in away.answer(ModelsRequest()).models if model.name == "shard")
    assert path == "graph"
    assert dict(card.lines())["Token steps"] == "graph: the fastest here for a token (graph 10 ms, plain 20 ms)"


def test_edits_of_senses_do_there_what_they_do_here(engine, open_away):
    edits = (ScaleSense(4, 1, 2.5), SwapDirection(3, 5, 7), AddSense(6, 2, 0.7), TopicBoost((3, 9), (3.3, 3, 2, 1)))
    _, expected, logprobs = written(engine, "backpack", edits, "plain")
    assert (expected, logprobs) != written(engine, "backpack", (), "plain")[1:]
    with other_device():
        _, found, own = written(open_away(), "backpack", edits, "graph")
    assert found == expected
    assert own == pytest.approx(logprobs, abs=1e-3)


@pytest.mark.parametrize("name", WRITERS)
def test_a_text_is_read_there_as_here(engine, open_away, name):
    expected = engine.answer(NextTokenRequest(name, PROMPT))
    with other_device():
        found = open_away().answer(NextTokenRequest(name, PROMPT))
    assert [token.token_id for token in found.tokens] == [token.token_id for token in expected.tokens]
    assert found.entropy_bits == pytest.approx(expected.entropy_bits, abs=1e-4)


def test_int8_is_refused_there(open_away):
    with other_device(), pytest.raises(InvalidRequest, match="int8 runs on a CPU only"):
        written(open_away(), "shard", decode="int8")


def test_a_model_of_pictures_stays_on_the_cpu(open_away):
    with other_device():
        away = open_away()
        list(away.loading("pixel-mae"))
        with away.manager.lease("pixel-mae") as model:
            assert {parameter.device.type for parameter in model.network.parameters()} == {"cpu"}
