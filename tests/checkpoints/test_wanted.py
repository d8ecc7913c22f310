"""Of a repository only what its family reads is fetched: one form of the weights, and never code."""

import pytest

from playground.checkpoints.families import families
from playground.checkpoints.wanted import wanted_files

JUNK = [
    ".gitattributes", "README.md", "modeling_x.py", "config.json", "training_args.bin", "optimizer.pt",
    "flax_model.msgpack", "tf_model.h5", "model.onnx", "logo.png",
]  # fmt: skip
REPOSITORIES = {
    "sage002/pixel": (
        ["latest.pt", "manifest.json", "pixel_tokenizer.model", "pixel_tokenizer.vocab", "pixel_model_config.json",
         "pixel_training_config.json"],
        ["step_5.pt", "output.json"],
    ),
    "CompactAI-O/Shard-1": (
        ["models/model.pt", "models/tokenizer.json"],
        ["models/pretrain.pt", "code/model.py", "code/config.py"],
    ),
    "mlnomad/gelu-d12-chinchilla-261M-pytorch": (
        ["config.json", "model.safetensors"],
        ["generation_config.json", "torch_gpt.py"],
    ),
    "stanfordnlp/backpack-gpt2": (["config.json", "pytorch_model.bin"], ["modeling_backpack_gpt2.py"]),
    "stanford-crfm/levanter-backpack-1b": (
        ["config.json", "model.safetensors", "tokenizer.json"],
        ["pytorch_model.bin", "special_tokens_map.json"],
    ),
    "Team-PIXEL/pixel-base": (
        ["config.json", "pytorch_model.bin", "text_renderer_config.json", "GoNotoCurrent.ttf"],
        ["events.out.tfevents"],
    ),
}  # fmt: skip


def chosen(repository, names):
    found = wanted_files(repository, names)
    assert len(found) == len(set(found))
    assert set(found) <= set(names)
    assert not any(name.endswith(".py") for name in found)
    return set(found)


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_published_repositories(repository):
    wanted, others = REPOSITORIES[repository]
    assert chosen(repository, sorted({*wanted, *others, *JUNK})) >= set(wanted)
    assert not chosen(repository, sorted({*wanted, *others, *JUNK})) & ({*others, *JUNK} - {"config.json"})


def test_every_published_repository_is_covered():
    assert {name for family in families() for name in family.published} == set(REPOSITORIES)


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_the_same_files_under_another_name_are_recognised(repository):
    """Sister checkpoints and copies have ids that nobody wrote down."""
    wanted, others = REPOSITORIES[repository]
    assert chosen("someone/copy", sorted({*wanted, *others, *JUNK})) >= {n for n in wanted if not n.endswith(".vocab")}


TOKENIZER = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt"]


@pytest.mark.parametrize(
    ("weights", "left"),
    [
        (["model.safetensors"], ["pytorch_model.bin"]),
        (["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"],
         ["pytorch_model-00001-of-00001.bin"]),
        (["pytorch_model.bin"], ["rust_model.ot"]),
        (["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin", "pytorch_model.bin.index.json"], []),
    ],
)  # fmt: skip
def test_repositories_of_the_transformers_library(weights, left):
    names = sorted(
        {*weights, *left, *JUNK, *TOKENIZER, "generation_config.json", "onnx/model.onnx", "8bit-128g.safetensors"}
    )
    found = chosen("someone/llama", names)
    assert found >= {*weights, "config.json", "tokenizer.json", "generation_config.json"}
    assert not found & {*left, "8bit-128g.safetensors"}


def test_nothing_wanted_is_nothing_chosen():
    assert chosen("sage002/pixel", ["README.md"]) == set()
    assert chosen("someone/empty", []) == set()
