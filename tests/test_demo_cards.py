"""Every demo checkpoint is what its card says: loaded by its name, measured again, and its first sample drawn again."""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from playground.checkpoints.catalog import build_catalog
from playground.checkpoints.loader import LoadOptions, load_model
from playground.evaluation.card.markdown import as_shown, unquote
from playground.evaluation.evaluate import evaluate
from playground.evaluation.pictures import sheet
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample

CHECKPOINTS = Path(__file__).resolve().parents[1] / "checkpoints"
DEMOS = sorted(path.name for path in CHECKPOINTS.iterdir() if path.is_dir())
MEBIBYTE = 2**20
TOLERANCE = 0.005  # of a measure, for another machine's arithmetic
HEADINGS = ("What it cannot do", "Text it was trained on", "How to make it again")

READERS = [name for name in DEMOS if (CHECKPOINTS / name / "text_renderer_config.json").exists()]
WRITERS = [name for name in DEMOS if name not in READERS]

each_demo = pytest.mark.parametrize("demo", DEMOS)


@cache
def model(demo):
    return load_model(build_catalog(CHECKPOINTS).find(demo).ref, LoadOptions("float32"), name=demo)


@cache
def card(demo):
    return (CHECKPOINTS / demo / "README.md").read_text(encoding="utf-8")


@cache
def measures(demo):
    return json.loads((CHECKPOINTS / demo / "measures.json").read_text(encoding="utf-8"))


def quoted_samples(demo):
    """The samples on the card by seed."""
    return {int(s): unquote(block) for s, block in re.findall(r"\*\*Seed (\d+)\*\*\n\n((?:>.*\n)+)", card(demo) + "\n")}


def folder_bytes(demo):
    return sum(path.stat().st_size for path in (CHECKPOINTS / demo).rglob("*") if path.is_file())


def leaves(value, path=()):
    """(path, value) of everything in nested objects and lists that is neither."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def test_there_are_demos():
    assert set(WRITERS) == {"demo-shard", "demo-pixel-lm", "demo-gelu-gpt", "demo-backpack"}
    assert READERS == ["demo-pixel-mae"]


@each_demo
def test_it_loads_by_its_name_and_is_what_the_card_says(demo):
    about, loaded = measures(demo)["model"], model(demo).card
    assert (about["name"], about["dtype"]) == (demo, "float32")
    assert about["fingerprint"] == loaded.fingerprint, "the card was written for other weights; write it again"
    assert (about["family"], about["parameters"]) == (loaded.family, loaded.parameters)
    assert ("reconstruct" in loaded.abilities) == (demo in READERS)
    assert f"| parameters | {loaded.parameters:,}, stored in " in card(demo)
    assert re.search(rf"^# {demo}$", card(demo), re.MULTILINE)


@each_demo
def test_its_sample_of_held_out_text_measures_as_written(demo):
    file, written = CHECKPOINTS / demo / "held-out.jsonl", dict(leaves(measures(demo)["sample"]))
    again = dict(leaves(evaluate(model(demo), [file])["files"][str(file)]))
    assert set(again) == set(written)
    assert len(written) > 10
    for path, value in again.items():
        exactly = path[-1] in ("texts", "tokens", "bytes", "hidden", "left_out")
        assert value == (written[path] if exactly else pytest.approx(written[path], rel=TOLERANCE)), path


@each_demo
def test_the_card_shows_the_numbers_that_were_measured(demo):
    numbers = measures(demo)["card"]
    assert len(numbers) > 10
    for name, number in numbers.items():
        assert re.search(rf"(?<![\d.,]){re.escape(number)}(?![\d%]|[.,]\d)", card(demo)), f"{name}: {number}"


@each_demo
def test_the_measures_of_long_lists_are_on_the_card(demo):
    for source, measured in measures(demo)["held_out"]["sources"].items():
        shown = [f"**{measured['bits_per_byte']:.3f}**"] if demo in WRITERS else []
        shown += [f"**{span['exact']:.1%}** ({span['loss']:.4f})" for span in measured.get("spans", {}).values()]
        assert shown
        row = rf"\| {measured['texts']:,} \|.*" + ".*".join(map(re.escape, shown))
        assert re.search(row, card(demo)), source


@pytest.mark.parametrize("demo", WRITERS)
def test_ten_samples_are_on_the_card_and_the_first_is_what_the_model_writes(demo):
    made, quoted = measures(demo)["samples"], quoted_samples(demo)
    assert list(quoted) == made["seeds"] == list(range(10))
    assert quoted == {seed: as_shown(text) for seed, text in zip(made["seeds"], made["texts"], strict=True)}
    assert f'Prompt "{made["prompt"]}"' in card(demo)
    steps = sample(model(demo), made["prompt"], SamplingOptions(**made["options"], seed=0))
    assert made["texts"][0] == made["prompt"] + "".join(step.text for step in steps)


@each_demo
def test_a_picture_of_ten_sentences_is_what_the_model_paints(demo):
    assert ("picture" in measures(demo)) == (demo in READERS)
    about = measures(demo).get("picture")
    if about is None:
        return
    assert re.search(rf"!\[.+\]\({re.escape(about['file'])}\)", card(demo))
    assert len(about["texts"]) == 10
    shown = np.asarray(Image.open(CHECKPOINTS / demo / about["file"]), dtype=float)
    drawn = np.asarray(sheet(model(demo), about["texts"]), dtype=float)
    assert shown.shape == drawn.shape
    assert np.abs(shown - drawn).max() <= 2  # grey levels
    held_out = (CHECKPOINTS / demo / "held-out.jsonl").read_text(encoding="utf-8")
    assert all(json.dumps(text, ensure_ascii=False) in held_out for text in about["texts"])


@each_demo
def test_the_card_says_what_there_is_to_say(demo):
    sections = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", card(demo), re.MULTILINE))
    assert set(HEADINGS) <= set(sections)
    assert all(len(sections[heading].split()) > 40 for heading in HEADINGS)
    data = sections["Text it was trained on"]
    rows = re.findall(r"^\| (.{20,}) \| (\d+) % \| (.{3,}) \|$", data, re.MULTILINE)
    assert 98 <= sum(int(share) for _, share, _ in rows) <= 102
    assert "**Attributions.**" in data
    assert "None of the authors endorses this model." in data
    if "ATTRIBUTION.tsv" in data:
        assert (
            (CHECKPOINTS / demo / "ATTRIBUTION.tsv").read_text(encoding="utf-8").startswith("title\tauthor\tlicence\n")
        )
    assert f"python -m playground.training {demo} --data" in sections["How to make it again"]
    for fact in ("seen in training", "hardware and time"):
        assert re.search(rf"^\| {fact} \| .*\d.* \|$", card(demo), re.MULTILINE)


@each_demo
def test_it_is_small(demo):
    assert folder_bytes(demo) < 20.5 * MEBIBYTE


def test_all_together_are_small():
    assert sum(map(folder_bytes, DEMOS)) < 80 * MEBIBYTE
