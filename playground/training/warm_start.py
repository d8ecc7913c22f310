"""Begin a run from a finished checkpoint: all of one of the same recipe, or what fits of another demo."""

import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from playground.checkpoints.catalog import build_catalog
from playground.checkpoints.loader import LoadOptions, load_model
from playground.errors import InvalidRequest, MissingFile
from playground.networks.gelu_gpt import GeluGPT
from playground.networks.pixel_lm import PixelLM
from playground.networks.pixel_mae import PixelMAE
from playground.networks.shard import Shard
from playground.settings import load_settings
from playground.training.colours import in_grey
from playground.training.tokenizers import ByteBPE, SentencePiece, TrainingTokenizer

START_STD = 0.02


def take_tokenizer(checkpoint: Path, kind: ByteBPE | SentencePiece, out: Path) -> None:
    """Copy the tokenizer of ``checkpoint``, wherever its layout keeps it, to ``out``.

    Raises:
        MissingFile: if there is none of this kind.
    """
    for folder in (checkpoint, *sorted(path for path in checkpoint.glob("*") if path.is_dir())):
        if (opened := kind.open(folder)) is not None:
            out.mkdir(parents=True, exist_ok=True)
            for file in opened.files:
                shutil.copyfile(file, out / file.name)
            return
    raise MissingFile(
        f"{checkpoint} holds no tokenizer of this recipe's kind. Give the folder of a finished checkpoint."
    )


def take_weights(checkpoint: Path, network: nn.Module) -> None:
    """Put all weights of ``checkpoint`` into ``network``, which must be of the same shape.

    Raises:
        InvalidRequest: if it is another network. PlaygroundError: as loading the checkpoint does.
    """
    source = load_model(str(checkpoint), LoadOptions()).network
    tensors = source.state_dict()
    if isinstance(source, PixelMAE) and isinstance(network, PixelMAE) and network.config.num_channels == 1:
        tensors = in_grey(tensors)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise InvalidRequest(
            f"{checkpoint} holds a {type(source).__name__} that is not this recipe's {type(network).__name__}. "
            "Give a checkpoint that this recipe made."
        ) from error


@torch.no_grad()
def take_over(name: str, network: nn.Module, tokenizer: TrainingTokenizer) -> None:
    """Put what the demo called ``name`` has learned into ``network``: its embedding, and its blocks where they fit.

    Raises:
        MissingFile, InvalidRequest: if there is no such demo.
    """
    settings = load_settings()
    source = load_model(build_catalog(settings.checkpoints, settings.models).find(name).ref, LoadOptions())
    table = token_table(network)
    rows = embedding_rows(source, tokenizer, table[: tokenizer.size])
    if isinstance(network, GeluGPT):
        # Its embedding is normalised on the way in, so only the logits feel the size: begin with small ones.
        rows *= START_STD / rows.std()
    table[: tokenizer.size] = rows
    if isinstance(network, PixelLM) and isinstance(source.network, Shard):
        copy_blocks(source.network, network)


def token_table(network: nn.Module) -> Tensor:
    """The token embedding ``(V, d)``, the first table of every one of our networks."""
    return next(module for module in network.modules() if isinstance(module, nn.Embedding)).weight


def embedding_rows(source: Any, tokenizer: TrainingTokenizer, table: Tensor) -> Tensor:
    """A start for the embedding ``table (V, d)`` of ``tokenizer``: each token's text in the ``source`` model's tokens.

    A row becomes the mean of the source's rows for those tokens (d must agree); tokens without a text of their own keep
    the mean of all the source's rows plus what ``table`` holds.
    """
    theirs = token_table(source.network).detach().float()  # (V', d)
    rows = theirs.mean(0) + table.detach().float()
    for token_id in range(tokenizer.size):
        text = tokenizer.token_text(token_id)
        ids = source.tokenizer.encode(text) if text else []
        if ids:
            rows[token_id] = theirs[torch.tensor(ids)].mean(0)
    return rows


def copy_blocks(source: Shard, network: PixelLM) -> None:
    """Shard's blocks into those of a pixel-lm of the same sizes, whose keys and values serve groups of query heads.

    A shared key or value head becomes the mean of those that it replaces (GQA uptraining, Ainslie et al. 2023).
    """
    for theirs, ours in zip(source.blocks, network.layers, strict=True):
        ours.norm1.load_state_dict(theirs.norm1.state_dict())
        ours.norm2.load_state_dict(theirs.norm2.state_dict())
        ours.feed_forward.load_state_dict(theirs.mlp.state_dict())
        ours.attention.q_proj.weight.copy_(theirs.attention.q.weight)
        ours.attention.o_proj.weight.copy_(theirs.attention.o.weight)
        for shared, heads in ((ours.attention.k_proj, theirs.attention.k), (ours.attention.v_proj, theirs.attention.v)):
            groups = heads.weight.unflatten(0, (network.config.num_key_value_heads, -1, network.config.head_dim))
            shared.weight.copy_(groups.mean(1).flatten(0, 1))
    network.norm.load_state_dict(source.norm.state_dict())
