"""Built at published size, without memory, each network has exactly the published number of parameters."""

import pytest
import torch

from playground.checkpoints.families import families
from playground.networks.backpack import Backpack, BackpackConfig
from playground.networks.gelu_gpt import GeluGPT, GeluGPTConfig
from playground.networks.pixel_lm import PixelLM, PixelLMConfig
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig
from playground.networks.shard import Shard, ShardConfig

BACKPACK = {"vocab_size": 50264, "n_positions": 512}
PUBLISHED = {
    "sage002/pixel": (76_485_888, PixelLM, PixelLMConfig(1262, 1024, 12, 768, 12, 4, 2048)),
    "CompactAI-O/Shard-1": (54_538_752, Shard, ShardConfig(8192, 512, 12, 8, 64, 2048)),
    "mlnomad/gelu-d12-chinchilla-261M-pytorch": (261_096_338, GeluGPT, GeluGPTConfig()),
    "stanfordnlp/backpack-gpt2": (
        170_083_584,
        Backpack,
        BackpackConfig(**BACKPACK, n_embd=768, n_layer=12, n_head=12, num_senses=16),
    ),
    "stanford-crfm/levanter-backpack-1b": (
        1_351_743_936,
        Backpack,
        BackpackConfig(**BACKPACK, n_embd=1280, n_layer=36, n_head=20, num_senses=48, sense_intermediate_scale=7),
    ),
    "Team-PIXEL/pixel-base": (112_334_080, PixelMAE, PixelMAEConfig()),
}


@pytest.mark.parametrize("repository", PUBLISHED)
def test_unique_parameters(repository):
    count, network, config = PUBLISHED[repository]
    with torch.device("meta"):
        built = network(config)
    assert sum(parameter.numel() for parameter in built.parameters()) == count
    assert all(parameter.is_meta for parameter in built.parameters())


def test_the_catalogue_says_the_same():
    stated = {name: entry.parameters for family in families() for name, entry in family.published.items()}
    assert stated == {name: count for name, (count, _, _) in PUBLISHED.items()}
