"""The family that CONTRIBUTING.md adds, added: its two files, and nothing else, make a model that loads and writes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
USE = """
import json, torch
from safetensors.torch import save_file
import playground as pg

torch.manual_seed(0)
tensors = {"emb.weight": torch.randn(50, 8), "out.weight": torch.randn(50, 8)}
save_file(tensors, "model/model.safetensors")
open("model/config.json", "w").write(json.dumps({"model_type": "bigram", "vocab_size": 50, "width": 8}))
model = pg.load("model")
assert model.card.family == "bigram" and model.card.parameters == 800
expected = tensors["emb.weight"] @ tensors["out.weight"].T
torch.testing.assert_close(model.logits([3, 4]), expected[[3, 4]])
steps = list(pg.sample(model, [3], pg.SamplingOptions(max_new_tokens=5, temperature=0)))
token = 3
for step in steps:
    token = int(expected[token].argmax())
    assert step.token_id == token
assert len(steps) == 5
tensors["extra"] = torch.zeros(1)
save_file(tensors, "model/model.safetensors")
try:
    pg.load("model")
except pg.PlaygroundError as error:
    print(error)
"""


def test_the_worked_example_works(tmp_path):
    shutil.copytree(PROJECT / "playground", tmp_path / "playground", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "model").mkdir()
    guide = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n# (playground/\S+\.py)\n(.*?)```", guide, re.DOTALL)
    assert len(blocks) == 2
    for name, code in blocks:
        assert not (tmp_path / name).exists()
        (tmp_path / name).write_text(code)
    done = subprocess.run([sys.executable, "-c", USE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "extra" in done.stdout  # the tensor that no rule claims
    linter = [sys.executable, "-m", "ruff"]
    settings = ["--config", str(PROJECT / "pyproject.toml"), *(name for name, _ in blocks)]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([*linter, *command, *settings], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
