"""Write a trained network in the file layout that its family publishes: one module per layout.

What :func:`playground.checkpoints.loader.load_model` makes of the files computes what the trained network computes with
its weights rounded to 16 bit.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from playground.errors import InvalidRequest
from playground.training.export.backpack import write_backpack
from playground.training.export.gelu_gpt import write_gelu_gpt
from playground.training.export.pixel_lm import write_pixel_lm
from playground.training.export.pixel_mae import write_pixel_mae
from playground.training.export.run_record import RunRecord
from playground.training.export.shard import write_shard

Writer = Callable[[nn.Module, Sequence[Path], Path, RunRecord, torch.dtype], None]
LAYOUTS: dict[str, Writer] = {
    "backpack": write_backpack,
    "gelu-gpt": write_gelu_gpt,
    "pixel-lm": write_pixel_lm,
    "pixel-mae": write_pixel_mae,
    "shard": write_shard,
}


def export(
    network: nn.Module,
    layout: str,
    files: Sequence[Path],
    folder: Path,
    record: RunRecord,
    dtype: torch.dtype = torch.bfloat16,
) -> None:
    """Write ``network`` to ``folder`` in the published layout of the family ``layout``.

    Args:
        files: what the checkpoint carries besides, under the same names: the tokenizer, or the font and its like.
        record: what is told about the run, where the layout has a place for it.
        dtype: of the stored weights; tables that nothing trained stay in float32.

    Raises:
        InvalidRequest: if no such layout is known. MissingFile: if ``files`` lacks one that the layout needs.
    """
    if layout not in LAYOUTS:
        raise InvalidRequest(f"There is no export for the layout {layout!r}. Known are {', '.join(sorted(LAYOUTS))}.")
    LAYOUTS[layout](network, files, folder, record, dtype)
