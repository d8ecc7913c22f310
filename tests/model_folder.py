"""A folder of small checkpoints in the published layouts: copies of the goldens, and one that writes for seconds."""

import json
import shutil
from pathlib import Path

import torch
from goldens import GOLDEN

SHARD = GOLDEN / "shard" / "cfg-dict" / "bundle"
COPIES = {
    "pixel_100m": GOLDEN / "pixel_100m" / "bundle",
    "shard": SHARD,
    "gelu-gpt": GOLDEN / "gelu-gpt" / "tiny-a",  # ships no tokenizer
    "backpack": GOLDEN / "backpack" / "gpt2",  # neither does this one
    "pixel-mae": GOLDEN / "pixel",  # reads pictures, writes no text
}
TESTED = ("io.safetensors", "expected.safetensors", "renders.safetensors", "renders.json", "README.json")
ENDLESS = "endless"
ENDLESS_SIZES = {
    "vocab_size": 400, "dim": 64, "n_layers": 40, "n_heads": 4, "head_dim": 16, "mlp_hidden": 128, "max_seq_len": 8192,
    "attention_pattern": "gemma4", "sliding_window": 64, "engram_enabled": False, "lm_head_logit_cap": 30.0,
}  # fmt: skip


def write_model_folder(folder: Path) -> Path:
    """Fill ``folder`` with a checkpoint of each family, and ``ENDLESS``: a Shard that never ends a text by itself."""
    for name, source in COPIES.items():
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*TESTED))
    write_endless(folder / ENDLESS)
    return folder


def write_endless(folder: Path) -> Path:
    """A random Shard whose tokenizer names no end token and whose context holds the longest text that can be asked.

    It is deep and thin: a token takes milliseconds on any machine, and the file stays small.
    """
    models = folder / "models"
    models.mkdir(parents=True)
    draw = torch.Generator().manual_seed(7)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=draw) * shape[-1] ** -0.5

    sizes = ENDLESS_SIZES
    dim, inner, hidden = sizes["dim"], sizes["n_heads"] * sizes["head_dim"], sizes["mlp_hidden"]
    tensors = {"tok_emb.weight": noise(sizes["vocab_size"], dim), "final_norm.weight": torch.ones(dim)}
    for i in range(sizes["n_layers"]):
        tensors |= {f"blocks.{i}.norm1.weight": torch.ones(dim), f"blocks.{i}.norm2.weight": torch.ones(dim)}
        tensors |= {f"blocks.{i}.attn.{x}_proj.weight": noise(inner, dim) for x in "qkv"}
        tensors |= {f"blocks.{i}.attn.o_proj.weight": noise(dim, inner)}
        tensors |= {f"blocks.{i}.mlp.{x}.weight": noise(hidden, dim) for x in ("w_gate", "w_up")}
        tensors |= {f"blocks.{i}.mlp.w_down.weight": noise(dim, hidden)}
    tensors["lm_head.weight"] = tensors["tok_emb.weight"]
    torch.save({"cfg": sizes, "model": tensors}, models / "model.pt")
    text = (SHARD / "models" / "tokenizer.json").read_text(encoding="utf-8")
    for end in ("<|eos|>", "<|im_end|>"):
        text = text.replace(end, end.replace("|>", "_|>"))
    json.loads(text)
    (models / "tokenizer.json").write_text(text, encoding="utf-8")
    return folder
