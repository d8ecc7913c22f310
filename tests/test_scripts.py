"""What ./play and ./check do with a make-believe Python: what they install, when, and what they say."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
TOOLS = ("bash", "cat", "cmp", "cp", "dirname", "env", "grep", "id", "ls", "rm", "uname")
FILES = ("play", "check", "scripts/environment.sh", "requirements.txt", "requirements-dev.txt")
# Notes its arguments, except for the questions that the scripts ask with -c, and succeeds unless told to fail.
PYTHON = """#!/usr/bin/env bash
[ "$1" = -c ] && exit 0
printf '%s\\n' "$*" >> "$NOTES"
case "$*" in *"${FAIL:-nothing fails}"*) exit 3 ;; esac
"""


@pytest.fixture
def folder(tmp_path):
    """A copy of the scripts in a folder with a space in its name, on a machine without Python, sudo or apt-get."""
    folder = tmp_path / "my playground"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, folder / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return folder


@pytest.fixture
def ready(folder):
    """The same folder with an environment, whose packages are not installed yet."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    (folder / ".venv" / "pyvenv.cfg").touch()
    return folder


def run(folder, command, *arguments, **variables):
    """(exit status, stderr, what Python was asked to do since the last time), called from another folder."""
    notes = folder.parent / "notes"
    notes.write_text("")
    kept = {name: value for name, value in os.environ.items() if name != "VENV"}
    done = subprocess.run(
        [folder / command, *arguments], cwd=folder.parent, capture_output=True, text=True, check=False, timeout=60,
        env=kept | {"PATH": str(folder.parent / "bin"), "NOTES": str(notes)} | variables, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode, done.stderr, notes.read_text().splitlines()


@pytest.mark.parametrize("name", ["play", "check", ".ci/run", "scripts/environment.sh"])
def test_the_scripts_are_valid(name):
    assert subprocess.run(["bash", "-n", PROJECT / name], check=False).returncode == 0


def test_play_installs_once_and_opens_the_page(ready):
    app = f"{ready}/app.py --port 7 --models some folder"
    status, _, first = run(ready, "play", "--port", "7", "--models", "some folder")
    assert status == 0
    assert any(f"--requirement {ready}/requirements.txt" in line for line in first)
    assert first[-1] == app
    assert run(ready, "play", "--port", "7", "--models", "some folder")[2] == [app]


def test_play_installs_again_what_has_changed(ready):
    run(ready, "play")
    with (ready / "requirements.txt").open("a") as file:
        file.write("another==1\n")
    assert any("--requirement" in line for line in run(ready, "play")[2])
    assert not any("--requirement" in line for line in run(ready, "play")[2])


def test_a_failed_installation_stops_and_is_tried_again(ready):
    status, said, done = run(ready, "play", FAIL="--requirement")
    assert status != 0
    assert "again" in said
    assert not any("app.py" in line for line in done)
    assert any("--requirement" in line for line in run(ready, "play")[2])


def test_torch_comes_without_cuda_where_there_is_no_such_gpu(ready):
    (ready.parent / "bin" / "uname").unlink()
    (ready.parent / "bin" / "uname").write_text("#!/usr/bin/env bash\necho Linux\n")
    (ready.parent / "bin" / "uname").chmod(0o755)
    first = run(ready, "play")[2][0]
    assert "/whl/cpu" in first
    assert "torch==" in first
    (ready / ".venv" / "requirements.txt").unlink()
    status, _, done = run(ready, "play", FAIL="/whl/cpu")  # that index cannot be reached
    assert status == 0
    assert "app.py" in done[-1]
    (ready / ".venv" / "requirements.txt").unlink()
    (ready.parent / "bin" / "nvidia-smi").symlink_to(shutil.which("true"))
    assert not any("/whl/cpu" in line for line in run(ready, "play")[2])


def test_check_runs_linter_formatter_and_tests(ready):
    status, _, done = run(ready, "check", "tests/text", "-x")
    assert status == 0
    assert sum("--requirement" in line for line in done) == 2
    assert done[-3:] == ["-m ruff check .", "-m ruff format --check .", "-m pytest tests/text -x"]


@pytest.mark.parametrize("failing", ["-m ruff check", "-m ruff format", "-m pytest"])
def test_check_fails_with_any_of_them_and_still_runs_all(ready, failing):
    status, _, done = run(ready, "check", FAIL=failing)
    assert status == 1
    assert done[-1] == "-m pytest"


def test_without_python_it_says_what_is_needed(folder):
    status, said, _ = run(folder, "play")
    assert status == 1
    assert "Python 3.11" in said


def test_a_python_that_cannot_make_environments_is_passed_over(folder):
    crippled = folder.parent / "bin" / "python3.13"
    crippled.write_text('#!/usr/bin/env bash\ncase "$2" in *ensurepip*) exit 1 ;; esac\n')
    crippled.chmod(0o755)
    status, said, _ = run(folder, "play")
    assert status == 1
    assert "python3.13 cannot make virtual environments" in said


def test_a_folder_with_other_things_is_not_touched(folder):
    (folder / "app.py").touch()
    status, said, _ = run(folder, "play", VENV=str(folder))
    assert status == 1
    assert "VENV" in said
    assert (folder / "app.py").exists()


def test_the_environment_can_lie_elsewhere(ready):
    elsewhere = ready.parent / "elsewhere"
    (ready / ".venv").rename(elsewhere)
    assert run(ready, "play", VENV="elsewhere")[0] == 0
    assert not (ready / ".venv").exists()
