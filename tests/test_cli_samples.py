"""``generate --samples``: the same samples as one by one, printed in their order."""

import io
import json
import re
import sys

import pytest
from model_folder import write_model_folder

from playground import cli
from playground.settings import Settings

PROMPT = "Once upon a time"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return write_model_folder(tmp_path_factory.mktemp("models"))


@pytest.fixture
def run(monkeypatch, capsys, tmp_path, models):
    """``python -m playground generate`` with arguments, in this process: exit status, stdout, stderr."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PLAYGROUND_{name.upper()}", raising=False)
    monkeypatch.setenv("PLAYGROUND_CHECKPOINTS", str(tmp_path / "none"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)

    def run_it(*arguments, model="shard", prompt=("-p", PROMPT)):
        argv = ["playground", "generate", "-m", models / model, *prompt, "--max-new-tokens", 12, *arguments]
        monkeypatch.setattr(sys, "argv", [*map(str, argv)])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        return left.value.code or 0, *capsys.readouterr()

    return run_it


@pytest.mark.parametrize("temperature", [0, 1.2])
def test_each_is_what_its_seed_gives_alone(run, temperature):
    status, out, err = run("--samples", 3, "--seed", 4, "--temperature", temperature)
    assert (status, err) == (0, "")
    alone = [run("--seed", seed, "--temperature", temperature)[1] for seed in (4, 5, 6)]
    heads = re.findall(
        r"^\[(\d) of 3: seed (\d+), 12 tokens, log-probability (-[\d.]+), .*ended by token limit\]$", out, re.M
    )
    assert [(number, seed) for number, seed, _ in heads] == [("1", "4"), ("2", "5"), ("3", "6")]
    assert re.sub(r"(?m)^\[\d of 3: .*\]$", "<head>", out) == "".join(f"<head>\n{text}\n\n" for text in alone)
    assert (len(set(alone)) == 1) is (temperature == 0)


def test_json_is_one_list(run):
    status, out, err = run("--samples", 2, "--seed", 4, "--json")
    samples = json.loads(out)
    assert (status, err, out.count("\n")) == (0, "", 1)
    for sample, seed in zip(samples, (4, 5), strict=True):
        *steps, end = [json.loads(line) for line in run("--seed", seed, "--json")[1].splitlines()]
        assert sample["seed"] == seed
        assert [token["id"] for token in sample["tokens"]] == [step["token_id"] for step in steps]
        assert sample["text"] == "".join(step["text"] for step in steps)
        assert sample["logprob"] == pytest.approx(sum(step["logprob"] for step in steps), abs=1e-4)
        assert sample["end"] == end["reason"]


def test_ids_are_prompts_too(run):
    status, out, _ = run("--samples", 2, "--json", model="gelu-gpt", prompt=("--ids", "1 2 3"))
    assert status == 0
    assert [len(sample["tokens"]) for sample in json.loads(out)] == [12, 12]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--samples", 0), ["0 samples", "1 to 16"]),
        (("--samples", 17), ["17 samples", "1 to 16"]),
        (("--samples", 10**12), ["1 to 16"]),
        (("--samples", 2, "--save", "run.json"), ["--save", "2 samples"]),
        (("--samples", 2, "--seed", 2**32 - 1), ["seed", "4294967296"]),
        (("--samples", 2, "--temperature", "nan"), ["temperature"]),
    ],
)
def test_what_cannot_be_drawn_is_one_line(run, arguments, parts):
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    for part in parts:
        assert part in err
