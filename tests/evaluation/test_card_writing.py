"""Whole cards of tiny models: every number in them is the one that was measured, and can be measured again."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import typer
import yaml
from goldens import GOLDEN
from model_folder import SHARD
from tiny_networks import randomised
from word_level import write_word_tokenizer

from playground.checkpoints.card import ModelCard
from playground.checkpoints.families import pixel_mae
from playground.checkpoints.loader import load_model
from playground.checkpoints.model import PatchModel
from playground.evaluation import pictures
from playground.evaluation.bits_per_byte import score_texts
from playground.evaluation.card import __main__ as command
from playground.evaluation.card import steering
from playground.evaluation.card.facts import Facts, Run, read_facts
from playground.evaluation.card.markdown import as_shown, unquote
from playground.evaluation.card.section import SAMPLE, Subject
from playground.evaluation.card.split import read_split
from playground.evaluation.card.writing import sections_for, write_card
from playground.evaluation.evaluate import evaluate
from playground.evaluation.similarity import similarity
from playground.evaluation.word_pairs import read_word_pairs
from playground.face import load
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig, sincos_positions
from playground.text.rendering import GridConfig, GridRenderer

FONT = Path(__file__).resolve().parents[2] / "assets" / "fonts" / "DejaVuSansMono.ttf"
STORIES = [f"The cat sat on mat number {i}.\nThen it ran home." for i in range(SAMPLE + 3)]
LINES = ["A dog ran.", "The bird sang a song."]
FACTS = {
    "intro": "It has {millions} million parameters.",
    "shape": "small, of {vocabulary} ids",
    "details": {"windows": "256"},
    "hardware": "{minutes} minutes",
    "cannot": "Anything, beyond {context} tokens.",
    "again": "That took {steps} steps.",
    "prompt": "The cat",
    "options": {"max_new_tokens": 6, "temperature": 0.9},
    "sections": {"A remark": "Written after {seen} tokens."},
}


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    """As training writes it, of two sources."""
    folder = tmp_path_factory.mktemp("split")
    sources = {
        "stories": {"folders": ["tinystories-more", "tinystories-subset"], "separator": "marker", "weight": 0.75},
        "lines": {"folders": ["tatoeba-english"], "separator": "line", "weight": 0.25},
    }
    texts = {"stories": (["Another story."], STORIES), "lines": (["A line."], LINES)}
    for name, (train, held_out) in texts.items():
        sources[name] |= {"train": len(train), "held_out": len(held_out)}
        for part, some in (("train", train), ("held-out", held_out)):
            (folder / part).mkdir(parents=True, exist_ok=True)
            records = [json.dumps({"source": name, "text": text}) for text in some]
            (folder / part / f"{name}.jsonl").write_text("\n".join(records))
    (folder / "attribution").mkdir()
    (folder / "attribution" / "tatoeba-english.tsv").write_text("1\tA line\tAnn\tCC-BY\n2\tA dog\tBen\tCC-BY\n")
    record = {"recipe": "demo-tiny", "held_out_share": 0.02, "seed": 0, "sources": sources}
    (folder / "split.json").write_text(json.dumps(record))
    return folder


def write_run(folder, **last):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "curve.jsonl").write_text(json.dumps({"step": 50, "loss": 1.0, "seconds": 7254.0} | last) + "\n")
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory, split):
    """A demo whose card was written by the command: its folder, and facts.json beside it."""
    folder = tmp_path_factory.mktemp("demos") / "demo-tiny"
    shutil.copytree(SHARD, folder)
    write_run(folder, tokens=100_000)
    (folder.parent / "facts.json").write_text(json.dumps(FACTS))
    command.main(folder, split, folder.parent / "facts.json")
    return folder


def read(folder):
    measured = json.loads((folder / "measures.json").read_text(encoding="utf-8"))
    return measured, (folder / "README.md").read_text(encoding="utf-8")


def test_the_measures_are_those_of_the_texts(demo):
    measured, card = read(demo)
    model = load_model(demo)
    for name, texts in (("stories", STORIES), ("lines", LINES)):
        score = score_texts(model, texts)
        assert measured["held_out"]["sources"][name] == pytest.approx(score.as_json())
        assert f"| {len(texts)} | {score.bytes:,} | {score.tokens:,} | **{score.bits_per_byte:.3f}** | " in card
        assert measured["card"][f"{name}, bits per byte"] == f"{score.bits_per_byte:.3f}"
    assert measured["model"]["name"] == "demo-tiny"
    assert measured["model"]["threads"] == 1


def test_the_sample_can_be_measured_again(demo):
    measured, card = read(demo)
    again = evaluate(load_model(demo), [demo / "held-out.jsonl"])["files"][str(demo / "held-out.jsonl")]
    assert {name: one["texts"] for name, one in again["sources"].items()} == {"stories": SAMPLE, "lines": len(LINES)}
    for name, one in again.pop("sources").items():
        assert measured["sample"]["sources"][name] == pytest.approx(one)
    assert {name: measured["sample"][name] for name in again} == pytest.approx(again)
    assert f"the first {SAMPLE} held-out texts" in card
    assert "evaluate demo-tiny --data checkpoints/demo-tiny/held-out.jsonl" in card


def test_the_samples_are_what_the_model_writes(demo):
    measured, card = read(demo)
    model = load_model(demo)
    blocks = re.findall(r"\*\*Seed (\d)\*\*\n\n((?:>.*\n)+)", card + "\n")
    assert [int(seed) for seed, _ in blocks] == list(range(10))
    for seed, block in blocks:
        options = SamplingOptions(max_new_tokens=6, temperature=0.9, seed=int(seed))
        text = "The cat" + "".join(step.text for step in sample(model, "The cat", options))
        assert measured["samples"]["texts"][int(seed)] == text
        assert unquote(block) == as_shown(text)
    assert measured["samples"]["copied_share"] == 0
    assert 'Prompt "The cat", up to 6 new tokens, temperature 0.9, seeds 0 to 9.\n0 percent of' in card


def test_the_card_says_what_is_known(demo):
    measured, card = read(demo)
    _, front, body = card.split("---\n", 2)
    assert yaml.safe_load(front) == {"license": "apache-2.0", "language": "en"}
    assert body.startswith(
        "\n# demo-tiny\n\nIt has 0.2 million parameters.\n\n| | |\n| --- | --- |\n| shape | small, of"
    )
    for row in (
        "| parameters | 214,592, stored in bfloat16 |", "| windows | 256 |", "| hardware and time | 121 minutes |",
        "| seen in training | 100,000 tokens in 50 steps of 2,000 |", "| corpus | share of windows | licence |",
    ):  # fmt: skip
        assert row in body
    assert "| tokenizer |" not in body
    headings = re.findall(r"^## (.+)", body, re.MULTILINE)
    assert headings == [
        "How well it predicts text it has not seen", "Ten samples, not selected", "A remark", "What it cannot do",
        "Text it was trained on", "How to make it again",
    ]  # fmt: skip
    assert "every token scored with `<|bos|>` in front" in body
    assert "About 2 percent of all" in body
    assert "Of long lists" not in body
    assert "Written after 100,000 tokens." in body
    assert re.search(r"\[TinyStories\].* \| 75 % \| \[CDLA-Sharing-1.0\]", body)
    assert "cut into windows of tokens. None of the authors" in body
    assert "python -m playground.training demo-tiny --data DIR --out RUN --compile\n```" in body
    assert (
        "`tinystories-more` and `tinystories-subset` (documents parted by a line `<|endoftext|>`), `tatoeba-eng" in body
    )
    assert body.endswith("That took 50 steps.\n")
    assert "{" not in re.sub(r"```.*?```", "", body, flags=re.DOTALL)
    for number in measured["card"].values():
        assert number in body
    lines = (demo / "ATTRIBUTION.tsv").read_text().splitlines()
    assert lines == ["title\tauthor\tlicence", "A line\tAnn\tCC-BY", "A dog\tBen\tCC-BY"]


def test_mistakes_are_one_line(demo, split, tmp_path, capsys):
    shutil.copytree(demo, tmp_path / "copy", ignore=shutil.ignore_patterns("curve.jsonl"))
    with pytest.raises(typer.Exit):
        command.main(tmp_path / "copy", split, demo.parent / "facts.json")
    message = capsys.readouterr().err
    assert "no curve.jsonl" in message
    assert message.count("\n") == 1


def test_a_backpack_shows_its_senses(tmp_path, split):
    tokenizer = write_word_tokenizer(tmp_path / "tokenizer.json", ["sun", "moon", "hat", "coat"], 211)
    model = load(GOLDEN / "backpack" / "gpt2", tokenizer=tokenizer)
    (tmp_path / "MEN.txt").write_text("sun moon 5\nsun hat 1\nmoon coat 2\nhat coat 4\nsun sunlight 4\n")
    (tmp_path / "none.txt").write_text("sun moon 5\n")
    (tmp_path / "facts.json").write_text(json.dumps(FACTS | {"prompt": " sun"}))
    subject = Subject(
        write_run(tmp_path / "demo"), "demo", model, "bfloat16", read_facts(tmp_path / "facts.json"),
        Run("tokens", 101, 50, 3.0), read_split(split), (tmp_path / "MEN.txt", tmp_path / "none.txt"),
    )  # fmt: skip
    measured = write_card(subject)
    card = read(tmp_path / "demo")[1]
    table = similarity(model, read_word_pairs(tmp_path / "MEN.txt"))
    assert measured["similarity"]["MEN"] == table.as_json()
    assert "| pairs counted | 4 of 5 | 1 of 1 |" in card
    assert f"| input embeddings | {table.embedding:.3f} | – |" in card
    assert f"| least over senses | {table.minimum:.3f} | – |" in card
    for sense, correlation in enumerate(table.senses):
        shown = f"**{correlation:.3f}**" if sense == table.best else f"{correlation:.3f}"
        assert f"| sense {sense} | {shown} | – |" in card
    assert "101 tokens in 50 steps |" in card
    assert "with `<|endoftext|>` in front" in card


def test_a_backpack_shows_the_edits_that_steer_it(tmp_path):
    found = {"reference": "demo-shard", "samples": 50, "ratio": 7.25, "distinct": 9, "rise_percent": -0.4, "runs": []}
    entry = {"watch": "Look.", "prompt": "One day,", "topic": ["sea"], "sampling": {}, "measured": found}
    edits = [
        {"kind": "add_sense", "word": " beach", "sense": 13, "weight": 0.5},
        {"kind": "scale_sense", "word": " soup", "sense": 2, "factor": 4.0},
        {"kind": "topic_boost", "words": [" farm", " cow"], "strength": 2},
        {"kind": "swap_direction", "word": " lion", "out": " roar", "in": " swim"},
    ]
    listed = [entry | {"id": f"p{i}", "title": f"Topic | {i}", "edits": [edit]} for i, edit in enumerate(edits)]
    subject = SimpleNamespace(folder=tmp_path)
    assert steering.read(subject) == []
    (tmp_path / "presets.json").write_text(json.dumps({"presets": listed}))
    part = steering.write(subject, None)
    assert "tried on 50 texts and more" in part.text
    assert "bits per byte under demo-shard grew" in part.text
    rows = [line for line in part.text.split("\n") if line.startswith("| Topic")]
    assert [row.split(" | ")[1] for row in rows] == [
        "add 0.5 of sense 13 of `beach`",
        "sense 2 of `soup` times 4",
        "boost what promotes `farm`, `cow`",
        "`lion`: `swim` in place of `roar`",
    ]
    assert all(row.endswith(" | 7.2 | 9 | -0.4 % |") for row in rows)
    assert rows[0].startswith(r"| Topic \| 0 | ")
    assert part.numbers["preset p0, ratio"] == "7.2"


@pytest.fixture
def reader():
    """A tiny model that reads pictures of monospace text."""
    config = PixelMAEConfig(
        hidden_size=24, num_hidden_layers=1, num_attention_heads=3, intermediate_size=24, decoder_hidden_size=16,
        decoder_num_hidden_layers=1, decoder_num_attention_heads=2, decoder_intermediate_size=24,
        image_size=(16, 16 * 32), norm_pix_loss=False,
    )  # fmt: skip
    network = PixelMAE(config)
    network.encoder.position_embeddings.data.copy_(sincos_positions(32, 24))
    network.decoder.decoder_pos_embed.data.copy_(sincos_positions(32, 16))
    model = PatchModel(
        pixel_mae.FAMILY, randomised(network), GridRenderer(GridConfig(FONT.name, max_seq_length=32), FONT)
    )
    model.card = ModelCard(
        "demo", "pixel-mae", "a reader", 5_000, "float32", 20_000, ("model.safetensors",), "abc", {}, 32, None, None,
        ("reconstruct",),
    )  # fmt: skip
    return model


def test_a_reader_of_pictures_shows_what_it_reads(tmp_path, split, reader, monkeypatch):
    facts = Facts("A reader.", "small", "a day", "Write.")
    folder = write_run(tmp_path / "demo", images=500)
    subject = Subject(folder, "demo", reader, "bfloat16", facts, Run("images", 500, 50, 3.0), read_split(split))
    measured = write_card(subject)
    card = read(folder)[1]
    again = evaluate(reader, [folder / "held-out.jsonl"])["files"][str(folder / "held-out.jsonl")]
    assert measured["sample"] == again
    assert again["sources"]["stories"]["texts"] == SAMPLE
    assert 'The cat sat on mat number 0."}\n' in (folder / "held-out.jsonl").read_text()  # a sentence, not a story
    whole = measured["held_out"]
    assert (whole["texts"], whole["left_out"]) == (2 * len(STORIES) + len(LINES), 0)
    cells = [f"**{one['exact']:.1%}** ({one['loss']:.4f})" for one in whole["spans"].values()]
    assert f"| all | {whole['texts']} | {' | '.join(cells)} |" in card
    assert "| held-out sentences | number | one patch | two patches | three patches |" in card
    assert f"| Tatoeba sentences | {len(LINES)} |" in card
    assert f"the first {SAMPLE} held-out sentences" in card
    assert (
        "\n\n![The cat sat on mat number 0. / A dog ran. / Then it ran home. / The bird sang a song. / The cat" in card
    )
    assert "](reconstructions.png)\n\n## What it cannot do" in card
    drawn = folder / "again.png"
    monkeypatch.setattr(pictures, "load_model", lambda *_: reader)
    pictures.main(folder, folder / "held-out.jsonl", drawn)
    assert drawn.read_bytes() == (folder / "reconstructions.png").read_bytes()
    assert "500 images in 50 steps of 10 |" in card
    assert "share of strips" in card
    assert [section.key for section in sections_for(subject)][1] == "held_out"
    assert "samples" not in measured
