"""From a recipe and a folder of corpora to a trained network with its tokenizer."""

from pathlib import Path

from torch import nn

from playground.text.rendering import GridRenderer
from playground.training.corpus import Split, split_corpora
from playground.training.language import LanguageTask
from playground.training.patches import PatchTask
from playground.training.recipes import PatchRecipe, Recipe, initialise, start_from_white
from playground.training.tokenizers import TrainingTokenizer
from playground.training.trainer import STATE, Task, Trainer
from playground.training.warm_start import take_over, take_tokenizer, take_weights

FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"


def prepared_tokenizer(recipe: Recipe, splits: dict[str, Split], out: Path) -> TrainingTokenizer:
    """The run's tokenizer: the one in ``out``, or one trained on the training text and written there."""
    opened = recipe.tokenizer.open(out)
    if opened is None:
        out.mkdir(parents=True, exist_ok=True)
        texts = (document for split in splits.values() for document in split.train)
        recipe.tokenizer.train(texts, recipe.vocab_size, out)
        opened = recipe.tokenizer.open(out)
    return opened


def prepare(
    recipe: Recipe,
    data: Path,
    out: Path,
    minutes: float | None = None,
    compiled: bool = False,
    stop_after: int | None = None,
    start: Path | None = None,
) -> Trainer:
    """A trainer for ``recipe`` on the corpora below ``data``, continuing what lies in ``out``.

    A new run begins with the weights and the tokenizer of the checkpoint ``start``, if one is given.

    Raises:
        MissingFile: if a corpus is not there.
        InvalidRequest: if ``out`` holds another run, or ``start`` another network.
    """
    splits = split_corpora(data, recipe.sources, seed=recipe.seed)
    if start and isinstance(recipe, Recipe) and recipe.tokenizer.open(out) is None:
        take_tokenizer(start, recipe.tokenizer, out)
    network, task = (_patches if isinstance(recipe, PatchRecipe) else _language)(recipe, splits, out)
    if start and not (out / STATE).exists():
        take_weights(start, network)
    return Trainer(network, task, recipe.plan, out, recipe.seed, minutes, compiled, stop_after)


def _patches(recipe: PatchRecipe, splits: dict[str, Split], out: Path) -> tuple[nn.Module, Task]:
    network = recipe.build()
    initialise(network, recipe.seed)
    start_from_white(network)
    renderer = GridRenderer(recipe.renderer, FONTS / recipe.renderer.font_file)
    weights = {source.name: source.weight for source in recipe.sources}
    return network, PatchTask(splits, weights, renderer, network.config.num_patches, recipe.rows, recipe.seed)


def _language(recipe: Recipe, splits: dict[str, Split], out: Path) -> tuple[nn.Module, Task]:
    tokenizer = prepared_tokenizer(recipe, splits, out)
    weights = {source.name: source.weight for source in recipe.sources}
    network = recipe.build(tokenizer.size)
    initialise(network, recipe.seed)
    if recipe.starts_from and not (out / STATE).exists():
        take_over(recipe.starts_from, network, tokenizer)
    task = LanguageTask(
        tokenizer,
        splits,
        weights,
        recipe.batch,
        recipe.context,
        recipe.seed,
        recipe.late_context,
        longest=network.context_length,
    )
    return network, task
