"""Downloads against a local stand-in for the Hub, each in a process of its own (HF_ENDPOINT is read at import)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from playground.checkpoints.hub import is_repo_id, means_repo
from tests.checkpoints.hub_stand_in import COMMIT, HubStandIn

ROOT = Path(__file__).parents[2]
WEIGHTS = bytes(range(256)) * 12_000  # 3 MB
FILES = {
    ".gitattributes": b"*.safetensors filter=lfs",
    "README.md": b"# A model",
    "config.json": b'{"model_type": "gelu_gpt"}',
    "model.safetensors": WEIGHTS,
    "modeling_evil.py": b"raise SystemExit('ran')",
    "pytorch_model.bin": b"x" * 100,
    "sub/tokenizer.json": b"{}",
}
PRELUDE = """
import json, sys, threading
from pathlib import Path
from playground.checkpoints import hub, transfer
from playground.errors import PlaygroundError
transfer.WAITS_SECONDS = (0.01, 0.01, 0.01)
reports = []
def want(*names):
    return lambda found: [name for name in names if name in found]
def attempt(repo="someone/model", wanted=want("config.json", "model.safetensors"), **options):
    try:
        folder = hub.download(repo, wanted, on_progress=lambda *report: reports.append(report), **options)
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        return {"folder": folder.name, "files": files, "sizes": [(folder / file).stat().st_size for file in files]}
    except PlaygroundError as error:
        return {"error": type(error).__name__, "message": str(error)}
"""


def run(hub: HubStandIn | None, home: Path, code: str, **environment: str) -> list:
    """Run ``code`` after ``PRELUDE`` against ``hub`` with its own cache; the JSON of each line that it prints."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    given |= {
        "HF_ENDPOINT": hub.endpoint if hub else "http://127.0.0.1:9",
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONPATH": str(ROOT),
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-c", PRELUDE + code]
    done = subprocess.run(command, env=given | environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def hub():
    with HubStandIn({"someone/model": FILES}) as stand_in:
        yield stand_in


def test_only_the_wanted_files_are_fetched_and_progress_reaches_the_total(hub, tmp_path):
    result, reports, again = run(
        hub, tmp_path, "print(json.dumps(attempt()))\nprint(json.dumps(reports))\nprint(json.dumps(attempt()))"
    )
    assert result == again
    assert result["folder"] == COMMIT
    assert result["files"] == ["config.json", "model.safetensors"]
    assert result["sizes"] == [len(FILES["config.json"]), len(WEIGHTS)]
    assert sorted(hub.downloads()) == ["config.json", "model.safetensors"]  # each once, though asked for twice
    done = [done for _, done, _ in reports]
    total = len(WEIGHTS) + len(FILES["config.json"])
    assert done == sorted(done) and done[-1] == total and len(done) > 10
    assert {total} == {total for _, _, total in reports}
    assert {name for name, _, _ in reports} == {"config.json", "model.safetensors"}


def test_code_is_never_offered_nor_fetched_and_subfolders_work(hub, tmp_path):
    code = """
offered = []
print(json.dumps(attempt(wanted=lambda names: offered.extend(names) or ["sub/tokenizer.json"])))
print(json.dumps(offered))
print(json.dumps(attempt(wanted=lambda names: ["modeling_evil.py"])))
print(json.dumps(attempt(wanted=lambda names: [])))
"""
    hub.siblings = False
    result, offered, evil, nothing = run(hub, tmp_path, code)
    assert result["files"] == ["sub/tokenizer.json"]
    assert offered == [name for name in FILES if not name.endswith(".py")]
    assert evil["error"] == nothing["error"] == "MissingFile"
    assert "modeling_evil.py" in evil["message"] and "config.json" in nothing["message"]
    assert hub.downloads() == ["sub/tokenizer.json"]


def test_names_that_leave_the_folder_are_dropped(tmp_path):
    names = ["../outside.json", "/etc/passwd", "a/../../b.json", "C:\\x.json", "config.json"]
    with HubStandIn({"someone/model": dict.fromkeys(names, b"{}")}) as hub:
        (result,) = run(hub, tmp_path, "print(json.dumps(attempt(wanted=lambda names: names)))")
    assert result["files"] == ["config.json"]


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_broken_connection_is_continued_with_a_range_request(hub, tmp_path, reset):
    hub.breaks = {"model.safetensors": [1_000_000, 2_000_000]}
    hub.reset = reset
    code = """
result = attempt(wanted=want("model.safetensors"))
blob = next(Path(hub.constants.HF_HUB_CACHE).glob("models--*/snapshots/*/model.safetensors"))
print(json.dumps([result["sizes"], blob.read_bytes() == bytes(range(256)) * 12_000, reports[-1][1]]))
"""
    ((sizes, same, done),) = run(hub, tmp_path, code)
    assert sizes == [len(WEIGHTS)] and same and done == len(WEIGHTS)
    first, *rest = hub.downloads("model.safetensors")
    assert first is None and len(rest) == 2
    if not reset:  # a reset may discard what was under way
        assert rest == ["bytes=1000000-", "bytes=2000000-"]
    assert all(0 < int(r.removeprefix("bytes=").removesuffix("-")) <= 2_000_000 for r in rest)


def test_a_download_that_failed_or_was_cancelled_is_continued_by_the_next_one(hub, tmp_path):
    hub.breaks = {"model.safetensors": [1_000_000] + [0] * 8}
    (broken,) = run(hub, tmp_path, "print(json.dumps(attempt()))")
    assert broken["error"] == "DownloadError"
    assert "1,000,000 of 3,072,000 bytes" in broken["message"] and "kept" in broken["message"]

    hub.breaks.clear()
    hub.requests.clear()
    code = """
result = attempt(cancelled=lambda: bool(reports) and reports[-1][1] > 1_500_000)
kept = sum(path.stat().st_size for path in Path(hub.constants.HF_HUB_CACHE).rglob("*.incomplete"))
print(json.dumps([result["error"], kept]))
"""
    ((error, kept),) = run(hub, tmp_path, code)
    assert error == "Cancelled" and 1_500_000 <= kept < len(WEIGHTS)
    assert hub.downloads("model.safetensors") == ["bytes=1000000-"]

    (result,) = run(hub, tmp_path, "print(json.dumps(attempt()))")
    assert result["sizes"] == [len(FILES["config.json"]), len(WEIGHTS)]
    assert hub.downloads("model.safetensors")[-1] == f"bytes={kept}-"


def test_a_kept_part_that_does_not_fit_is_downloaded_afresh(hub, tmp_path):
    hub.breaks = {"model.safetensors": [1_000_000] + [0] * 8}
    run(hub, tmp_path, "print(json.dumps(attempt()))")
    (partial,) = tmp_path.rglob("*.incomplete")
    partial.write_bytes(b"\0" * 1_000_000)
    hub.breaks.clear()
    (result,) = run(hub, tmp_path, "print(json.dumps(attempt()))")
    (weights,) = tmp_path.rglob("snapshots/*/model.safetensors")
    assert weights.read_bytes() == WEIGHTS and "error" not in result


@pytest.mark.parametrize(("ranges", "failing"), [(False, []), (True, [503, 429])], ids=["no ranges", "busy"])
def test_servers_without_ranges_and_busy_servers_are_borne(hub, tmp_path, ranges, failing):
    hub.breaks = {"model.safetensors": [1_000_000]}
    hub.ranges = ranges
    hub.failing = {"model.safetensors": failing}
    result, reports = run(hub, tmp_path, "print(json.dumps(attempt()))\nprint(json.dumps(reports))")
    assert result["sizes"][1] == len(WEIGHTS)
    (weights,) = tmp_path.rglob("snapshots/*/model.safetensors")
    assert weights.read_bytes() == WEIGHTS
    done = [done for _, done, _ in reports]
    assert done == sorted(done)


def test_refusals_are_one_line_each(hub, tmp_path):
    hub.repositories["someone/closed"] = {"config.json": b"{}"}
    hub.gated.add("someone/closed")
    code = """
print(json.dumps(attempt("nobody/nothing")))
print(json.dumps(attempt("someone/closed", wanted=want("config.json"))))
print(json.dumps(attempt(revision="v9")))
print(json.dumps(attempt(revision="../../etc")))
print(json.dumps(attempt("just-a-name")))
print(json.dumps(attempt("someone/model", wanted=want("config.json"))))
hub.shutil.disk_usage = lambda path: hub.shutil._ntuple_diskusage(10, 5, 1000)
print(json.dumps(attempt()))
"""
    hub.failing = {"config.json": [403]}
    unknown, gated, revision, path, name, forbidden, disk = run(hub, tmp_path, code)
    assert {result["error"] for result in (unknown, gated, revision, path, name, forbidden, disk)} == {"DownloadError"}
    assert "'nobody/nothing'" in unknown["message"] and "no repository" in unknown["message"]
    assert "gated" in gated["message"] and "hf auth login" in gated["message"]
    assert "'v9'" in revision["message"]
    assert "owner/name" in name["message"]
    assert f"{len(WEIGHTS) + len(FILES['config.json']):,} bytes" in disk["message"] and "1,000 free" in disk["message"]
    assert "no access" in forbidden["message"]
    assert hub.downloads() == ["config.json"]


def test_a_login_page_and_no_network_are_told_apart(hub, tmp_path):
    hub.captive = True
    (captive,) = run(hub, tmp_path, "print(json.dumps(attempt()))")
    assert captive["error"] == "DownloadError" and "does not answer as the Hub" in captive["message"]
    (absent,) = run(None, tmp_path, "print(json.dumps(attempt()))")
    assert absent["error"] == "DownloadError" and "cannot reach http://127.0.0.1:9" in absent["message"]


def test_offline_uses_the_cache_and_otherwise_says_what_to_do(hub, tmp_path):
    before, by_argument = run(
        hub,
        tmp_path,
        "print(json.dumps(attempt()))\nhub.constants.HF_HUB_OFFLINE = False\n"
        "hub.os.environ.clear()\nprint(json.dumps(attempt(offline=True)))",
        HF_HUB_OFFLINE="1",
    )
    assert before["error"] == by_argument["error"] == "Offline"
    assert "'someone/model'" in before["message"] and "go online once" in before["message"]
    assert hub.requests == []

    small, online = run(
        hub,
        tmp_path,
        "print(json.dumps(sorted(p.name for p in hub.fetch_small('someone/model', ['config.json', 'x']).iterdir())))\n"
        "print(json.dumps(attempt(wanted=want('config.json'))))",
    )
    assert small == ["config.json"] == online["files"]
    asked = len(hub.requests)
    partly, cached = run(
        hub,
        tmp_path,
        "print(json.dumps(attempt()))\nprint(json.dumps(attempt(wanted=want('config.json'))))",
        HF_HUB_OFFLINE="1",
    )
    assert partly["error"] == "Offline" and "lacks model.safetensors" in partly["message"]
    assert cached == online and len(hub.requests) == asked
    (without_network,) = run(None, tmp_path, "print(json.dumps(attempt(wanted=want('config.json'))))")
    assert without_network == online


def test_two_threads_fetch_a_file_once(hub, tmp_path):
    code = """
results = []
threads = [threading.Thread(target=lambda: results.append(attempt())) for _ in range(3)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps(results))
"""
    (results,) = run(hub, tmp_path, code)
    assert len(results) == 3 and all(result == results[0] for result in results) and "error" not in results[0]
    assert sorted(hub.downloads()) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("stanfordnlp/backpack-gpt2", True),
        ("mistralai/Mistral-7B-v0.1", True),
        ("CompactAI-O/Shard-1", True),
        ("a/b", True),
        ("gpt2", False),
        ("a/b/c", False),
        ("../etc", False),
        ("a/..", False),
        ("a/b--c", False),
        ("a/b.git", False),
        ("a/ b", False),
        ("a/b\n", False),
        ("ä/b", False),
        ("/a/b", False),
        ("https://x/y", False),
        ("a/" + "b" * 100, False),
    ],
)
def test_hub_ids(text, valid):
    assert is_repo_id(text) is valid


def test_a_misspelt_path_is_no_hub_id(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    assert means_repo("owner/name")
    assert not means_repo("checkpoints/demo-shrad")
    assert not means_repo("models/model.pt")
    assert not means_repo("./owner/name")
