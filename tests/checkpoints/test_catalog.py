"""What the catalogue finds in folders, how it names it, and that nothing broken stops it."""

import os
from pathlib import Path

import pytest

from playground.benchmarks.random_checkpoint import write_checkpoint
from playground.checkpoints.catalog import Catalog, CatalogEntry, build_catalog, scan
from playground.errors import MissingFile

PUBLISHED = {
    "sage002/pixel", "Team-PIXEL/pixel-base", "stanfordnlp/backpack-gpt2", "stanford-crfm/levanter-backpack-1b",
    "mlnomad/gelu-d12-chinchilla-261M-pytorch", "CompactAI-O/Shard-1",
}  # fmt: skip


@pytest.fixture
def demos(tmp_path):
    folder = tmp_path / "demos"
    write_checkpoint("shard", folder / "demo-shard")
    write_checkpoint("pixel-base", folder / "demo-pixel")
    (folder / "demo-shard/README.md").write_text(
        "---\nlicense: mit\n---\n# Demo\n\n![picture](x.png)\nA small story writer. It was trained here.\n\nMore.\n"
    )
    (folder / "notes").mkdir()
    (folder / "notes/readme.txt").write_text("no checkpoint")
    return folder


def found(path):
    return {entry.name: entry for entry in scan(path, "folder")}


def test_demos_come_first_and_the_published_ones_last(demos):
    catalog = build_catalog(demos)
    assert list(catalog)[:2] == ["demo-pixel", "demo-shard"]
    assert set(list(catalog)[2:]) == PUBLISHED
    demo, hub = catalog["demo-shard"], catalog["sage002/pixel"]
    assert (demo.kind, demo.family, demo.abilities) == ("demo", "shard", ("generate",))
    assert demo.ref == demos / "demo-shard"
    assert demo.description == "A small story writer"
    assert catalog["demo-pixel"].description == "a checkpoint folder"
    assert (hub.kind, hub.ref, hub.family) == ("hub", "sage002/pixel", "pixel-lm")
    assert "76 million parameters" in hub.description
    assert catalog["stanfordnlp/backpack-gpt2"].abilities == ("generate", "senses")


def test_a_folder_that_is_a_checkpoint_is_one_entry(demos, tmp_path):
    """Also the bundle of Shard, whose weights lie in models/."""
    assert set(found(demos / "demo-shard")) == {"demo-shard"}
    assert set(found(demos / "demo-pixel")) == {"demo-pixel"}
    assert set(found(demos / "demo-shard/models")) == {"models"}
    write_checkpoint("pixel_100m", tmp_path / "run")
    (tmp_path / "run/step_5.pt").write_bytes((tmp_path / "run/latest.pt").read_bytes())
    assert set(found(tmp_path / "run")) == {"run"}
    assert found(tmp_path / "run")["run"].family == "pixel-lm"


def test_a_folder_of_loose_files_and_folders_is_all_of_them(demos, tmp_path):
    bag = tmp_path / "bag"
    write_checkpoint("gelu-d12", bag / "gelu")
    for name in ("one.pt", "two.pt"):
        (bag / name).write_bytes((demos / "demo-shard/models/model.pt").read_bytes())
    assert set(found(bag)) == {"gelu", "one", "two"}
    assert found(bag)["two"].family == "shard"
    assert set(found(bag / "one.pt")) == {"one"}


def test_checkpoints_of_a_training_run_stand_beside_the_last(tmp_path):
    write_checkpoint("gelu-d12", tmp_path / "run")
    write_checkpoint("gelu-d12", tmp_path / "run/checkpoint-500")
    assert set(found(tmp_path / "run")) == {"run", "checkpoint-500"}


def test_what_cannot_be_read_is_listed_all_the_same(demos):
    for name, content in {"model.safetensors": b"broken", "manifest.json": b"{broken", "config.json": b"{"}.items():
        (demos / f"has {name}").mkdir()
        (demos / f"has {name}" / name).write_bytes(content)
    catalog = build_catalog(demos)
    assert catalog["has model.safetensors"].family is None
    assert catalog["has model.safetensors"].abilities == ()
    assert "has manifest.json" in catalog
    assert "has config.json" not in catalog  # no weights


def test_more_checkpoints_by_folder_file_and_hub_id(demos, tmp_path):
    write_checkpoint("gelu-d12", tmp_path / "more/demo-shard")
    file = demos / "demo-shard/models/model.pt"
    catalog = build_catalog(demos, [str(tmp_path / "more"), str(file), "someone/something"])
    assert catalog["demo-shard"].kind == "demo"
    assert catalog["demo-shard (2)"].family == "gelu-gpt"  # the name was taken
    assert catalog["model"].ref == file
    assert catalog["someone/something"].kind == "hub"


@pytest.mark.parametrize("wrong", ["nowhere", "a\0b", "x" * 5000, "~nosuchuser/x", "demos/notes"])
def test_more_that_is_nothing_is_refused(demos, wrong, monkeypatch):
    monkeypatch.chdir(demos.parent)
    with pytest.raises(MissingFile):
        build_catalog(demos, [wrong])


def test_no_demos_are_no_error(tmp_path):
    assert set(build_catalog(tmp_path / "gone")) == PUBLISHED
    assert set(build_catalog(tmp_path)) == PUBLISHED


def test_finding_by_name_path_and_hub_id(demos):
    catalog = build_catalog(demos)
    assert catalog.find("demo-shard") is catalog["demo-shard"]
    assert catalog.find(demos / "demo-shard") is catalog["demo-shard"]  # the same thing by its path
    assert catalog.find("owner/name").kind == "hub"
    file = catalog.find(str(demos / "demo-shard/models/model.pt"))
    assert (file.kind, file.family) == ("folder", "shard")
    assert catalog.find(str(demos / "demo-shard/models/model.pt")) is file
    for wrong in ("demo-shardd", "no/such/path", "x.pt", "a\0b", "~nosuchuser"):
        with pytest.raises(MissingFile):
            catalog.find(wrong)
    with pytest.raises(MissingFile, match="demo-pixel, demo-shard"):
        catalog.find("demo")


def test_names_that_are_taken_get_a_number():
    catalog = Catalog(CatalogEntry("a", Path(f"/{i}"), "folder", "") for i in range(3))
    assert list(catalog) == ["a", "a (2)", "a (3)"]
    assert len(catalog) == 3


@pytest.mark.parametrize(
    ("readme", "expected"),
    [
        ("# Title only", "a checkpoint folder"),
        ("", "a checkpoint folder"),
        ("# T\n\n> quote\n", "> quote"),
        ("First line\nsecond line. Then more.", "First line second line"),
        ("x" * 1000, "x" * 158 + " …"),
        ("A thing (Who et al. 2023) does it. More.", "A thing (Who et al. 2023) does it"),
        ("\xff\xfe", "ÿþ"),
    ],
)
def test_descriptions_are_first_sentences(demos, readme, expected):
    (demos / "demo-pixel/README.md").write_text(readme, encoding="utf-8")
    assert found(demos)["demo-pixel"].description == expected


def test_odd_readmes_do_no_harm(demos):
    (demos / "demo-pixel/README.md").write_bytes(b"\xff\xfe\x00 bytes" * 10_000)
    assert len(found(demos)["demo-pixel"].description) <= 160
    (demos / "demo-pixel/README.md").unlink()
    os.mkfifo(demos / "demo-pixel/README.md")  # opening it would wait for ever
    assert found(demos)["demo-pixel"].description == "a checkpoint folder"
