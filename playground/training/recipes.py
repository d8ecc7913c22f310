"""One recipe per demo checkpoint: its text, its shape and how long it trains."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from playground.errors import InvalidRequest
from playground.networks.language import LanguageNetwork
from playground.networks.shard import Shard, ShardConfig
from playground.training.corpus import Source
from playground.training.trainer import Plan

STORIES = ("tinystories-subset", "tinystories-more", "tinystories-recased")
SIMPLE_ENGLISH = (
    Source("tinystories", STORIES, 0.52),
    Source("simple-sentences", ("simple-sentences",), 0.23, "line", 12),
    Source("tatoeba", ("tatoeba-english",), 0.13, "line", 12),
    Source("picture-books", ("stories-asp-pb-en",), 0.07),
    Source("grammar", ("synth-stories-proto",), 0.05),
)


@dataclass(frozen=True)
class Recipe:
    """Everything that makes one demo checkpoint.

    Attributes:
        sources: the corpora and their weights.
        build: makes the network, not yet initialised.
        batch, context, late_context: windows per step, ids per window, and ids per window near the end.
        vocab_size: ids of its tokenizer.
        layout: which published layout :mod:`playground.training.export` writes.
    """

    name: str
    sources: tuple[Source, ...]
    build: Callable[[int], LanguageNetwork]
    plan: Plan
    batch: int
    context: int
    vocab_size: int
    late_context: int | None = None
    layout: str = "shard"
    seed: int = 0


def initialise(network: nn.Module, seed: int) -> None:
    """Weights to start from: tables at std 0.02, matrices at 1 / sqrt(inputs), what adds to the residual at zero."""
    dice = torch.Generator().manual_seed(seed)
    for name, module in network.named_modules():
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02, generator=dice)
        elif isinstance(module, nn.Linear):
            if name.rpartition(".")[2] in ("o", "down"):
                nn.init.zeros_(module.weight)
            else:
                nn.init.normal_(module.weight, std=module.in_features**-0.5, generator=dice)


def demo_shard(vocab_size: int) -> Shard:
    return Shard(
        ShardConfig(
            vocab_size, dim=256, n_layers=8, n_heads=4, head_dim=64, mlp_hidden=704, max_seq_len=1024,
            sliding_window=256,
        )
    )  # fmt: skip


def smoke_shard(vocab_size: int) -> Shard:
    return Shard(
        ShardConfig(
            vocab_size, dim=32, n_layers=2, n_heads=2, head_dim=16, mlp_hidden=64, max_seq_len=128, sliding_window=16
        )
    )


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "demo-shard",
            SIMPLE_ENGLISH,
            demo_shard,
            Plan(steps=4650),
            batch=16,
            context=256,
            vocab_size=4096,
            late_context=512,
        ),
        Recipe(
            "smoke",
            (Source("stories", ("stories",), 0.7), Source("sentences", ("sentences",), 0.3, "line", 4)),
            smoke_shard,
            Plan(steps=40, warmup=5, measure_every=20, log_every=5),
            batch=4,
            context=32,
            vocab_size=300,
        ),
    )
}


def find_recipe(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        InvalidRequest: naming the recipes that exist.
    """
    if name not in RECIPES:
        raise InvalidRequest(f"There is no recipe {name!r}. Known are {', '.join(sorted(RECIPES))}.")
    return RECIPES[name]
