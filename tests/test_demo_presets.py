"""The presets of demo-backpack steer: what their file says is enough, and a part of it is measured again."""

import json
from pathlib import Path

import pytest

import playground as pg
from playground.evaluation.steering.goals import PROMISED
from playground.evaluation.steering.measure import measure
from playground.evaluation.steering.words import Topic
from playground.generation.options import SamplingOptions
from playground.senses.edit_documents import edited_words
from playground.senses.presets import read_presets

FILE = Path(__file__).resolve().parents[1] / "checkpoints" / "demo-backpack" / "presets.json"
PRESETS = read_presets(json.loads(FILE.read_text(encoding="utf-8")))
OTHER_SEEDS = range(31_000, 31_050)  # that no preset was chosen or measured on


@pytest.fixture(scope="module")
def model():
    return pg.load("demo-backpack")


@pytest.fixture(scope="module")
def reference():
    return pg.load("demo-shard")


def test_there_are_enough_and_each_says_what_to_watch_for():
    assert len(PRESETS) >= 12
    assert len({preset.title for preset in PRESETS}) == len(PRESETS)
    assert all(len(preset.watch.split()) >= 4 for preset in PRESETS)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_each_was_measured_to_keep_its_promise(preset, model):
    assert preset.edits_for(model.network, model.tokenizer)
    assert preset.measured["reference"] == "demo-shard"
    assert len({run["seed"] for run in preset.measured["runs"]}) >= 2
    for run in preset.measured["runs"]:
        assert run["samples"] >= 50
        assert run["ratio"] >= PROMISED.ratio
        assert run["distinct"] >= PROMISED.distinct
        assert run["rise_percent"] < 100 * PROMISED.rise
    assert preset.measured["ratio"] == pytest.approx(min(run["ratio"] for run in preset.measured["runs"]), abs=0.01)


@pytest.mark.parametrize("preset", PRESETS[::8], ids=lambda preset: preset.id)
def test_some_hold_with_other_seeds(preset, model, reference):
    found = measure(
        model,
        reference,
        preset.prompt,
        SamplingOptions(**preset.sampling),
        preset.edits_for(model.network, model.tokenizer),
        Topic.of(preset.topic).without(edited_words(preset.edits)),
        OTHER_SEEDS,
    )
    assert found.ratio >= PROMISED.ratio
    assert found.rise < PROMISED.rise
    assert found.distinct >= PROMISED.distinct
