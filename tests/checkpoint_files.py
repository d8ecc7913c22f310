"""Opening and changing the files of a checkpoint that a test has written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

WEIGHTS = {
    "pixel_100m": "latest.pt",
    "shard": "models/model.pt",
    "gelu-d12": "model.safetensors",
    "backpack-gpt2": "pytorch_model.bin",
    "levanter-backpack-1b": "model.safetensors",
    "pixel-base": "pytorch_model.bin",
}  # of each layout in playground.benchmarks.random_checkpoint


def change_pt(path: Path, change: Callable[[dict], Any], target: Path | None = None) -> None:
    """Let ``change`` work on the content of a ``.pt``, or make a new one of it, and save it, here or as ``target``."""
    content = torch.load(path, weights_only=True)
    changed = change(content)
    (target or path).unlink(missing_ok=True)  # the old file may still be mapped
    torch.save(changed if isinstance(changed, dict) else content, target or path)


def change_safetensors(path: Path, change: Callable[[dict], Any]) -> None:
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    changed = change(tensors)
    tensors = changed if isinstance(changed, dict) else tensors
    path.unlink()  # the old file may still be mapped
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, {"format": "pt"})


def change_json(path: Path, **changes: Any) -> None:
    """Set keys of a JSON file; ``...`` removes one."""
    value = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: item for key, item in value.items() if item is not ...}))


def renamed(tensors: dict, *pairs: tuple[str, str]) -> dict:
    """The tensors under names in which each first text is replaced by its second."""
    result = {}
    for name, tensor in tensors.items():
        for old, new in pairs:
            name = name.replace(old, new)
        result[name] = tensor
    return result


def change_weights(path: Path, change: Callable[[dict], Any]) -> None:
    """Let ``change`` work on the model's tensors, or make new ones of them, whatever the format."""
    if path.suffix == ".safetensors":
        change_safetensors(path, change)
        return

    def inside(content: dict) -> dict:
        tensors = content.get("model", content)
        changed = change(tensors)
        changed = changed if isinstance(changed, dict) else tensors
        return content | {"model": changed} if "model" in content else changed

    change_pt(path, inside)


def a_matrix(tensors: dict) -> str:
    """The name of a matrix that no family treats in a special way."""
    return next(n for n in tensors if "down" in n or n.endswith(("mlp.c_proj.weight", "output.dense.weight")))


def copy(originals, tmp_path, model):
    """A fresh copy of one of the ``originals``: its folder, and the weights file in it."""
    folder = shutil.copytree(originals / model, tmp_path / model)
    return folder, folder / WEIGHTS[model]


def close(found, reference):
    """Equal but for rounding in float32."""
    torch.testing.assert_close(found, reference, atol=1e-5, rtol=1e-5)


def said(model):
    """All notes of the model's card."""
    return " ".join(model.card.notes)
