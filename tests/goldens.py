"""The reference outputs in tests/golden, opened by name."""

import json
from pathlib import Path

from safetensors.torch import load_file

GOLDEN = Path(__file__).parent / "golden"


def tensors(*parts: str) -> dict:
    return load_file(GOLDEN.joinpath(*parts))


def notes(*parts: str) -> dict:
    return json.loads(GOLDEN.joinpath(*parts, "README.json").read_text())
