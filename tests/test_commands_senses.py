"""``python -m playground senses``, ``ledger`` and ``generate --edits``: what they print, beside the library."""

import io
import json
import sys

import pytest
from sense_models import TEXT, write_sense_models

import playground as pg
from playground import cli, limits
from playground.settings import Settings

SCALE = {"kind": "scale_sense", "word": " sea", "sense": 1, "factor": -2.0}

SHOUT = {"kind": "add_sense", "word": " ship", "sense": 3, "weight": 90}


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No variable of the machine that runs the tests, and a folder of our own."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PLAYGROUND_{name.upper()}", raising=False)
    monkeypatch.setenv("PLAYGROUND_CHECKPOINTS", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_sense_models(tmp_path_factory.mktemp("models")) / "gpt2"


@pytest.fixture(scope="module")
def model(folder):
    return pg.load(folder)


@pytest.fixture
def run(monkeypatch, capsys, folder):
    def run_it(command, *arguments, stdin=b""):
        given = (command, *arguments, "--model", folder)
        monkeypatch.setattr(sys, "argv", ["playground", *map(str, given)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        return left.value.code or 0, *capsys.readouterr()

    return run_it


def saved(tmp_path, document, name="edits.json"):
    file = tmp_path / name
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return file


def test_senses_of_a_word(run, model):
    found = pg.inspect_senses(model, "sea", 3, TEXT)
    status, out, err = run("senses", "sea", "--top", 3, "--text", TEXT, "--nearest", 2, "--promoters")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == ["'sea' is read as ' sea'; looking at ' sea', token 1.", "The text holds it 2 times."]
    first = found.senses[0]
    assert lines[3].startswith(f"Sense 0, length {first.norm:.2f}, mean weight {first.use.weight:.3f}, among the three")
    assert f"{first.promotes[0].text!r} {first.promotes[0].score:.2f}" in lines[4]
    assert f"{first.demotes[2].text!r} {first.demotes[2].score:.2f}" in lines[5]
    assert sum(line.startswith("Sense ") for line in lines) == 16
    assert "Nearest by sense 2: " in out
    assert lines[-1].endswith(repr(pg.promoters_of(model, "sea", 3).pairs[2].text))


def test_senses_as_json(run, model):
    status, out, _ = run("senses", "sea", "--top", 3, "--nearest", 2, "--promoters", "--json")
    told = json.loads(out)
    assert status == 0
    assert told["word"]["token_id"] == 1
    assert [one["score"] for one in told["senses"][5]["promotes"]] == pytest.approx(
        [one.score for one in pg.inspect_senses(model, "sea", 3).senses[5].promotes], abs=1e-5
    )
    assert told["nearest"]["sense"] == 2
    assert len(told["promoters"]["pairs"]) == 3


def test_the_ledger_adds_up(run, model, tmp_path):
    file = saved(tmp_path, [SCALE, {"kind": "add_sense", "word": " ship", "sense": 3, "weight": 5}])
    status, out, _ = run("ledger", "--text", TEXT, "--candidate", "he", "--position", 6, "--edits", file, "--json")
    told = json.loads(out)
    (he,) = told["candidates"]
    taken = pg.ledger(model, TEXT, 6, json.loads(file.read_text()))
    assert status == 0
    assert he["logit"] == pytest.approx(taken.total(4), abs=1e-3)
    assert sum(map(sum, he["contributions"])) + he["added"] == pytest.approx(he["logit"], abs=1e-3)
    _, out, _ = run("ledger", "--text", "-", "--candidate", "he", "--position", 6, "--edits", file, stdin=TEXT.encode())
    lines = [line.split() for line in out.splitlines() if line.startswith("  ")]
    assert sum(float(words[0]) for words in lines) == pytest.approx(he["logit"], abs=2e-3)
    assert lines[-1][1:] == ["added", "by", "edits"]
    largest = max((abs(cell), cell) for row in he["contributions"] for cell in row)[1]
    assert lines[0][0] == f"{largest:+.4f}"


def test_text_under_edits_is_the_librarys_and_replays(run, model, tmp_path):
    file = saved(tmp_path, [SHOUT])
    given = ("generate", "--prompt", TEXT, "--max-new-tokens", 12, "--top-p", 1, "--seed", 3)
    _, plain, _ = run(*given)
    status, out, _ = run(*given, "--edits", file, "--save", tmp_path / "run.json")
    options = pg.SamplingOptions(max_new_tokens=12, seed=3)
    steps = list(pg.sample(model, TEXT, options, [SHOUT]))
    assert (status, out) == (0, TEXT + "".join(step.text for step in steps))
    assert out != plain
    assert json.loads((tmp_path / "run.json").read_text())["edits"] == [SHOUT]
    _, several, _ = run(*given, "--edits", file, "--samples", 2, "--json")
    assert json.loads(several)[0]["text"] == "".join(step.text for step in steps)


def test_an_empty_list_of_edits_changes_nothing(run, tmp_path):
    given = ("generate", "--prompt", TEXT, "--max-new-tokens", 6)
    assert run(*given)[1] == run(*given, "--edits", saved(tmp_path, []))[1]


HOSTILE = {
    "no JSON": ("{", "is no JSON"),
    "an object": ("{}", "holds no JSON list"),
    "a number": ("7", "holds no JSON list"),
    "deep": ("[" * 100_000, "is no JSON"),
    "bytes": ("\udcff", "is no JSON"),
    "long": (" " * (limits.EDITS_BYTES + 1), "no list of edits is so long"),
    "no objects": ('["x"]', "An edit must be an object"),
    "many": (json.dumps([SCALE] * 65), "65 edits, but at most 64"),
    "an unknown kind": ('[{"kind": "__import__"}]', "kind is '__import__'"),
    "not a number": ('[{"kind": "scale_sense", "word": " sea", "sense": 1, "factor": NaN}]', "factor must be a number"),
    "infinite": ('[{"kind": "scale_sense", "word": " sea", "sense": 1, "factor": 1e999}]', "factor must be a number"),
    "a huge number": (
        '[{"kind": "scale_sense", "word": " sea", "sense": 1, "factor": ' + "9" * 5000 + "}]",
        "no JSON|factor must be",
    ),
    "a huge sense": (
        '[{"kind": "scale_sense", "word": " sea", "sense": 10000000000, "factor": 1}]',
        "senses go from 0",
    ),
    "a word of several tokens": (json.dumps([SCALE | {"word": " sea ship"}]), "is 2 tokens"),
    "a word with a line end": (json.dumps([SCALE | {"word": "\n<script>"}]), "token"),
}


@pytest.mark.parametrize(("text", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_or_absurd_file_gives_one_clear_sentence(run, tmp_path, text, said):
    file = tmp_path / "edits.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    status, out, err = run("generate", "--prompt", TEXT, "--edits", file)
    assert (status, out) == (1, "")
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert len(err) < 500
    assert any(one in err for one in said.split("|"))


def test_files_that_are_not_there(run, tmp_path):
    for file in (tmp_path / "nothing.json", tmp_path):
        status, _, err = run("generate", "--prompt", TEXT, "--edits", file)
        assert status == 1
        assert "cannot be read" in err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("senses", ""), "The word is empty"),
        (("senses", "sea", "--nearest", 16), "senses go from 0 to 15"),
        (("senses", "sea", "--top", 0), "top must be"),
        (("ledger",), "either text or --ids"),
        (("ledger", "--text", TEXT, "--edits", "no.json"), "no.json cannot be read"),
        (("ledger", "--text", TEXT, "--position", 50), "choose 0 to 10"),
        (("ledger", "--ids", "1 2", "--candidate", "sea ship"), "is 2 tokens"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_line(run, command, said):
    status, _, err = run(*command)
    assert status == 1
    assert said in err
    assert err.count("\n") == 1
