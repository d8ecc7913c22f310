"""The written split is the one that a run of the recipe sees."""

import json

import pytest
import typer

from playground.errors import MissingFile
from playground.training.corpus import split_corpora
from playground.training.recipes import find_recipe
from playground.training.split import main, write_split


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_run_and_the_written_split_agree(data, tmp_path, capsys):
    recipe = find_recipe("smoke")
    main("smoke", data, tmp_path)
    splits = split_corpora(data, recipe.sources, seed=recipe.seed)  # as training calls it
    record = json.loads((tmp_path / "split.json").read_text())
    printed = capsys.readouterr().out
    assert (record["recipe"], record["seed"], record["held_out_share"]) == ("smoke", recipe.seed, 0.02)
    assert list(record["sources"]) == ["stories", "sentences"]
    assert sum(source["weight"] for source in record["sources"].values()) == pytest.approx(1)
    for name, source in record["sources"].items():
        for part, texts in (("train", splits[name].train), ("held-out", splits[name].held_out)):
            assert lines(tmp_path / part / f"{name}.jsonl") == [{"source": name, "text": text} for text in texts]
        assert (source["train"], source["held_out"]) == (len(splits[name].train), len(splits[name].held_out))
        assert source["held_out"] > 0
        assert f"{name}: {source['train']:,} training documents, {source['held_out']:,} held-out texts" in printed
    assert not (tmp_path / "attribution").exists()


def test_lists_of_authors_come_along(data, tmp_path):
    copy = tmp_path / "data"
    for name in ("stories", "sentences"):
        (copy / name).mkdir(parents=True)
        for file in (data / name).iterdir():
            (copy / name / file.name).write_bytes(file.read_bytes())
    (copy / "stories" / "ATTRIBUTION.tsv").write_text("1\tThe ball\tAnn\tCC-BY\n")
    recipe = find_recipe("smoke")
    write_split("smoke", recipe.sources, 0, copy, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / "attribution").iterdir()] == ["stories.tsv"]
    assert (tmp_path / "out" / "attribution" / "stories.tsv").read_text() == "1\tThe ball\tAnn\tCC-BY\n"


def test_missing_corpora_are_one_line(tmp_path, capsys):
    with pytest.raises(MissingFile, match="stories, sentences"):
        write_split("smoke", find_recipe("smoke").sources, 0, tmp_path, tmp_path / "out")
    with pytest.raises(typer.Exit):
        main("nothing", tmp_path, tmp_path / "out")
    assert capsys.readouterr().err.count("\n") == 1
