"""From a recipe and a folder of corpora to a trained network with its tokenizer."""

from pathlib import Path

from tokenizers import Tokenizer

from playground.training.corpus import Split, split_corpora
from playground.training.language import LanguageTask
from playground.training.recipes import Recipe, initialise
from playground.training.tokenizer import train_byte_bpe
from playground.training.trainer import Trainer

TOKENIZER = "tokenizer.json"


def prepared_tokenizer(recipe: Recipe, splits: dict[str, Split], out: Path) -> Tokenizer:
    """The run's tokenizer: the one in ``out``, or one trained on the training text and written there."""
    path = out / TOKENIZER
    if path.exists():
        return Tokenizer.from_file(str(path))
    texts = (document for split in splits.values() for document in split.train)
    tokenizer = train_byte_bpe(texts, recipe.vocab_size)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    return tokenizer


def prepare(
    recipe: Recipe,
    data: Path,
    out: Path,
    minutes: float | None = None,
    compiled: bool = False,
    stop_after: int | None = None,
) -> Trainer:
    """A trainer for ``recipe`` on the corpora below ``data``, continuing what lies in ``out``.

    Raises:
        MissingFile: if a corpus is not there. InvalidRequest: if ``out`` holds another run.
    """
    splits = split_corpora(data, recipe.sources, seed=recipe.seed)
    tokenizer = prepared_tokenizer(recipe, splits, out)
    weights = {source.name: source.weight for source in recipe.sources}
    network = recipe.build(tokenizer.get_vocab_size())
    initialise(network, recipe.seed)
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
    return Trainer(network, task, recipe.plan, out, recipe.seed, minutes, compiled, stop_after)
