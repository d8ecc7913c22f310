"""What a checkpoint tells about the run that made it, and the files that it takes along."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from playground.text.rendering import GridRenderer
from playground.training.export.writing import write_json
from playground.training.recipes import PatchRecipe, Recipe
from playground.training.run import FONTS

RENDERER_CONFIG = "text_renderer_config.json"


@dataclass(frozen=True)
class RunRecord:
    """Facts about a finished run.

    Attributes:
        name: of the checkpoint. steps: taken in all.
        settings: the run's settings, under the names of ``pixel_training_config.json``.
    """

    name: str
    steps: int
    settings: Mapping[str, Any] = field(default_factory=dict)


def record_run(recipe: Recipe | PatchRecipe, steps: int) -> RunRecord:
    """The record of a run of ``recipe`` that took ``steps``, which may be fewer than planned if the time was up."""
    plan = recipe.plan
    pictures = isinstance(recipe, PatchRecipe)
    settings = {
        "size": recipe.name,
        "data_path": ", ".join(folder for source in recipe.sources for folder in source.folders),
        "output_dir": f"checkpoints/{recipe.name}",
        "batch_size": recipe.rows if pictures else recipe.batch,
        "grad_accumulation_steps": 1,
        "learning_rate": plan.adam_lr,
        "muon_learning_rate": plan.muon_lr,
        "min_learning_rate": 0.0,
        "warmup_steps": plan.warmup,
        "total_steps": steps,
        "weight_decay": plan.weight_decay,
        "max_grad_norm": plan.clip,
        "eval_every": plan.measure_every,
        "save_every": steps,
        "seed": recipe.seed,
        "gradient_checkpointing": False,
        "mode": "pretrain",
        "sequence_length": recipe.renderer.max_seq_length if pictures else recipe.context,
        "num_workers": 0,
    }
    return RunRecord(recipe.name, steps, settings)


def companions(recipe: Recipe | PatchRecipe, out: Path) -> tuple[Path, ...]:
    """The files that belong beside the weights: the tokenizer in ``out``, or the renderer's config, font and licence.

    The renderer's config is written to ``out``.
    """
    if isinstance(recipe, Recipe):
        tokenizer = recipe.tokenizer.open(out)
        return () if tokenizer is None else tokenizer.files
    colours = {"background_color": "white", "font_color": "black"}
    write_json(out / RENDERER_CONFIG, {"style": GridRenderer.style, **asdict(recipe.renderer), **colours})
    font = FONTS / recipe.renderer.font_file
    return (out / RENDERER_CONFIG, font, *sorted(FONTS.glob(f"{font.stem}*.txt")))
