"""Random checkpoints in the published file layouts, at published size or tiny, for measuring and testing the loading.

``python -m playground.benchmarks.random_checkpoint levanter-backpack-1b FOLDER`` writes 5.67 GB of noise that has every
file, name, shape, second copy and buffer of the real thing. Safetensors are streamed, so memory stays small.
"""

import json
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import typer
from torch import Tensor

from playground.benchmarks.random_tokenizers import byte_level_json, sentencepiece_model
from playground.networks.layers import rotary_angles
from playground.networks.pixel_mae import sincos_positions

CHUNK = 2**22  # numbers drawn at a time
STEPS = 10
DTYPE_NAMES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"}

Sizes = Mapping[str, Any]
Shapes = dict[str, tuple[int, ...]]

PIXEL_100M = {
    "name": "pixel_100m", "vocab_size": 1262, "context_length": 1024, "num_layers": 12, "hidden_size": 768,
    "num_attention_heads": 12, "num_key_value_heads": 4, "intermediate_size": 2048, "rope_base": 500000,
    "tie_word_embeddings": True, "dropout": 0.0, "attention_dropout": 0.0, "rms_norm_eps": 1e-5, "use_moe": False,
    "moe": {"enabled": False, "num_experts": 4, "top_k": 2, "expert_interval": 4},
    "lora": {"enabled": False, "rank": 8, "alpha": 16, "dropout": 0.05, "target_modules": ["q_proj", "v_proj"]},
}  # fmt: skip
SHARD = {
    "vocab_size": 8192, "dim": 512, "n_layers": 12, "n_heads": 8, "head_dim": 64, "mlp_hidden": 2048,
    "max_seq_len": 8192, "attention_pattern": "gemma4", "sliding_window": 1024, "engram_enabled": False,
    "engram_slots": 512, "engram_inject_layer": 6, "optimizer": "muon", "lm_head_logit_cap": 30.0,
    "z_loss_weight": 1e-4, "lr_schedule": "wsd",
}  # fmt: skip
GELU_D12 = {
    "model_type": "gelu_gpt", "architectures": ["GeluGPTForCausalLM"], "sequence_len": 1024, "vocab_size": 32768,
    "n_layer": 12, "n_head": 12, "n_kv_head": 12, "n_embd": 768, "window_pattern": "SSSL", "tie_embeddings": True,
    "rope_base": 100000.0, "pad_vocab_size_to": 64, "mlp": "gelu",
    "auto_map": {"AutoModelForCausalLM": "modeling_gelu_gpt.GeluGPTForCausalLM"},
}  # fmt: skip
BACKPACK_GPT2 = {
    "model_type": "gpt2", "architectures": ["BackpackGPT2LMHeadModel"], "vocab_size": 50264, "n_positions": 512,
    "n_embd": 768, "n_layer": 12, "n_head": 12, "n_inner": None, "num_senses": 16, "sense_intermediate_scale": 4,
    "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": True, "bos_token_id": 50256, "eos_token_id": 50256,
}  # fmt: skip
LEVANTER_1B = BACKPACK_GPT2 | {
    "model_type": "backpack-gpt2", "architectures": None, "n_embd": 1280, "n_layer": 36, "n_head": 20,
    "num_senses": 48, "sense_intermediate_scale": 7,
}  # fmt: skip
PIXEL_BASE = {
    "model_type": "pixel", "architectures": ["PIXELForPreTraining"], "hidden_size": 768, "num_hidden_layers": 12,
    "num_attention_heads": 12, "intermediate_size": 3072, "decoder_hidden_size": 512, "decoder_num_hidden_layers": 8,
    "decoder_num_attention_heads": 16, "decoder_intermediate_size": 2048, "image_size": [16, 8464], "patch_size": 16,
    "num_channels": 3, "qkv_bias": True, "layer_norm_eps": 1e-12, "hidden_act": "gelu", "mask_ratio": 0.25,
    "norm_pix_loss": True,
}  # fmt: skip


def pixel_100m(sizes: Sizes) -> Shapes:
    vocabulary, width, inner = sizes["vocab_size"], sizes["hidden_size"], sizes["intermediate_size"]
    shared = width // sizes["num_attention_heads"] * sizes["num_key_value_heads"]
    shapes: Shapes = {"embed_tokens.weight": (vocabulary, width)}
    for i in range(sizes["num_layers"]):
        rows = {"q": width, "k": shared, "v": shared, "o": width}
        shapes[f"layers.{i}.norm1.weight"] = (width,)
        shapes |= {f"layers.{i}.attention.{x}_proj.weight": (out, width) for x, out in rows.items()}
        shapes[f"layers.{i}.norm2.weight"] = (width,)
        forward = f"layers.{i}.feed_forward."
        experts = [forward]
        if sizes.get("use_moe") and (i + 1) % sizes["moe"]["expert_interval"] == 0:
            shapes[f"{forward}router.weight"] = (sizes["moe"]["num_experts"], width)
            experts = [f"{forward}experts.{e}." for e in range(sizes["moe"]["num_experts"])]
        for expert in experts:
            shapes |= {f"{expert}{x}_proj.weight": (inner, width) for x in ("gate", "up")}
            shapes[f"{expert}down_proj.weight"] = (width, inner)
    return shapes | {"norm.weight": (width,), "lm_head.weight": (vocabulary, width)}


def shard(sizes: Sizes) -> Shapes:
    width, inner, hidden = sizes["dim"], sizes["n_heads"] * sizes["head_dim"], sizes["mlp_hidden"]
    shapes: Shapes = {"tok_emb.weight": (sizes["vocab_size"], width)}
    for i in range(sizes["n_layers"]):
        shapes[f"blocks.{i}.norm1.weight"] = (width,)
        shapes |= {f"blocks.{i}.attn.{x}_proj.weight": (inner, width) for x in "qkv"}
        shapes[f"blocks.{i}.attn.o_proj.weight"] = (width, inner)
        shapes[f"blocks.{i}.norm2.weight"] = (width,)
        shapes |= {f"blocks.{i}.mlp.{x}.weight": (hidden, width) for x in ("w_gate", "w_up")}
        shapes[f"blocks.{i}.mlp.w_down.weight"] = (width, hidden)
    return shapes | {"final_norm.weight": (width,), "lm_head.weight": (sizes["vocab_size"], width)}


def gelu_d12(sizes: Sizes) -> Shapes:
    layers, width, head = sizes["n_layer"], sizes["n_embd"], sizes["n_embd"] // sizes["n_head"]
    rows = math.ceil(sizes["vocab_size"] / sizes["pad_vocab_size_to"]) * sizes["pad_vocab_size_to"]
    shared = head * sizes["n_kv_head"]
    valued = [i for i in range(layers) if i % 2 == (layers - 1) % 2]
    shapes: Shapes = {"wte.weight": (rows, width)}
    for i in range(layers):
        shapes |= {f"blocks.{i}.attn.{x}.weight": (width, width) for x in ("c_q", "c_proj")}
        shapes |= {f"blocks.{i}.attn.{x}.weight": (shared, width) for x in ("c_k", "c_v")}
        if i in valued:
            shapes[f"blocks.{i}.attn.ve_gate.weight"] = (sizes["n_kv_head"], 12)
        shapes[f"blocks.{i}.mlp.c_fc.weight"] = (4 * width, width)
        shapes[f"blocks.{i}.mlp.c_proj.weight"] = (width, 4 * width)
    shapes |= {"resid_lambdas": (layers,), "x0_lambdas": (layers,), "smear_gate.weight": (1, 24)}
    shapes |= {"smear_lambda": (1,), "backout_lambda": (1,)}
    shapes |= {f"value_embeds.{i}.weight": (rows, shared) for i in valued}
    shapes |= dict.fromkeys(("rope_cos", "rope_sin"), (1, 10 * sizes["sequence_len"], 1, head // 2))
    if not sizes["tie_embeddings"]:
        shapes["lm_head.weight"] = (rows, width)
    return {f"model.{name}": shape for name, shape in shapes.items()}


def backpack(sizes: Sizes) -> Shapes:
    d, senses, scale = sizes["n_embd"], sizes["num_senses"], sizes["sense_intermediate_scale"]
    vocabulary, positions = (sizes["vocab_size"], d), (sizes["n_positions"], d)
    shapes: Shapes = {"gpt2_model.wte.weight": vocabulary, "gpt2_model.wpe.weight": positions}

    def add(name: str, *shape: int) -> None:  # (in, out), as GPT-2 stores it, or a norm's (width,)
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = shape, shape[-1:]

    inner = sizes.get("n_inner") or 4 * d
    for i in range(sizes["n_layer"]):
        layer = f"gpt2_model.h.{i}"
        for name, shape in {
            "ln_1": (d,), "attn.c_attn": (d, 3 * d), "attn.c_proj": (d, d), "ln_2": (d,), "mlp.c_fc": (d, inner),
            "mlp.c_proj": (inner, d),
        }.items():  # fmt: skip
            add(f"{layer}.{name}", *shape)
    add("gpt2_model.ln_f", d)
    for name in ("ln", "block.ln_1", "block.ln_2"):
        add(f"sense_network.{name}", d)
    add("sense_network.block.mlp.c_fc", d, 4 * d)
    add("sense_network.block.mlp.c_proj", 4 * d, d)
    add("sense_network.final_mlp.c_fc", d, scale * d)
    add("sense_network.final_mlp.c_proj", scale * d, senses * d)
    queries = 2 * senses * (d // senses)
    shapes |= {"sense_weight_net.c_attn.weight": (queries, d), "sense_weight_net.c_attn.bias": (queries,)}
    shapes |= {"word_embeddings.weight": vocabulary, "position_embeddings.weight": positions}
    stored = {f"backpack.{name}": shape for name, shape in shapes.items()}
    return stored | ({"lm_head.weight": vocabulary} if sizes["model_type"] == "gpt2" else {})


def pixel_base(sizes: Sizes) -> Shapes:
    patch, channels = sizes["patch_size"], sizes["num_channels"]
    rows = 1 + sizes["image_size"][0] // patch * (sizes["image_size"][1] // patch)
    d, e = sizes["hidden_size"], sizes["decoder_hidden_size"]
    shapes: Shapes = {
        "vit.embeddings.cls_token": (1, 1, d),
        "vit.embeddings.position_embeddings": (1, rows, d),
        "vit.embeddings.patch_embeddings.projection.weight": (d, channels, patch, patch),
        "vit.embeddings.patch_embeddings.projection.bias": (d,),
        "decoder.mask_token": (1, 1, e),
        "decoder.decoder_pos_embed": (1, rows, e),
    }

    def add(name: str, *shape: int, bias: bool = True) -> None:  # (out, in)
        shapes[f"{name}.weight"] = shape
        if bias:
            shapes[f"{name}.bias"] = shape[:1]

    def layer(name: str, width: int, inner: int) -> None:
        for x in ("query", "key", "value"):
            add(f"{name}.attention.attention.{x}", width, width, bias=sizes["qkv_bias"])
        add(f"{name}.attention.output.dense", width, width)
        add(f"{name}.intermediate.dense", inner, width)
        add(f"{name}.output.dense", width, inner)
        add(f"{name}.layernorm_before", width)
        add(f"{name}.layernorm_after", width)

    for i in range(sizes["num_hidden_layers"]):
        layer(f"vit.encoder.layer.{i}", d, sizes["intermediate_size"])
    for i in range(sizes["decoder_num_hidden_layers"]):
        layer(f"decoder.decoder_layers.{i}", e, sizes["decoder_intermediate_size"])
    add("vit.layernorm", d)
    add("decoder.decoder_embed", e, d)
    add("decoder.decoder_norm", e)
    add("decoder.decoder_pred", patch * patch * channels, e)
    return shapes


COPIES = {
    "lm_head.weight": ("embed_tokens.weight", "tok_emb.weight", "backpack.gpt2_model.wte.weight"),
    "backpack.word_embeddings.weight": ("backpack.gpt2_model.wte.weight",),
    "backpack.position_embeddings.weight": ("backpack.gpt2_model.wpe.weight",),
}


def original(name: str, shapes: Shapes, sizes: Sizes) -> str:
    """The stored tensor that ``name`` is a second copy of, or itself."""
    if name == "lm_head.weight" and sizes.get("tie_word_embeddings") is False:
        return name
    return next((first for first in COPIES.get(name, ()) if first in shapes), name)


def numbers(name: str, shape: tuple[int, ...], sizes: Sizes, seed: int) -> Iterator[Tensor]:
    """Float32 pieces that make up the tensor: tables by their formula, norms near 1, else noise of its fan-in."""
    leaf = name.split(".")[-1]
    if leaf in ("rope_cos", "rope_sin"):
        tables = rotary_angles(0, shape[1], 2 * shape[3], sizes["rope_base"], torch.device("cpu"))
        yield tables[leaf == "rope_sin"].flatten()
        return
    if leaf in ("position_embeddings", "decoder_pos_embed"):
        yield sincos_positions(shape[1] - 1, shape[2]).flatten()
        return
    generator = torch.Generator().manual_seed(seed + zlib.crc32(name.encode()))
    norm = "norm" in name.split(".")[-2:][0] or ".ln" in f".{name}" or "lambda" in leaf
    centre = 1.0 if norm and leaf != "bias" else 0.0
    spread = 0.02 if len(shape) < 2 or "emb" in name or "wte" in name or "wpe" in name else 0.7 / math.sqrt(shape[-1])
    left = math.prod(shape)
    while left:
        count = min(left, CHUNK)
        yield torch.randn(count, generator=generator) * spread + centre
        left -= count


def whole(name: str, shapes: Shapes, sizes: Sizes, dtype: torch.dtype, seed: int) -> Tensor:
    """One tensor in memory."""
    return torch.cat(list(numbers(name, shapes[name], sizes, seed))).view(shapes[name]).to(dtype)


def write_safetensors(path: Path, shapes: Shapes, sizes: Sizes, dtype: torch.dtype, seed: int) -> None:
    """Stream the tensors; second copies are written out in full, as the format has no shared ones."""
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, end = end, end + math.prod(shape) * dtype.itemsize
        header[name] = {"dtype": DTYPE_NAMES[dtype], "shape": shape, "data_offsets": [begin, end]}
    encoded = json.dumps({"__metadata__": {"format": "pt"}} | header).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as file:
        file.write(len(encoded).to_bytes(8, "little") + encoded)
        for name, shape in shapes.items():
            for piece in numbers(original(name, shapes, sizes), shape, sizes, seed):
                file.write(piece.to(dtype).view(torch.uint8).numpy())


def tensors(shapes: Shapes, sizes: Sizes, dtype: torch.dtype, seed: int) -> dict[str, Tensor]:
    """All tensors in memory; second copies share it, as ``torch.save`` keeps it."""
    stored: dict[str, Tensor] = {}
    for name in sorted(shapes, key=lambda name: original(name, shapes, sizes) != name):
        first = original(name, shapes, sizes)
        stored[name] = stored[first] if first != name else whole(name, shapes, sizes, dtype, seed)
    return {name: stored[name] for name in shapes}


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def write_pixel_100m(folder: Path, sizes: Sizes, dtype: torch.dtype, seed: int) -> None:
    model = tensors(pixel_100m(sizes), sizes, dtype, seed)
    trained = [tensor for name, tensor in model.items() if original(name, model, sizes) == name]
    moments = {
        index: {"step": torch.tensor(float(STEPS)), "exp_avg": 1e-3 * tensor, "exp_avg_sq": 1e-6 * tensor.square()}
        for index, tensor in enumerate(trained)
    }
    group = {"lr": 3e-4, "betas": (0.9, 0.95), "eps": 1e-8, "weight_decay": 0.1, "params": list(range(len(trained)))}
    recipe = {"size": "100m", "batch_size": 1, "learning_rate": 3e-4, "total_steps": STEPS, "sequence_length": 32}
    checkpoint = {
        "step": STEPS, "model": model, "optimizer": {"state": moments, "param_groups": [group]}, "scaler": {},
        "config": recipe, "metadata": {"model": dict(sizes), "hardware": {"device": "cpu", "dtype": str(dtype)}},
        "rng_cpu": torch.get_rng_state(), "rng_cuda": None,
    }  # fmt: skip
    torch.save(checkpoint, folder / "latest.pt")
    write_json(folder / "manifest.json", {"latest": "latest.pt", "step": STEPS})
    write_json(folder / "pixel_model_config.json", dict(sizes))
    write_json(folder / "pixel_training_config.json", recipe)
    (folder / "pixel_tokenizer.model").write_bytes(sentencepiece_model(sizes["vocab_size"]))


def write_shard(folder: Path, sizes: Sizes, dtype: torch.dtype, seed: int) -> None:
    models = folder / "models"
    models.mkdir(exist_ok=True)
    torch.save({"cfg": dict(sizes), "model": tensors(shard(sizes), sizes, dtype, seed)}, models / "model.pt")
    (models / "tokenizer.json").write_text(byte_level_json(sizes["vocab_size"]), encoding="utf-8")


def write_hub_folder(shapes: Callable[[Sizes], Shapes], file: str) -> Callable[[Path, Sizes, torch.dtype, int], None]:
    """A writer of ``config.json`` beside ``file``, safetensors or a bare state dict."""

    def write(folder: Path, sizes: Sizes, dtype: torch.dtype, seed: int) -> None:
        config = {"torch_dtype": str(dtype).removeprefix("torch."), "transformers_version": "4.29.0"}
        write_json(folder / "config.json", dict(sizes) | config)
        if file.endswith(".safetensors"):
            write_safetensors(folder / file, shapes(sizes), sizes, dtype, seed)
        else:
            torch.save(tensors(shapes(sizes), sizes, dtype, seed), folder / file)

    return write


# Per published checkpoint: its sizes, changes that make it tiny, its dtype, its writer.
LAYOUTS = {
    "pixel_100m": (
        PIXEL_100M,
        {"vocab_size": 300, "context_length": 64, "num_layers": 2, "hidden_size": 48, "num_attention_heads": 6,
         "num_key_value_heads": 2, "intermediate_size": 64},
        torch.float32,
        write_pixel_100m,
    ),
    "shard": (
        SHARD,
        {"vocab_size": 320, "dim": 32, "n_layers": 3, "n_heads": 4, "head_dim": 8, "mlp_hidden": 48, "max_seq_len": 256,
         "sliding_window": 8},
        torch.bfloat16,
        write_shard,
    ),
    "gelu-d12": (
        GELU_D12,
        {"sequence_len": 32, "vocab_size": 300, "n_layer": 4, "n_head": 4, "n_kv_head": 2, "n_embd": 32},
        torch.float32,
        write_hub_folder(gelu_d12, "model.safetensors"),
    ),
    "backpack-gpt2": (
        BACKPACK_GPT2,
        {"vocab_size": 120, "n_positions": 32, "n_embd": 24, "n_layer": 2, "n_head": 3, "num_senses": 4,
         "sense_intermediate_scale": 2, "bos_token_id": 119, "eos_token_id": 119},
        torch.float32,
        write_hub_folder(backpack, "pytorch_model.bin"),
    ),
    "levanter-backpack-1b": (
        LEVANTER_1B,
        {"vocab_size": 120, "n_positions": 32, "n_embd": 20, "n_layer": 2, "n_head": 2, "num_senses": 6,
         "sense_intermediate_scale": 3, "bos_token_id": 119, "eos_token_id": 119},
        torch.float32,
        write_hub_folder(backpack, "model.safetensors"),
    ),
    "pixel-base": (
        PIXEL_BASE,
        {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
         "decoder_hidden_size": 16, "decoder_num_hidden_layers": 1, "decoder_num_attention_heads": 2,
         "decoder_intermediate_size": 24, "image_size": [8, 72], "patch_size": 8},
        torch.float32,
        write_hub_folder(pixel_base, "pytorch_model.bin"),
    ),
}  # fmt: skip


def write_checkpoint(
    model: str, folder: Path, scale: str = "tiny", dtype: torch.dtype | None = None, seed: int = 0, **changes: Any
) -> dict[str, Any]:
    """Write a random checkpoint to ``folder`` in the layout of the published ``model``, a name in ``LAYOUTS``.

    Args:
        scale: "published" or "tiny".
        dtype: of the stored weights; the published one's by default.
        changes: config values that replace those of the scale.

    Returns:
        The sizes written.
    """
    published, tiny, usual, write = LAYOUTS[model]
    sizes = published | (tiny if scale == "tiny" else {}) | changes
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, sizes, dtype or usual, seed)
    return sizes


def main(model: str, folder: Path, scale: str = "published", dtype: str = "", seed: int = 0) -> None:
    """Write a random checkpoint: MODEL is pixel_100m, shard, gelu-d12, backpack-gpt2, levanter-backpack-1b, pixel-base.

    DTYPE is float32, bfloat16 or float16; by default what the published checkpoint has. SCALE is published or tiny.
    """
    if model not in LAYOUTS or scale not in ("published", "tiny"):
        raise typer.BadParameter(f"MODEL is one of {', '.join(LAYOUTS)}; --scale is published or tiny.")
    known = {str(known).removeprefix("torch."): known for known in DTYPE_NAMES}
    if dtype and dtype not in known:
        raise typer.BadParameter(f"--dtype is one of {', '.join(known)}.")
    write_checkpoint(model, folder, scale, known.get(dtype), seed)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    typer.echo(f"Wrote {size / 1e6:,.1f} MB to {folder}")


if __name__ == "__main__":
    typer.run(main)
