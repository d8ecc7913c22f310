"""What the layouts share: weights in 16 bit under their published names, JSON files, and files taken along."""

import json
import shutil
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from playground.checkpoints.families.base import rename
from playground.errors import InvalidRequest, MissingFile, name_some


def stored(network: nn.Module, dtype: torch.dtype, exact: Container[str] = ()) -> dict[str, Tensor]:
    """Every parameter, shared ones once, by the network's own names, on the CPU.

    They are rounded to ``dtype``, but for those called in ``exact``, which stay in float32.

    Raises:
        InvalidRequest: weights that are not finite, or that ``dtype`` cannot hold.
    """
    tensors = {
        name: parameter.detach().to("cpu", torch.float32 if name in exact else dtype)
        for name, parameter in network.named_parameters()
    }
    broken = [name for name, tensor in tensors.items() if not bool(tensor.isfinite().all())]
    if broken:
        kind = str(dtype).removeprefix("torch.")
        raise InvalidRequest(
            f"{name_some(broken)} cannot be stored, as it holds numbers that are not finite in {kind}. "
            "Train again with a lower rate."
        )
    return tensors


def published(tensors: Mapping[str, Tensor], rules: Iterable[tuple[str, str]]) -> dict[str, Tensor]:
    """``tensors`` under their published names; a rule is a pattern for the network's name and its replacement.

    Raises:
        InvalidRequest: for a tensor that the layout has no name for.
    """
    named, nameless = rename(tensors, rules)
    if nameless:
        raise InvalidRequest(f"The layout has no name for {name_some(nameless)}. Train a network of its family.")
    return named


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """``value`` as indented JSON."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def take_along(files: Sequence[Path], folder: Path, *needed: str) -> None:
    """Copy ``files`` into ``folder``, made if it is not there; the names ``needed`` must be among them.

    Raises:
        MissingFile: naming what is not there.
    """
    given = {file.name for file in files if file.is_file()}
    missing = [name for name in dict.fromkeys((*needed, *(file.name for file in files))) if name not in given]
    if missing:
        raise MissingFile(
            f"The checkpoint needs {name_some(missing)}, but given were only {name_some(given) or 'no files'}. "
            "Fetch or train what is missing."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copyfile(file, folder / file.name)
