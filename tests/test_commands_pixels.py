"""``python -m playground reconstruct``: what it writes and prints, beside the library."""

import io
import json
import shutil
import sys

import numpy as np
import pytest
from goldens import GOLDEN
from patch_models import write_grid_checkpoint
from PIL import Image

import playground as pg
from playground import cli
from playground.engine.patch_records import read_reconstruction
from playground.pixels.pictures import sheet
from playground.settings import Settings

TEXT = "Hello, brave new world!"


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No variable of the machine that runs the tests, and an empty folder of demos."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PLAYGROUND_{name.upper()}", raising=False)
    monkeypatch.setenv("PLAYGROUND_CHECKPOINTS", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def folder(tmp_path):
    for name in ("config.json", "model.safetensors"):
        shutil.copyfile(GOLDEN / "pixel" / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys, folder):
    def run_it(*arguments, stdin=b""):
        given = ("reconstruct", "--model", folder, "--out", "picture.png", *arguments)
        monkeypatch.setattr(sys, "argv", ["playground", *map(str, given)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        return left.value.code or 0, *capsys.readouterr()

    return run_it


def expected(folder, options, *names):
    model = pg.load(folder)
    result = pg.reconstruct(model, pg.render(model, TEXT), options)
    lines = [result.pictures[name] for name in ("original", "masked", *names)]
    return result, sheet(lines, result.strip.num_text_patches + 1)


def test_the_picture_and_the_numbers_are_the_librarys(run, folder):
    status, out, _ = run("--text", TEXT, "--ratio", 0.4, "--seed", 3)
    result, page = expected(folder, pg.MaskOptions(0.4, seed=3), "on_the_page")
    assert status == 0
    assert f"{len(result.hidden)} of the text's {result.strip.num_text_patches} patches are hidden" in out
    assert f"Loss {result.loss:.4f}." in out
    assert np.array_equal(np.asarray(Image.open("picture.png")), page)
    assert "lightest tenth" in out
    assert "GoNotoCurrent.ttf is not here" in out


def test_json_holds_the_whole_run(run, folder):
    status, out, err = run("-t", TEXT, "--kind", "manual", "--patches", "2, 5", "--as-published", "--json")
    result, page = expected(folder, pg.MaskOptions(kind="manual", patches=(2, 5)), "as_published")
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert found["hidden"] == [2, 5]
    assert found["loss"] == pytest.approx(result.loss, rel=1e-5)
    assert found["errors"] == pytest.approx(result.error[[2, 5]].tolist(), abs=1e-5)
    assert found["model"]["fingerprint"] == pg.load(folder).card.fingerprint
    assert found["mask"] | {"kind": "manual", "patches": [2, 5], "seed": 42} == found["mask"]
    record = read_reconstruction(found)  # as the page opens it
    assert record.request.mask == pg.MaskOptions(kind="manual", patches=(2, 5))
    assert (record.request.text, record.hidden) == (TEXT, (2, 5))
    assert (found["text"], found["shown"], found["picture"]) == (TEXT, "as_published", "picture.png")
    assert np.array_equal(np.asarray(Image.open("picture.png")), page)


def test_spans_can_be_short_and_close(run, folder):
    status, out, _ = run("-t", TEXT, "--ratio", 0.5, "--longest", 1, "--spacing", 0, "--json")
    result, _ = expected(folder, pg.MaskOptions(0.5, spacing=0, longest=1), "on_the_page")
    assert status == 0
    assert json.loads(out)["hidden"] == result.hidden.tolist()


def test_monospace_text_is_read_back(run, tmp_path):
    status, out, _ = run("--model", write_grid_checkpoint(tmp_path / "grid"), "-t", TEXT, "--ratio", 0.5)
    assert status == 0
    assert "of 6 hidden patches are right." in out


def test_text_comes_through_a_pipe(run):
    status, out, _ = run("--text", "-", "--json", stdin="Ünïcödé".encode())
    assert status == 0
    assert json.loads(out)["text"] == "Ünïcödé"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--text", TEXT, "--ratio", "2"), "ratio is 2.0"),
        (("--text", TEXT, "--kind", "spans"), "kind is 'spans'"),
        (("--text", TEXT, "--spacing", "wide"), "--spacing must be a whole number"),
        (("--text", TEXT, "--longest", "0"), "longest is 0"),
        (("--text", TEXT, "--kind", "manual", "--patches", "x"), "--patches must be whole numbers"),
        (("--text", TEXT, "--kind", "manual", "--patches", "99"), "patches 0 to 24"),
        (("--text", TEXT, "--out", "none/there.png"), "cannot be written"),
        (("--text", "x" * 30_000), "at most 20,000"),
        (("--text", TEXT, "--model", "nothing-here"), "nothing-here"),
    ],
)
def test_mistakes_are_one_line(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert err.startswith("Error: ") and err.count("\n") == 1
    assert message in err
