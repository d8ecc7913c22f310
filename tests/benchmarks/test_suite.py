"""The parts that are asked for are measured, the others named with a reason; the files say the same as the table."""

import json
import os
import signal
import xml.etree.ElementTree as ElementTree

import pytest
import torch
from typer.testing import CliRunner

from playground import cli
from playground.benchmarks import choosing, decoding, fidelity, files, graphics, llamacpp, picture, reaction, suite
from playground.benchmarks.loading import Loading
from playground.benchmarks.measured import Left, Measurement, Target, line, reason, table
from playground.benchmarks.plan import Plan
from playground.benchmarks.timing import Spread
from playground.decode import compiling
from playground.errors import InvalidRequest

TINY = Plan("tiny", prompt=4, tokens=5, prefill=12, rows=2, rounds=1, read_bytes=1 << 20)
SVG = "{http://www.w3.org/2000/svg}"


def steps(about, path, dtype, speed, peer, roof=900.0):
    facts = {
        "kind": "steps", "path": path, "dtype": dtype, "tokens_per_second": speed, "peer_tokens_per_second": peer,
        "roofline_tokens_per_second": roof,
    }  # fmt: skip
    return Measurement(about, f"{path}, {dtype}", f"transformers, {dtype}", speed / peer, facts=facts)


@pytest.fixture
def measured(no_compiler, monkeypatch):
    """Names of the parts that were measured; each finds one line."""
    asked = []

    def find(name):
        asked.append(name)
        yield steps(name, "plain", "float32", 300.0, 100.0)

    monkeypatch.setattr(decoding, "measure", lambda subject, plan: find(subject.name))
    monkeypatch.setattr(choosing, "measure", lambda plan: find("sampling"))
    monkeypatch.setattr(fidelity, "measure", lambda plan: find("fidelity"))
    monkeypatch.setattr(reaction, "measure", lambda plan: find("reaction"))
    monkeypatch.setattr(graphics, "measure", lambda plan: find("gpu"))
    monkeypatch.setattr(files, "measure_reconstruction", lambda plan: find("reconstruction"))
    monkeypatch.setattr(files, "measure_loading", lambda plan: find("loading"))
    return asked


@pytest.mark.parametrize(
    ("only", "large", "expected"),
    [
        ((), False, [name for name in suite.NAMES if name != "backpack_1b"]),
        ((), True, list(suite.NAMES)),
        (("loading", "shard"), False, ["shard", "loading"]),
        (("backpack_1b",), False, ["backpack_1b"]),
    ],
)
def test_the_parts_that_are_asked_for_are_measured(measured, only, large, expected):
    heard = []
    report = suite.run(TINY, only, large, heard.append)
    assert measured == expected
    assert [each.about for each in report.found] == expected
    told = {name for left in report.left for name in left.what.split(", ")}
    assert {*expected, *told} >= set(suite.NAMES)
    assert not set(expected) & told
    assert [news for news in heard if not isinstance(news, str)] == [*report.found, *report.left]


def test_an_unknown_part_is_refused_before_anything_is_measured(measured, monkeypatch):
    monkeypatch.setattr(suite, "reader", None)
    with pytest.raises(InvalidRequest, match=r"'shards'.*shard, pixel_100m"):
        suite.run(TINY, ("shard", "shards"))
    assert measured == []


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ((), "llama-cpp-python and gguf are not installed"), (("gguf",), "llama-cpp-python is not installed"),
        (("llama_cpp",), "gguf is not installed"), (("llama_cpp", "gguf"), None),
    ],
)  # fmt: skip
def test_what_llama_cpp_lacks_is_said(measured, monkeypatch, there, why):
    monkeypatch.setattr(llamacpp, "find_spec", lambda name: object() if name in there else None)
    left = {each.what: each.why for each in suite.run(TINY, ("shard",)).left}
    assert left.get("llama.cpp", "").startswith(why or "") and ("llama.cpp" in left) is bool(why)


def test_a_missing_gpu_is_said(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [each.what for each in graphics.measure(TINY)] == ["gpu"]


def test_a_gpu_is_measured_with_the_same_parts(monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(decoding, "measure", lambda subject, plan: asked.append((subject.name, plan.device)) or ())
    assert list(graphics.measure(TINY)) == []
    assert asked == [(name, "cuda") for name in ("shard", "pixel_100m", "gelu_d12", "backpack")]


def test_a_part_that_fails_does_not_lose_the_others(measured, monkeypatch):
    def broken(plan):
        yield steps("drawn", "plain", "float32", 300.0, 100.0)
        raise ValueError("two\nlines")

    monkeypatch.setattr(choosing, "measure", broken)
    report = suite.run(TINY, ("sampling", "loading"))
    assert [each.about for each in report.found] == ["drawn", "loading"]
    assert Left("sampling", "ValueError: two") in report.left
    assert set(report.seconds) == {"sampling", "loading"}


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (MemoryError(), "there is not enough memory"), (RuntimeError("no kernel"), "no kernel"),
        (KeyError("dim"), "KeyError: 'dim'"), (ValueError(), "ValueError: ValueError"),
    ],
)  # fmt: skip
def test_reasons(error, why):
    assert reason(error) == why


@pytest.mark.parametrize(("lines", "what"), [(1, "the rest of sampling"), (0, "sampling")])
def test_an_interruption_keeps_what_was_found(measured, monkeypatch, lines, what):
    def interrupted(plan):
        yield from [steps("drawn", "plain", "float32", 300.0, 100.0)] * lines
        raise KeyboardInterrupt

    monkeypatch.setattr(choosing, "measure", interrupted)
    report = suite.run(TINY, ("shard", "sampling", "loading"))
    assert [each.about for each in report.found] == ["shard"] + ["drawn"] * lines
    assert [each.what for each in report.left if each.why == suite.INTERRUPTED] == [f"{what}, loading"]
    assert json.loads(json.dumps(report.as_json()))["interrupted"] is True
    assert measured == ["shard"]


def test_an_interruption_before_anything_is_found(measured, monkeypatch):
    def interrupted(most):
        raise KeyboardInterrupt

    monkeypatch.setattr(suite, "reader", interrupted)
    report = suite.run(TINY, ("shard",))
    assert (report.found, report.as_json()["bandwidth"]) == ([], None)
    assert Left("shard", suite.INTERRUPTED) in report.left


def test_the_kernels_that_are_missing_are_compiled_first(monkeypatch):
    names = []
    monkeypatch.setattr(compiling, "installed", lambda: True)
    monkeypatch.setattr(compiling, "is_compiled", lambda dtype: dtype == torch.float32)
    monkeypatch.setattr(compiling, "compile_now", names.append)
    assert suite.prepare() >= 0
    assert names == ["uint16", "int8"]
    monkeypatch.setattr(compiling, "is_compiled", lambda dtype: True)
    assert suite.prepare() is None


def test_a_real_part_from_end_to_end(no_compiler):
    report = suite.run(TINY, ("pixel_100m",))
    document = json.loads(json.dumps(report.as_json(), allow_nan=False))
    assert document["bandwidth"]["bytes"] == 1 << 20
    assert document["bandwidth"]["seconds"]["count"] == 1
    assert document["judged"] is False
    (first, *_) = document["measurements"]
    assert first["value"] == pytest.approx(first["peer_seconds"]["median"] / first["seconds"]["median"])
    assert document["machine"]["threads"] == torch.get_num_threads()


def test_loads_and_readings_take_turns(monkeypatch):
    def measure(checkpoints):
        assert len(checkpoints) == 3
        for number, _ in enumerate(checkpoints):
            order.append("load")
            yield Loading([9.0, 1.0, 3.0][number], 10, 100, "float32", [120, 0, 0][number])

    order = []
    monkeypatch.setattr(files.loading, "measure", measure)
    monkeypatch.setattr(files, "read", lambda path: order.append("read") or 0.5)
    found = list(files.measure_loading(Plan("tiny", rounds=2)))
    assert order == ["load", "read"] * 9
    assert [each.value for each in found] == [4.0, 1.2] * 3  # the first load counts for memory alone
    assert [each.met for each in found] == [False, True] * 3


def test_a_full_disk_is_said(monkeypatch):
    monkeypatch.setattr(files.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 10**9}))
    (left,) = files.measure_loading(Plan())
    assert "1.0 are free" in left.why


def test_reading_a_file_reads_all_of_it(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 100)
    assert files.read(tmp_path / "file") > 0


def test_a_sentence_is_measured_beside_the_row():
    speed, difference = files.measure_reconstruction(Plan("tiny", rounds=2))
    assert speed.value == pytest.approx(speed.peer_seconds.median / speed.seconds.median)
    assert (speed.seconds.count, speed.target.bound) == (2, 6)
    assert difference.met


@pytest.mark.parametrize(
    ("target", "value", "share", "met"),
    [
        (Target(3), 3.0, None, True), (Target(3), 2.99, 0.9, False), (Target(3, or_share=0.7), 1.0, 0.7, True),
        (Target(3, or_share=0.7), 1.0, 0.69, False), (Target(3, or_share=0.7), 1.0, None, False),
        (Target(2, at_most=True), 2.0, None, True), (Target(2, at_most=True), 2.01, None, False),
    ],
)  # fmt: skip
def test_targets(target, value, share, met):
    assert Measurement("a", "b", "c", value, share=share, target=target).met is met


def test_the_table_says_what_was_met():
    lines = [
        Measurement("m", "plain", "peer", 2.5, Spread(0.002, 0.001, 0.003, 3), Spread(0.005, 0.004, 0.006, 3),
                    share=0.71, target=Target(3, or_share=0.7)),
        Measurement("m", "draw", "step", 7.0, unit="%", target=Target(5, at_most=True)),
        Measurement("m", "other", "peer", 12.34),
    ]  # fmt: skip
    header, first, second, third = table(lines).splitlines()
    assert "2 ms (1 ms to 3 ms) a token  peer" in first
    assert first.index("peer") == header.index("against")
    assert first.endswith("2.50 x  71%        at least 3.00 x, or 70% of bandwidth  met")
    assert second.split() == ["m", "draw", "step", "7", "%", "at", "most", "5", "%", "NOT", "MET"]
    assert third.endswith("12.3 x")
    assert "met" not in table(lines, judged=False).lower()


def test_a_line_says_the_same_on_its_own():
    found = Measurement("m", "plain", "peer", 2.5, Spread(0.002, 0.001, 0.003, 3), Spread(0.005, 0.004, 0.006, 3),
                        share=0.71, target=Target(3))  # fmt: skip
    assert line(found) == (
        "m: plain; 2 ms (1 ms to 3 ms) a token; peer 5 ms; 2.50 x; 71% of bandwidth; at least 3.00 x NOT MET"
    )
    assert line(found, judged=False).endswith("at least 3.00 x")
    tiny = Measurement("m", "int8", "float32", 5.4e-05, unit="nats", target=Target(1e-4, at_most=True))
    assert line(tiny) == "m: int8; float32; 5.4e-05 nats; at most 0.0001 nats met"
    assert line(Left("a", "b")) == "Not measured: a: b"


def test_the_picture_draws_to_scale_and_holds_no_markup_of_others():
    found = [
        steps("a <b>&", "plain", "float32", 200.0, 100.0, roof=400.0),
        steps("a <b>&", "compiled", "float32", 300.0, 100.0, roof=400.0),
        steps("a <b>&", "int8", "float32", 500.0, 100.0, roof=800.0),
        steps("a <b>&", "compiled", "bfloat16", 450.0, 150.0, roof=600.0),
        steps("half", "plain", "bfloat16", 450.0, 150.0),
    ]  # fmt: skip
    for dtype, speed in (("float32", 250.0), ("int8", 550.0)):
        facts = {"kind": "llama.cpp", "dtype": dtype, "peer_tokens_per_second": speed}
        found.append(Measurement("a <b>&", dtype, "llama.cpp", 1.0, facts=facts))
    drawn = picture.groups(found)
    assert [(bar.label, bar.times, bar.roof) for bar in drawn["a <b>&"]] == [
        ("transformers, float32", 1.0, 4.0), ("llama.cpp, float32", 2.5, 4.0), ("playground, float32", 3.0, 4.0),
        ("transformers, 16 bit", 1.5, 6.0), ("playground, 16 bit", 4.5, 6.0), ("llama.cpp, 8 bit", 5.5, 8.0),
        ("playground, 8 bit", 5.0, 8.0),
    ]  # fmt: skip
    assert list(drawn) == ["a <b>&"]
    root = ElementTree.fromstring(picture.draw(found, "a processor <i>"))
    bars = [rect for rect in root.iter(f"{SVG}rect") if float(rect.get("x", 0)) == picture.LEFT]
    unit = float(bars[0].get("width"))
    assert [float(bar.get("width")) / unit for bar in bars] == pytest.approx([1, 2.5, 3, 1.5, 4.5, 5.5, 5], rel=0.01)
    roofs = [float(line.get("x1")) for line in root.iter(f"{SVG}line") if line.get("class") == "roof"][1:]
    assert [(x - picture.LEFT) / unit for x in roofs] == pytest.approx([4, 6, 8], rel=0.01)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "a <b>&" in texts
    assert "300 tokens/s, 3.0 times" in texts
    assert {element.tag for element in root.iter()} <= {SVG + tag for tag in ("svg", "style", "rect", "text", "line")}


def test_an_empty_picture_is_a_picture():
    ElementTree.fromstring(picture.draw([], "none"))


ARGUMENTS = ["benchmark", "--quick", "--only", "shard", "--only", "sampling", "--rounds", "3"]


def test_the_command_writes_what_it_found(measured, tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "reader", lambda most: (most, lambda: None))
    monkeypatch.setattr(llamacpp, "find_spec", lambda name: None)
    monkeypatch.setattr(suite.Others, "share", lambda others: 0.25)
    arguments = [*ARGUMENTS, "--json", str(tmp_path / "a.json"), "--picture", str(tmp_path / "a.svg")]
    result = CliRunner().invoke(cli.app, arguments, catch_exceptions=False)
    assert "plain, float32" in result.stdout
    assert "not judged" in result.stdout
    assert "Other programs took 25% of the processor meanwhile. Close them" in result.stdout
    assert "Not measured: llama.cpp" in result.stdout
    document = json.loads((tmp_path / "a.json").read_text())
    assert (document["plan"]["size"], document["plan"]["rounds"], document["plan"]["tokens"]) == ("quick", 3, 24)
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag == SVG + "svg"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_writes_what_it_found(measured, tmp_path, monkeypatch, number):
    def interrupted(plan):
        os.kill(os.getpid(), number)
        yield steps("never", "plain", "float32", 300.0, 100.0)

    monkeypatch.setattr(choosing, "measure", interrupted)
    before = signal.getsignal(number)
    result = CliRunner().invoke(cli.app, [*ARGUMENTS, "--json", str(tmp_path / "a.json")])
    assert result.exit_code == 130
    assert "plain, float32" in result.stdout
    assert "never" not in result.output
    assert f"Not measured: sampling: {suite.INTERRUPTED}" in result.stdout
    assert json.loads((tmp_path / "a.json").read_text())["interrupted"] is True
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("option", ["--json", "--picture"])
def test_a_folder_that_is_not_there_is_refused_at_once(measured, tmp_path, option):
    with pytest.raises(InvalidRequest, match="no folder"):
        CliRunner().invoke(cli.app, ["benchmark", option, str(tmp_path / "none" / "a")], catch_exceptions=False)
    assert measured == []


def test_left_is_plain_data():
    assert suite.asdict(Left("a", "b")) == {"what": "a", "why": "b"}
