"""Imports only point down. The floors are read from the code, imports inside functions included."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = "playground"

# Top to bottom; two names on one floor may not import each other. "" is playground/__init__.py, the library face.
FLOORS = (
    ("app", "__main__"),
    ("ui", "cli", ""),
    ("commands_pixels", "commands_senses"),
    ("engine", "training", "evaluation", "benchmarks", "face"),
    ("checkpoints", "generation", "pixels", "senses"),
    ("decode",),
    ("networks", "text"),
    ("settings",),
    ("errors", "limits", "version"),
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}

SCREEN = {"gradio", "gradio_client"}
TENSORS = {"torch", "transformers", "safetensors"}
ONLY_IN = {name: {"app", "ui"} for name in SCREEN}  # outside module -> parts that may import it
NOT_IN = {  # part -> outside modules that it may not import
    "": TENSORS,  # import playground is instant
    "errors": TENSORS,
    "limits": TENSORS,
    "settings": TENSORS,
    "ui": TENSORS,  # nothing of a model crosses the engine's seam
    "app": TENSORS,
}


def sources(project: Path) -> Iterator[tuple[str, Path]]:
    """(dotted module name, file) of app.py and every module of the package."""
    if (project / "app.py").is_file():
        yield "app", project / "app.py"
    for path in sorted((project / PACKAGE).rglob("*.py")):
        parts = path.relative_to(project).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def part_of(module: str) -> str:
    """The part of the house that a module belongs to: "playground.ui.tabs" -> "ui", "app" -> "app"."""
    if module == "app":
        return "app"
    _, _, rest = module.partition(".")
    return rest.split(".")[0]


def imported(tree: ast.AST, modules: set[str]) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported anywhere in ``tree``, also through import_module("…")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                yield node.lineno, inner if inner in modules else origin
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if function in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def violations(project: Path) -> list[str]:
    """A line for each import that breaks a rule."""
    files = dict(sources(project))
    modules, found = set(files), []
    for module, path in files.items():
        mine = part_of(module)
        where = path.relative_to(project)
        if mine not in FLOOR:
            found.append(f"{where}: {mine} has no floor; give it one")
            continue
        for line, name in imported(ast.parse(path.read_text(encoding="utf-8")), modules):
            problem = complaint(mine, name)
            if problem:
                found.append(f"{where}:{line}: {problem}")
    return found


def complaint(mine: str, name: str) -> str | None:
    """What is wrong with an import of ``name`` in the part ``mine``, or None."""
    top = name.split(".")[0]
    if name.startswith("."):
        return f"the relative import {name}; write it in full"
    if top not in (PACKAGE, "app"):
        if top in ONLY_IN and mine not in ONLY_IN[top]:
            return f"{mine or PACKAGE} imports {top}, which only {' and '.join(sorted(ONLY_IN[top]))} may"
        return f"{mine or PACKAGE} imports {top}" if top in NOT_IN.get(mine, ()) else None
    theirs = part_of(name)
    if theirs == mine and mine:
        return None
    if theirs not in FLOOR:
        return f"{name} has no floor; give it one"
    if FLOOR[theirs] < FLOOR[mine]:
        return f"{mine} imports {name}, which is above it"
    if FLOOR[theirs] == FLOOR[mine]:
        return f"{mine} imports {name}, which is on the same floor"
    return None


def test_imports_only_point_down():
    assert len(dict(sources(PROJECT))) > 30  # the walk found the code
    assert violations(PROJECT) == []


PLANTED = {
    "upwards": ("networks/layers.py", "from playground.checkpoints.loader import load_model", "above"),
    "a sibling package": ("checkpoints/model.py", "from playground.generation import sampler", "same floor"),
    "a sibling package, whole": ("generation/sampler.py", "import playground.senses.edits", "same floor"),
    "settings from errors": ("errors.py", "from playground import settings", "above"),
    "the face from below": ("engine/local.py", "import playground as pg", "above"),
    "a name of the face from below": ("engine/local.py", "from playground import load", "above"),
    "the app": ("ui/app.py", "import app", "above"),
    "the page from the command line": ("cli.py", "from playground.ui.app import build_page", "same floor"),
    "inside a function": ("text/tokens.py", "def f():\n    from playground.decode import plain", "above"),
    "only for types": ("decode/plain.py", "if TYPE_CHECKING:\n    import playground.engine.local", "above"),
    "by a string": ("text/tokens.py", "importlib.import_module('playground.cli')", "above"),
    "gradio outside the page": ("engine/local.py", "def f():\n    import gradio as gr", "gradio"),
    "gradio's client": ("cli.py", "from gradio_client import Client", "gradio_client"),
    "torch at the front door": ("__init__.py", "import torch.nn", "torch"),
    "torch in the settings": ("settings.py", "from torch import Tensor", "torch"),
    "torch in the page": ("ui/app.py", "import torch", "torch"),
    "a relative import": ("networks/layers.py", "from . import kv_cache", "relative"),
    "a relative import from above": ("networks/layers.py", "from ..engine import local", "relative"),
    "a package without a floor": ("cellar/wine.py", "", "no floor"),
    "from a package without a floor": ("ui/app.py", "import playground.cellar", "no floor"),
}
ALLOWED = {
    "playground/__init__.py": "from playground.engine.local import LocalEngine",
    "playground/__main__.py": "from playground.cli import main",
    "playground/errors.py": "",
    "playground/settings.py": "from playground.errors import PlaygroundError\nfrom playground import limits",
    "playground/limits.py": "",
    "playground/cli.py": "import playground.engine.local\nfrom playground import limits",
    "playground/ui/app.py": "import gradio\nfrom playground.ui.theme import THEME\nfrom playground.engine import local",
    "playground/ui/theme.py": "import gradio",
    "playground/engine/local.py": "import torch\nfrom playground.checkpoints.model import Model",
    "playground/checkpoints/model.py": "from playground.text.tokens import Tokenizer",
    "playground/decode/plain.py": "from playground.networks import layers",
    "playground/networks/layers.py": "from playground.errors import PlaygroundError",
    "playground/text/tokens.py": "",
    "app.py": "import gradio\nfrom playground.settings import load_settings\nfrom playground.ui import app",
}


@pytest.fixture
def house(tmp_path):
    for name, code in ALLOWED.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(code)
    return tmp_path


def test_a_house_in_order_has_no_violations(house):
    assert violations(house) == []


@pytest.mark.parametrize(("place", "code", "reason"), PLANTED.values(), ids=PLANTED)
def test_a_planted_violation_is_found(house, place, code, reason):
    path = house / PACKAGE / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(ALLOWED.get(f"{PACKAGE}/{place}", "") + "\n" + code)
    (found,) = violations(house)
    assert found.startswith(f"{PACKAGE}/{place}:")
    assert reason in found
