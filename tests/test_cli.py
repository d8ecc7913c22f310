"""The command line: what it prints, what it prints on errors, and that it ends when it is told to."""

import io
import json
import math
import os
import signal
import subprocess
import sys
import time

import pytest
from model_folder import COPIES, ENDLESS, write_model_folder
from word_level import write_word_tokenizer

from playground import cli
from playground.evaluation.bits_per_byte import score_texts
from playground.face import load
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample
from playground.settings import PROJECT, Settings

PROMPT = "Once upon a time"


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    return write_model_folder(tmp_path_factory.mktemp("models"))


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No variable and no ``.env`` of the machine that runs the tests, and an empty folder of demos."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PLAYGROUND_{name.upper()}", raising=False)
    monkeypatch.setenv("PLAYGROUND_CHECKPOINTS", str(tmp_path / "none"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(monkeypatch, capsys):
    """``python -m playground`` with arguments, in this process: exit status, stdout, stderr."""

    def run_it(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["playground", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        return left.value.code or 0, *capsys.readouterr()

    return run_it


def start(*arguments, **options):
    """``python -m playground`` with arguments, as a program of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)} | options.pop("env", {})
    return subprocess.Popen(
        [sys.executable, "-m", "playground", *map(str, arguments)], env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **options,
    )  # fmt: skip


def refused(result, *parts):
    status, out, err = result
    assert status == 1
    assert out == ""
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert "Traceback" not in err
    for part in parts:
        assert part in err


def test_generate_prints_the_prompt_and_what_the_model_wrote(run, models):
    status, out, err = run(
        "generate", "--model", models / "shard", "--prompt", PROMPT, "--max-new-tokens", 12, "--seed", 3
    )
    options = SamplingOptions(max_new_tokens=12, top_p=0.95, seed=3)
    steps = list(sample(load(models / "shard"), PROMPT, options))
    assert status == 0
    assert out == PROMPT + "".join(step.text for step in steps)
    assert "12 tokens" in err
    assert "ended by token limit" in err


def test_the_form_that_the_published_card_promises(run, models):
    path = models / "pixel_100m" / "latest.pt"
    status, out, _ = run("generate", "--model", path, "--prompt", "Hello from PIXEL", "--max-new-tokens", 5)
    assert status == 0
    assert out.startswith("Hello from PIXEL")


def test_json_lines_join_to_the_plain_output(run, models):
    arguments = ("generate", "-m", models / "shard", "-p", PROMPT, "--max-new-tokens", 20, "--temperature", 1.2)
    _, plain, _ = run(*arguments)
    status, out, err = run(*arguments, "--json")
    *steps, end = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert PROMPT + "".join(step["text"] for step in steps) == plain
    assert [step["index"] for step in steps] == list(range(len(steps)))
    assert all(len(step["alternatives"]) == 10 and step["logprob"] <= 0 for step in steps)
    assert (end["reason"], end["tokens"]) == (steps[-1]["end"], len(steps))
    assert err == ""


def test_the_same_seed_is_the_same_text(run, models):
    arguments = ("generate", "-m", models / "shard", "-p", PROMPT, "--max-new-tokens", 16)
    texts = [run(*arguments, "--seed", seed)[1] for seed in (5, 5, 6)]
    assert texts[0] == texts[1] != texts[2]


def test_every_sampling_option_has_a_flag(run, models):
    status, out, _ = run(
        "generate", "-m", models / "shard", "-p", PROMPT, "--max-new-tokens", 30, "--temperature", 0.7, "--top-p", 0.9,
        "--top-k", 50, "--min-p", 0.01, "--repetition-penalty", 1.1, "--seed", 2, "--stop", "e", "--stop", "zzz",
    )  # fmt: skip
    options = SamplingOptions(30, 0.7, 0.9, 50, 0.01, 1.1, 2, ("e", "zzz"))
    assert status == 0
    assert out == PROMPT + "".join(step.text for step in sample(load(models / "shard"), PROMPT, options))


def test_a_saved_run_is_replayed(run, models, tmp_path):
    file = tmp_path / "run.json"
    arguments = ("-p", PROMPT, "--max-new-tokens", 12, "--temperature", 1.2, "--seed", 3)
    code, text, _ = run("generate", "-m", models / "shard", *arguments, "--save", file)
    assert code == 0
    code, again, said = run("replay", file)
    assert (code, again.rstrip("\n")) == (0, text.rstrip("\n"))
    assert "The same 12 tokens" in said
    document = json.loads(file.read_text())
    token = document["parts"][0]["tokens"][4]
    token["id"] = (token["id"] + 1) % 20
    file.write_text(json.dumps(document))
    code, _, said = run("replay", file)
    assert code == 1
    assert "from new token 5 of 12 on" in said


@pytest.mark.parametrize("content", [None, b"{", b"[1]", b'{"format": "x"}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_saved_run_is_refused_in_a_line(run, tmp_path, content):
    file = tmp_path / "run.json"
    if content is not None:
        file.write_bytes(content)
    code, out, said = run("replay", file)
    assert (code, out) == (1, "")
    assert said.startswith("Error: ")
    assert said.count("\n") == 1


def test_a_file_that_cannot_be_written_is_refused_in_a_line(run, models, tmp_path):
    code, _, said = run("generate", "-m", models / "shard", "-p", "a", "--max-new-tokens", 1, "--save", tmp_path)
    assert code == 1
    assert "cannot be written" in said


def test_ids_and_pipes_are_prompts_too(run, models):
    model = load(models / "shard")
    ids = model.prompt_ids(PROMPT)
    arguments = ("generate", "-m", models / "shard", "--max-new-tokens", 6)
    _, from_text, _ = run(*arguments, "--prompt", PROMPT)
    assert run(*arguments, "--prompt", "-", stdin=PROMPT.encode())[1] == from_text
    _, from_ids, _ = run(*arguments, "--ids", ", ".join(map(str, ids)))
    assert PROMPT + from_ids == from_text
    status, out, _ = run("generate", "-m", models / "gelu-gpt", "--ids", "1 2 3", "--max-new-tokens", 2)
    assert status == 0
    assert len([int(word) for word in out.split()]) == 2  # without a tokenizer, ids are the text


def test_score_prints_each_token(run, models):
    status, out, _ = run("score", "--model", models / "shard", "--text", "the cat sat")
    *tokens, total = out.splitlines()
    model = load(models / "shard")
    ids = model.prompt_ids("the cat sat")
    logprobs = model.logits(ids).double().log_softmax(-1)
    wanted = [float(logprobs[i, token]) for i, token in enumerate(ids[1:])]
    assert status == 0
    assert [int(line.split()[0]) for line in tokens] == ids
    assert [float(line.split()[1]) for line in tokens[1:]] == pytest.approx(wanted, abs=1e-3)
    assert "'" in tokens[0]  # the first has nothing before it, so no number
    bits = -sum(wanted) / math.log(2)
    assert f"{bits:,.2f} bits in all" in total
    assert "bits per byte" in total


def test_score_takes_ids_and_pipes_and_gives_json(run, models):
    ids = load(models / "shard").prompt_ids("the cat sat")
    _, out, _ = run("score", "-m", models / "shard", "--text", "the cat sat", "--json")
    scored = json.loads(out)
    assert scored["token_ids"] == ids
    assert scored["logprobs"][0] is None
    piped = json.loads(run("score", "-m", models / "shard", "--text", "-", "--json", stdin=b"the cat sat")[1])
    assert piped == scored
    by_ids = json.loads(run("score", "-m", models / "shard", "--ids", " ".join(map(str, ids)), "--json")[1])
    assert by_ids["logprobs"] == scored["logprobs"]
    raw = json.loads(run("score", "-m", models / "backpack", "--ids", "5 6 7", "--json")[1])
    assert (len(raw["logprobs"]), raw["bits_per_byte"]) == (3, None)


def test_models_lists_what_there_is(run, models):
    status, out, _ = run("models", "--models", models)
    assert status == 0
    assert {line.split()[0] for line in out.splitlines()} >= {*COPIES, ENDLESS, "sage002/pixel"}
    listed = json.loads(run("models", "--models", models, "--json")[1])
    assert {state["name"]: state["family"] for state in listed["models"]}["pixel-mae"] == "pixel-mae"
    assert listed["budget"] > 0


def test_card_tells_what_a_checkpoint_is(run, models):
    status, out, _ = run("card", "--model", models / "pixel_100m")
    assert status == 0
    assert "94,224" in out
    assert "only 10 steps" in out
    card = json.loads(
        run("card", "-m", models / "shard", "--dtype", "bfloat16", "--choice", "rope_pairing=half", "--json")[1]
    )
    assert (card["parameters"], card["dtype"], card["sizes"]["rope_pairing"]) == (214_592, "bfloat16", "half")


def test_evaluate_prints_one_object_of_measures(run, models, tmp_path):
    (tmp_path / "lines.txt").write_text("the cat sat\nthe dog ran home\n")
    (tmp_path / "more.jsonl").write_text('{"text": "a bird sang", "source": "birds"}\n')
    status, out, err = run(
        "evaluate", models / "shard", "--data", "lines.txt", "--data", "more.jsonl", "--separator", "line", "--most", 1,
        "--dtype", "bfloat16", "--threads", 1,
    )  # fmt: skip
    result = json.loads(out)
    assert (status, out.count("\n"), err) == (0, 1, "")
    assert (result["model"]["family"], result["model"]["dtype"], result["model"]["threads"]) == ("shard", "bfloat16", 1)
    wanted = score_texts(load(models / "shard", dtype="bfloat16"), ["the cat sat"]).as_json()
    assert result["files"]["lines.txt"] == pytest.approx(wanted)
    assert result["files"]["more.jsonl"]["sources"]["birds"]["bytes"] == 11


def test_evaluate_compares_the_senses_of_a_backpack(run, models, tmp_path):
    tokenizer = write_word_tokenizer(tmp_path / "tokenizer.json", ["sun", "moon", "hat"], 211)
    (tmp_path / "pairs.txt").write_text("sun moon 5\nsun hat 1\nmoon hat 2\nsun sunlight 4\n")
    arguments = ("evaluate", models / "backpack", "--similarity", "pairs.txt", "--tokenizer", tokenizer)
    status, out, _ = run(*arguments)
    table = json.loads(out)["similarity"]["pairs"]
    assert status == 0
    assert (table["pairs"], table["of"], len(table["senses"])) == (3, 4, 16)
    assert table["best"]["correlation"] == max(table["senses"])


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("nothing-like-it", "--data", "a.txt"), ["nothing-like-it", "known name"]),
        (("shard",), ["nothing to measure"]),
        (("shard", "--data", "a.txt"), ["a.txt", "Check the path"]),
        (("shard", "--data", "a.txt", "--separator", "word"), ["'word'", "marker"]),
        (("shard", "--data", "a.txt", "--most", "0"), ["0 texts"]),
        (("gelu-gpt", "--data", "b.txt"), ["no tokenizer"]),
        (("shard", "--similarity", "b.txt"), ["shard model has none"]),
    ],
)
def test_what_cannot_be_evaluated_is_one_line(run, models, monkeypatch, tmp_path, arguments, parts):
    monkeypatch.setenv("PLAYGROUND_MODELS", str(models))
    (tmp_path / "b.txt").write_text("sun moon 5\n")
    refused(run("evaluate", *arguments), *parts)


def test_a_tokenizer_can_be_named(run, models):
    tokenizer = models / "shard" / "models" / "tokenizer.json"
    refused(run("card", "-m", models / "gelu-gpt", "--tokenizer", tokenizer), "400", "do not belong together")


def test_a_catalogue_name_will_do(run, models):
    assert run("card", "--model", "shard", "--models", models)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("generate", "-m", "nothing-like-it", "-p", "a"), ["nothing-like-it", "known name"]),
        (("generate", "-m", "no/where", "-p", "a"), ["no/where"]),  # a Hub id, but this test is offline
        (("generate", "-m", "shard"), ["--ids"]),
        (("generate", "-m", "shard", "-p", "a", "--ids", "1"), ["not both"]),
        (("generate", "-m", "shard", "--ids", "1 two 3"), ["1 two 3"]),
        (("generate", "-m", "shard", "--ids", "1 400"), ["400", "399"]),
        (("generate", "-m", "shard", "-p", "a", "--temperature", "nan"), ["temperature", "nan"]),
        (("generate", "-m", "shard", "-p", "a", "--max-new-tokens", "0"), ["max_new_tokens"]),
        (("generate", "-m", "shard", "-p", "a", "--top-k", "100000"), ["top_k", "1,000"]),
        (("generate", "-m", "shard", "-p", "a", "--stop", ""), ["stop string"]),
        (("generate", "-m", "shard", "-p", "a " * 11_000), ["22,000", "20,000"]),
        (("generate", "-m", "shard", "-p", "a " * 300), ["context", "256"]),
        (("generate", "-m", "shard", "-p", "half\udcffa character"), ["surrogate"]),
        (("generate", "-m", "gelu-gpt", "-p", "words"), ["no tokenizer"]),
        (("generate", "-m", "pixel-mae", "-p", "words"), ["reconstruct"]),
        (("generate", "-m", "shard", "-p", "a", "--dtype", "int4"), ["int4", "bfloat16"]),
        (("generate", "-m", "shard", "-p", "a", "--choice", "rope_pairing"), ["name=value"]),
        (("generate", "-m", "shard", "-p", "a", "--choice", "colour=red"), ["colour"]),
        (("generate", "-m", "shard", "-p", "a", "--tokenizer", "nowhere/at/all"), ["nowhere/at/all"]),
        (("generate", "-m", "shard", "-p", "a", "--threads", "0"), ["threads"]),
        (("generate", "-m", "shard", "-p", "a", "--device", "tpu"), ["device", "tpu", "cpu", "cuda"]),
        (("score", "-m", "shard", "--ids", ""), ["empty"]),
        (("score", "-m", "pixel-mae", "--text", "words"), ["reconstruct"]),
        (("card", "-m", "sharp"), ["sharp"]),
        (("models", "--models", "nowhere/at/all"), ["nowhere/at/all"]),
    ],
)
def test_errors_are_one_line_on_stderr(run, models, monkeypatch, arguments, parts):
    if "--models" not in arguments:
        monkeypatch.setenv("PLAYGROUND_MODELS", str(models))
    refused(run(*arguments), *parts)


def test_a_pipe_that_is_no_text_is_refused(run, models):
    refused(run("generate", "-m", models / "shard", "-p", "-", stdin=b"caf\xe9"), "no text")


def test_a_wrong_setting_is_an_error_of_one_line(run, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_THREADS", "many")
    refused(run("models"), "threads", "many")


def test_it_streams_and_a_closed_pipe_ends_it_quietly(models):
    """As ``python -m playground … | head -c 20``: the text arrives while the model writes, and no error follows."""
    process = start("generate", "-m", models / ENDLESS, "-p", PROMPT, "--max-new-tokens", "4096")
    began = process.stdout.read(40)
    assert began.startswith(PROMPT.encode())
    assert process.poll() is None  # 4,000 tokens take longer than this
    process.stdout.close()
    left = time.monotonic()
    assert process.stderr.read() == b""
    assert process.wait(30) != 0
    assert time.monotonic() - left < 20


@pytest.mark.parametrize("words", [0, len(PROMPT) + 8], ids=["while it starts", "while it writes"])
def test_ctrl_c_ends_it_at_once(models, words):
    process = start("generate", "-m", models / ENDLESS, "-p", PROMPT, "--max-new-tokens", "4096")
    if words:
        process.stdout.read(words)
    else:
        time.sleep(1)
    assert process.poll() is None
    pressed = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(30)
    assert time.monotonic() - pressed < 2
    assert process.returncode in (-signal.SIGINT, 130)
    assert process.stderr.read() == b""
    process.stdout.close()


def test_a_terminal_of_few_characters_shows_question_marks(models):
    process = start(
        "generate", "-m", models / "shard", "-p", "é ü", "--max-new-tokens", "2", env={"PYTHONIOENCODING": "ascii"}
    )
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    assert out.startswith(b"? ?")
    assert b"Traceback" not in err


def test_help_names_the_commands_and_does_not_wait_for_torch():
    process = start("--help", env={"PYTHONPROFILEIMPORTTIME": "1"})
    out, imported = process.communicate(timeout=100)
    assert process.returncode == 0
    assert b"playground.cli" in imported
    assert b"torch" not in imported
    for command in (b"generate", b"score", b"evaluate", b"models", b"card"):
        assert command in out
