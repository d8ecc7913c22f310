"""What a visitor finds: the README's promises, the pins, the licence, the cards, a package that imports at once."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import playground
from playground.checkpoints.families import families
from playground.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
FRONT_MATTER, BODY = README.split("---\n", 2)[1:]
COMMANDS = re.findall(r"```bash\n(.*?)\n```", BODY, re.DOTALL)[:2]
BINARY = (".pt", ".safetensors", ".model", ".bin", ".png", ".ttf", ".otf", ".xz", ".npz")
UNWANTED = {
    "a place on somebody's machine": r"(?<![\w.*/])/(?:home|Users|root|work)/\w",
    "unfinished work": r"\b(?:TODO|FIXME|XXX)\b",
    "a conflict": r"(?m)^(?:<{7}|>{7}) ",
    "unsafe loading": r"weights_only\s*=\s*False|trust_remote_code\s*=\s*True",
}


def project_files():
    """The files that belong to the project, by git's word or, in a copy without git, all that are not hidden."""
    if (PROJECT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
        return [PROJECT / name for name in listed.stdout.split("\0") if name and (PROJECT / name).is_file()]
    found = (path for path in PROJECT.rglob("*") if path.is_file())
    return [path for path in found if not any(part.startswith((".", "__")) for part in path.relative_to(PROJECT).parts)]


def pins():
    """(name, version) of every line of the requirements files."""
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (PROJECT / file).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                name, _, version = line.partition("==")
                yield name, version


def test_the_readme_opens_with_what_it_is_a_picture_and_two_commands():
    heading, intro, picture, *_ = BODY.strip().split("\n\n")
    assert heading == "# Playground"
    assert len(re.findall(r"[.!?](?:\s|$)", intro)) == 2
    shown = re.fullmatch(r"!\[(.+)\]\((\S+)\)", picture, re.DOTALL)
    assert shown
    pictures = re.findall(r"!\[[^\]]+\]\((\S+)\)", README)
    assert pictures[0] == shown[2]
    assert all((PROJECT / picture).is_file() for picture in pictures)
    assert README.count("![") == len(pictures)
    assert BODY.index(picture) < BODY.index(COMMANDS[0]) < BODY.index(COMMANDS[1]) < BODY.index("\n## ")


def test_the_two_commands_can_be_run_as_they_stand():
    assert COMMANDS == ["./play", "./check"]
    for command in COMMANDS:
        assert os.access(PROJECT / command, os.X_OK)


def test_ci_runs_the_second_command_in_a_fresh_environment():
    lines = (PROJECT / ".ci" / "run").read_text().splitlines()
    assert lines[-1] == COMMANDS[1]
    assert lines.index("rm -rf .venv") < len(lines) - 1
    assert os.access(PROJECT / ".ci" / "run", os.X_OK)


def test_the_front_matter_is_what_spaces_expects():
    facts = yaml.safe_load(FRONT_MATTER)
    assert facts["sdk"] == "gradio"
    assert facts["sdk_version"] == dict(pins())["gradio"]
    assert (PROJECT / facts["app_file"]).is_file()
    assert facts["license"] == "apache-2.0"
    assert len(facts["short_description"]) <= 60


def test_links_of_the_documents_lead_somewhere():
    for document in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", (PROJECT / document).read_text(encoding="utf-8")):
            assert (PROJECT / target).exists(), f"{document} links to {target}"


def test_the_readme_names_every_setting_and_no_other():
    named = set(re.findall(r"`PLAYGROUND_(\w+)`", README))
    assert named - {"LOG"} == {name.upper() for name in Settings.model_fields}


def test_the_readme_names_every_family_and_published_checkpoint():
    for family in families():
        assert f"| `{family.name}` |" in README
        for repository in family.published:
            assert f"`{repository}`" in README
        if family.companion:
            assert f"`{family.companion.repository}`" in README


def test_everything_is_pinned_and_the_pins_are_installed():
    assert len(dict(pins())) > 10
    for name, version in pins():
        assert version, f"{name} is not pinned"
        assert importlib.metadata.version(name).split("+")[0] == version, name


def test_python_311_is_the_oldest_everywhere():
    about = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    assert about["project"]["requires-python"] == ">=3.11"
    assert about["tool"]["ruff"]["target-version"] == "py311"
    assert about["project"]["version"] == playground.__version__


def test_the_licence_is_apache_2():
    text = (PROJECT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_nothing_unwanted_is_in_the_files():
    files = [path for path in project_files() if path.suffix not in BINARY and path != Path(__file__).resolve()]
    assert len(files) > 50
    found = []
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        for what, pattern in UNWANTED.items():
            match = re.search(pattern, text)
            if match:
                found.append(f"{path.relative_to(PROJECT)} holds {what}: {match[0]!r}")
    assert found == []


def test_every_demo_checkpoint_has_a_card():
    parts = [path.relative_to(PROJECT).parts for path in project_files()]
    demos = {folders[1] for folders in parts if folders[0] == "checkpoints"}
    assert demos
    for demo in demos:
        assert len((PROJECT / "checkpoints" / demo / "README.md").read_text(encoding="utf-8")) > 500


def test_importing_the_package_is_instant_and_leaves_torch_alone():
    code = "import sys, time; t = time.perf_counter(); import playground; print(time.perf_counter() - t); "
    code += "sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.5


@pytest.mark.parametrize("name", playground.__all__)
def test_every_public_name_is_there(name):
    assert getattr(playground, name) is not None
    assert name in dir(playground)


def test_a_name_that_does_not_exist_is_an_ordinary_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = playground.no_such_name
