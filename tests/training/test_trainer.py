"""The loop: it learns, it resumes exactly, it keeps to its time, and the schedule ends at zero."""

import dataclasses
import json

import pytest
import torch

from playground.errors import DamagedFile, InvalidRequest
from playground.training.optimizers import make_optimizers, rate
from playground.training.recipes import demo_shard, find_recipe, initialise, smoke_shard
from playground.training.run import prepare

STEPS = 12


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def short_recipe(**plan):
    smoke = find_recipe("smoke")
    changes = {"steps": STEPS, "log_every": 1, "measure_every": 6, "warmup": 3} | plan
    return dataclasses.replace(smoke, plan=dataclasses.replace(smoke.plan, **changes), late_context=64)


def curve(out):
    return [json.loads(line) for line in (out / "curve.jsonl").read_text().splitlines()]


def test_the_smoke_recipe_learns_within_seconds(data, tmp_path, capsys):
    trainer = prepare(find_recipe("smoke"), data, tmp_path)
    before = trainer.measure()
    measures = trainer.run()
    assert trainer.step == 40
    for name, value in measures.items():
        assert value < before[name] - 1.0
    lines = curve(tmp_path)
    assert lines[-1]["loss"] < lines[0]["loss"] - 0.5
    assert lines[-1]["tokens"] == 40 * 4 * 32
    assert {"step", "loss", "lr", "tokens", "seconds", "bits_per_byte/stories", "bits_per_byte/sentences"} <= set(
        lines[-1]
    )
    assert "min left" in capsys.readouterr().err
    assert trainer.elapsed < 10


def test_an_interrupted_run_takes_the_same_losses(data, tmp_path):
    prepare(short_recipe(), data, tmp_path / "whole").run()
    for stop in (1, 5, 11, None):  # 11: after the windows have become longer
        trainer = prepare(short_recipe(), data, tmp_path / "parts", stop_after=stop)
        trainer.run()
    whole, parts = curve(tmp_path / "whole"), curve(tmp_path / "parts")
    assert [line["step"] for line in parts] == list(range(1, STEPS + 1))
    assert [line["loss"] for line in parts] == [line["loss"] for line in whole]
    first, second = (torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "parts"))
    for name, tensor in first["network"].items():
        assert torch.equal(tensor, second["network"][name]), name


def test_a_changed_plan_holds_from_where_the_run_goes_on(data, tmp_path):
    prepare(short_recipe(steps=100), data, tmp_path, stop_after=5).run()
    prepare(short_recipe(steps=100, muon_lr=0.005), data, tmp_path, stop_after=8).run()
    assert [line["lr"] for line in curve(tmp_path)][3:] == [0.02, 0.02, 0.005, 0.005, 0.005]


def test_lines_after_the_last_checkpoint_are_cut_on_resuming(data, tmp_path):
    prepare(short_recipe(), data, tmp_path, stop_after=4).run()
    with open(tmp_path / "curve.jsonl", "a", encoding="utf-8") as file:
        file.write('{"step": 5, "loss": 9.9}\n')
    prepare(short_recipe(), data, tmp_path).run()
    assert [line["step"] for line in curve(tmp_path)] == list(range(1, STEPS + 1))
    assert all(line["loss"] < 9 for line in curve(tmp_path))


def test_the_clock_ends_a_run_with_its_rate_at_zero(data, tmp_path):
    trainer = prepare(short_recipe(steps=10**6), data, tmp_path, minutes=0.03)
    trainer.run()
    assert 1.8 <= trainer.elapsed < 6
    rates = [line["lr"] for line in curve(tmp_path)]
    assert max(rates) == pytest.approx(0.02)
    assert rates[-1] < 0.01
    again = prepare(short_recipe(steps=10**6), data, tmp_path, minutes=0.03)
    assert again.done() == 1.0  # time of earlier sessions counts
    assert again.run()
    assert again.step == trainer.step


def test_the_schedule():
    assert [rate(step, 0.0, 4) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert [round(rate(99, done, 4), 3) for done in (0.3, 0.6, 0.7, 0.8, 0.9, 1.0)] == [1.0, 1.0, 0.75, 0.5, 0.25, 0.0]


def test_muon_gets_the_matrices_inside_and_nothing_else():
    network = smoke_shard(300)
    muon, adam = make_optimizers(network, 0.02, 0.004, 0.1)
    names = {id(p): name for name, p in network.named_parameters()}
    inside = {names[id(p)] for group in muon.param_groups for p in group["params"]}
    outside = {names[id(p)] for group in adam.param_groups for p in group["params"]}
    ends = tuple(f"{name}.weight" for name in ("q", "k", "v", "o", "gate", "up", "down"))
    assert inside == {name for name in names.values() if name.endswith(ends)}
    assert inside | outside == set(names.values())
    assert "embedding.weight" in outside


def test_initialisation_is_seeded_and_starts_from_the_residual_alone():
    first, second, other = smoke_shard(300), smoke_shard(300), smoke_shard(300)
    for network, seed in ((first, 1), (second, 1), (other, 2)):
        initialise(network, seed)
    assert torch.equal(first.embedding.weight, second.embedding.weight)
    assert not torch.equal(first.embedding.weight, other.embedding.weight)
    assert first.blocks[1].attention.o.weight.abs().max() == 0
    ids = torch.tensor([[5, 6, 7]])
    assert torch.allclose(first.hidden_states(ids), first.norm(first.embedding(ids)))


def test_other_runs_and_damaged_states_are_refused(data, tmp_path):
    prepare(short_recipe(), data, tmp_path, stop_after=2).run()
    with pytest.raises(InvalidRequest, match="seed 0, not 1"):
        prepare(dataclasses.replace(short_recipe(), seed=1), data, tmp_path)
    with pytest.raises(InvalidRequest, match="another network"):
        prepare(dataclasses.replace(short_recipe(), build=demo_shard), data, tmp_path)
    state = (tmp_path / "state.pt").read_bytes()
    (tmp_path / "state.pt").write_bytes(state[: len(state) // 2])
    with pytest.raises(DamagedFile, match=r"state\.pt"):
        prepare(short_recipe(), data, tmp_path)
    with pytest.raises(InvalidRequest, match="smoke"):
        find_recipe("nothing")


def test_going_on_without_a_compiler(data, tmp_path, monkeypatch):
    def refuse(function, **options):
        def fail(batch):
            raise RuntimeError("no C++ compiler found\nlong trace")

        return fail

    plain, said = tmp_path / "plain", []
    prepare(short_recipe(), data, plain).run()
    monkeypatch.setattr(torch, "compile", refuse)
    trainer = prepare(short_recipe(), data, tmp_path / "compiled", compiled=True)
    trainer.say = said.append
    trainer.run()
    assert any("no C++ compiler found" in line and "going on without" in line for line in said)
    assert [line["loss"] for line in curve(tmp_path / "compiled")] == [line["loss"] for line in curve(plain)]
