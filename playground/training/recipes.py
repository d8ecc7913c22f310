"""One recipe per demo checkpoint: its text, its shape and how long it trains."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from playground.errors import InvalidRequest
from playground.networks.backpack import Backpack, BackpackConfig, Conv1D
from playground.networks.gelu_gpt import GeluGPT, GeluGPTConfig
from playground.networks.language import LanguageNetwork
from playground.networks.pixel_lm import PixelLM, PixelLMConfig
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig
from playground.networks.shard import Shard, ShardConfig
from playground.text.rendering import GridConfig
from playground.training.corpus import Source
from playground.training.tokenizers import ByteBPE, SentencePiece
from playground.training.trainer import Plan

STORIES = ("tinystories-subset", "tinystories-more", "tinystories-recased")
SIMPLE_ENGLISH = (
    Source("tinystories", STORIES, 0.52),
    Source("simple-sentences", ("simple-sentences",), 0.23, "line", 12),
    Source("tatoeba", ("tatoeba-english",), 0.13, "line", 12),
    Source("picture-books", ("stories-asp-pb-en",), 0.07),
    Source("grammar", ("synth-stories-proto",), 0.05),
)
WITH_GRAMMAR = (
    Source("tinystories", STORIES, 0.42),
    Source("simple-sentences", ("simple-sentences",), 0.17, "line", 12),
    Source("tatoeba", ("tatoeba-english",), 0.10, "line", 12),
    Source("picture-books", ("stories-asp-pb-en",), 0.06),
    Source("grammar", ("grammar-stories",), 0.25),
)
LESS_GRAMMAR = (
    Source("tinystories", STORIES, 0.49),
    Source("simple-sentences", ("simple-sentences",), 0.22, "line", 12),
    Source("tatoeba", ("tatoeba-english",), 0.13, "line", 12),
    Source("picture-books", ("stories-asp-pb-en",), 0.06),
    Source("grammar", ("grammar-stories",), 0.10),
)
SIMPLE_SENTENCES = (
    Source("simple-sentences", ("simple-sentences",), 0.36, "line"),
    Source("tinystories", STORIES, 0.28),
    Source("tatoeba", ("tatoeba-english",), 0.28, "line"),
    Source("picture-books", ("stories-asp-pb-en",), 0.08),
)

CHAT = ("<|pad|>", "<|bos|>", "<|eos|>", "<|unk|>", "<|im_start|>", "<|im_end|>")
TOKENIZERS = {
    "shard": ByteBPE(CHAT, "<|bos|>", "<|eos|>"),
    "gelu-gpt": ByteBPE(("<unk>", "<s>", "</s>"), "<s>", "</s>"),
    "backpack": ByteBPE(("<|endoftext|>",), "<|endoftext|>", "<|endoftext|>"),
    "pixel-lm": SentencePiece("pixel_tokenizer"),
}


@dataclass(frozen=True)
class Recipe:
    """Everything that makes one demo checkpoint.

    Attributes:
        sources: the corpora and their weights.
        build: makes the network, not yet initialised.
        batch, context, late_context: windows per step, ids per window, and ids per window near the end.
        vocab_size: ids of its tokenizer.
        layout: the family whose published layout :mod:`playground.training.export` writes.
        starts_from: a finished demo that a new run takes over what fits from.
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
    starts_from: str | None = None

    @property
    def tokenizer(self) -> ByteBPE | SentencePiece:
        """The kind of tokenizer that the layout asks for."""
        return TOKENIZERS[self.layout]


@dataclass(frozen=True)
class PatchRecipe:
    """Everything that makes one PIXEL demo.

    Attributes:
        sources, plan: as in :class:`Recipe`.
        build: makes the network, not yet initialised, but with its position tables.
        renderer: how characters are drawn. rows: full rows per step.
    """

    name: str
    sources: tuple[Source, ...]
    build: Callable[[], PixelMAE]
    plan: Plan
    renderer: GridConfig
    rows: int
    layout: str = "pixel-mae"
    seed: int = 0


def initialise(network: nn.Module, seed: int) -> None:
    """Weights to start from: tables at std 0.02, matrices at 1 / sqrt(inputs), what adds to the residual at zero."""
    dice = torch.Generator().manual_seed(seed)
    for name, module in network.named_modules():
        adds = name.rpartition(".")[2] in ("o", "o_proj", "down", "c_proj", "output")
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02, generator=dice)
        elif isinstance(module, nn.Linear | Conv1D) and adds:
            nn.init.zeros_(module.weight)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5, generator=dice)
        elif isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5, generator=dice)
        elif isinstance(module, Conv1D):
            nn.init.normal_(module.weight, std=len(module.weight) ** -0.5, generator=dice)
        if isinstance(module, nn.Linear | nn.Conv2d) and module.bias is not None:
            nn.init.zeros_(module.bias)
    for name, parameter in network.named_parameters():
        if name.endswith("_token"):
            nn.init.normal_(parameter, std=0.02, generator=dice)


def start_from_white(network: PixelMAE) -> None:
    """White paper gives zero inside and is what every patch is first predicted as.

    Ink is a small part of a patch; starting elsewhere, the white took the network many hundred steps to see past.
    """
    projection, prediction = network.encoder.projection, network.decoder.decoder_pred
    with torch.no_grad():
        projection.bias.copy_(-projection.weight.sum((1, 2, 3)))
        prediction.weight.zero_()
        prediction.bias.fill_(1.0)


def demo_shard(vocab_size: int) -> Shard:
    return Shard(
        ShardConfig(
            vocab_size, dim=256, n_layers=8, n_heads=4, head_dim=64, mlp_hidden=704, max_seq_len=1024,
            sliding_window=256,
        )
    )  # fmt: skip


def demo_backpack(vocab_size: int) -> Backpack:
    return Backpack(
        BackpackConfig(
            vocab_size, n_positions=512, n_embd=256, n_layer=6, n_head=4, num_senses=16, sense_intermediate_scale=2,
            scale_attn_by_inverse_layer_idx=False,
        )
    )  # fmt: skip


def demo_pixel_lm(vocab_size: int) -> PixelLM:
    return PixelLM(
        PixelLMConfig(
            vocab_size, context_length=512, num_layers=8, hidden_size=256, num_attention_heads=4,
            num_key_value_heads=2, intermediate_size=704, rope_base=10000.0,
        )
    )  # fmt: skip


def demo_gelu_gpt(vocab_size: int) -> GeluGPT:
    return GeluGPT(GeluGPTConfig(sequence_len=512, vocab_size=vocab_size, n_layer=8, n_head=4, n_kv_head=2, n_embd=256))


def demo_pixel_mae() -> PixelMAE:
    network = PixelMAE(
        PixelMAEConfig(
            hidden_size=192, num_hidden_layers=6, num_attention_heads=6, intermediate_size=768,
            decoder_hidden_size=192, decoder_num_hidden_layers=3, decoder_num_attention_heads=6,
            decoder_intermediate_size=768, image_size=(16, 1024), num_channels=1, layer_norm_eps=1e-6,
            norm_pix_loss=False,
        )
    )  # fmt: skip
    for table in (network.encoder.position_embeddings, network.decoder.decoder_pos_embed):
        table.data.copy_(line_positions(table.shape[1] - 1, table.shape[2]))
    return network


def line_positions(num_patches: int, width: int) -> Tensor:
    """Sines and cosines of the place on the line, float32 ``(1, 1 + num_patches, width)``; the class token's is zero.

    The published model lays its positions on a square. These lie on one line, as the text does, and their waves are 2.2
    to 126 patches long, so that a patch is far from its neighbours and none is like another.
    """
    frequencies = 2.8 * 56.0 ** (-torch.arange(width // 2) / (width / 2 - 1))
    angles = torch.outer(torch.arange(num_patches), frequencies)
    return torch.cat((torch.zeros(1, width), torch.cat((angles.sin(), angles.cos()), dim=1))).unsqueeze(0)


def smoke_shard(vocab_size: int) -> Shard:
    return Shard(
        ShardConfig(
            vocab_size, dim=32, n_layers=2, n_heads=2, head_dim=16, mlp_hidden=64, max_seq_len=128, sliding_window=16
        )
    )


RECIPES: dict[str, Recipe | PatchRecipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "demo-shard",
            SIMPLE_ENGLISH,
            demo_shard,
            Plan(steps=2850),
            batch=16,
            context=256,
            vocab_size=4096,
            late_context=512,
        ),
        Recipe(
            "demo-backpack",
            SIMPLE_ENGLISH,
            demo_backpack,
            Plan(steps=4400),
            batch=16,
            context=256,
            vocab_size=6144,
            late_context=512,
            layout="backpack",
            starts_from="demo-shard",
        ),
        Recipe(
            "demo-pixel-lm",
            LESS_GRAMMAR,
            demo_pixel_lm,
            Plan(steps=2750),
            batch=16,
            context=256,
            vocab_size=4096,
            late_context=512,
            layout="pixel-lm",
            starts_from="demo-shard",
        ),
        Recipe(
            "demo-gelu-gpt",
            WITH_GRAMMAR,
            demo_gelu_gpt,
            Plan(steps=5440),
            batch=16,
            context=256,
            vocab_size=4096,
            late_context=512,
            layout="gelu-gpt",
            starts_from="demo-shard",
        ),
        PatchRecipe(
            "demo-pixel-mae",
            SIMPLE_SENTENCES,
            demo_pixel_mae,
            Plan(steps=17400, muon_lr=0.012, adam_lr=1.5e-3),
            GridConfig("DejaVuSansMono.ttf"),
            rows=64,
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
