"""The evaluation as a whole: every measure where it belongs, taken on the right texts."""

import json
from types import SimpleNamespace

import pytest
from goldens import GOLDEN
from model_folder import SHARD
from word_level import write_word_tokenizer

from playground.errors import InvalidRequest, MissingFile
from playground.evaluation.bits_per_byte import score_texts
from playground.evaluation.evaluate import evaluate
from playground.evaluation.read_back import ReadBack
from playground.evaluation.similarity import similarity
from playground.evaluation.word_pairs import read_word_pairs
from playground.face import load

WORDS = ["sun", "moon", "star", "hat", "coat"]
STORIES = ["The cat sat on the mat.", "Once upon a time\nthere was a dog.", "The end."]


@pytest.fixture(scope="module")
def shard():
    return load(SHARD)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "stories.txt").write_text("\n<|endoftext|>\n".join(STORIES))
    lines = [{"source": source, "text": text} for source, text in zip("aba", STORIES, strict=True)]
    (tmp_path / "both.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path / "stories.txt", tmp_path / "both.jsonl"


def test_a_language_model_is_scored_per_file_and_source(shard, files):
    stories, both = files
    reports = []
    result = evaluate(shard, files, "marker", report=lambda stage, done: reports.append((stage, done)))
    whole = score_texts(shard, STORIES).as_json()
    assert result["files"][str(stories)] == whole
    mixed = dict(result["files"][str(both)])
    assert mixed.pop("sources") == {
        "a": score_texts(shard, STORIES[::2]).as_json(),
        "b": score_texts(shard, STORIES[1:2]).as_json(),
    }
    assert mixed == pytest.approx(whole, rel=1e-5)
    assert result["model"] | {"fingerprint": ""} == {
        "name": str(SHARD), "family": "shard", "parameters": shard.card.parameters, "fingerprint": "",
        "dtype": "float32", "threads": 1, "begin_token": "<|bos|>",
    }  # fmt: skip
    assert [stage for stage, _ in reports] == sorted([stage for stage, _ in reports], reverse=True)
    for file in files:
        done = [fraction for stage, fraction in reports if stage == str(file)]
        assert done == sorted(done)
        assert done[-1] == pytest.approx(1)
    json.dumps(result, allow_nan=False)


def test_at_most_so_many_texts_are_read(shard, files):
    result = evaluate(shard, files, "marker", most=1)["files"]
    assert result[str(files[0])] == score_texts(shard, STORIES[:1]).as_json()
    assert result[str(files[1])]["texts"] == 2  # one of each source


def test_a_backpack_has_a_similarity_table_too(files, tmp_path):
    tokenizer = write_word_tokenizer(tmp_path / "tokenizer.json", WORDS, 211)
    model = load(GOLDEN / "backpack" / "gpt2", tokenizer=tokenizer)
    (tmp_path / "SimLex-999.txt").write_text("sun moon 5\nsun hat 1\nmoon star 4\nhat coat 3\nhat sunlight 3\n")
    result = evaluate(model, files[:1], pairs=[tmp_path / "SimLex-999.txt"])
    table = result["similarity"]["SimLex-999"]
    assert table == similarity(model, read_word_pairs(tmp_path / "SimLex-999.txt")).as_json()
    assert (table["pairs"], table["of"], len(table["senses"])) == (4, 5, 16)
    assert result["model"]["begin_token"] == "<|endoftext|>"
    assert result["files"][str(files[0])]["texts"] == 1
    assert evaluate(model, pairs=[tmp_path / "SimLex-999.txt"], files=())["files"] == {}


def test_a_reader_of_pictures_is_asked_to_read_back(monkeypatch, shard, files):
    asked, reports = [], []

    def known(model, texts, report):
        asked.append(list(texts))
        report(0.5)
        report(1.0)
        count = len(texts)
        return ReadBack(count, 1, {1: count / 8, 2: 0.5}, {1: 1 / count, 2: 0.0}, {1: 3 * count, 2: 6 * count})

    monkeypatch.setattr("playground.evaluation.evaluate.read_back", known)
    reader = SimpleNamespace(abilities=frozenset({"reconstruct"}), card=shard.card, tokenizer=None)
    (files[1].parent / "both.jsonl").write_text(
        "".join(json.dumps({"source": name, "text": text}) + "\n" for name, text in zip("aab", STORIES, strict=True))
    )
    result = evaluate(reader, files, "sentence", report=lambda stage, done: reports.append(done))
    cut = ["The cat sat on the mat.", "Once upon a time", "there was a dog.", "The end."]
    assert asked == [cut, cut[:3], cut[3:]]
    assert result["files"][str(files[0])] == known(reader, cut, print).as_json()
    both = result["files"][str(files[1])]
    assert both.pop("sources") == {
        "a": known(reader, cut[:3], print).as_json(),
        "b": known(reader, cut[3:], print).as_json(),
    }
    assert (both["texts"], both["left_out"]) == (4, 2)
    assert both["spans"]["1"] == pytest.approx(
        {"hidden": 12, "loss": (9 * 3 / 8 + 3 * 1 / 8) / 12, "exact": (9 / 3 + 3 / 1) / 12}
    )
    assert both["spans"]["2"] == pytest.approx({"hidden": 24, "loss": 0.5, "exact": 0.0})
    assert reports == [0.5, 1.0, 0.375, 0.75, 0.875, 1.0]
    assert "begin_token" not in result["model"]


def test_nothing_and_nobody_to_measure(shard, files, tmp_path):
    with pytest.raises(InvalidRequest, match="nothing to measure"):
        evaluate(shard, [])
    with pytest.raises(MissingFile, match=r"gone\.txt"):
        evaluate(shard, [files[0], tmp_path / "gone.txt"], report=pytest.fail)  # before anything is measured
    (tmp_path / "pairs.txt").write_text("sun moon 5\n")
    with pytest.raises(InvalidRequest, match="shard model has none"):
        evaluate(shard, files, pairs=[tmp_path / "pairs.txt"])
    mute = SimpleNamespace(abilities=frozenset({"sing"}), card=shard.card, tokenizer=None)
    with pytest.raises(InvalidRequest, match=r"no measure .* sing"):
        evaluate(mute, files)
