"""pixel-lm: the bundle of `sage002/pixel`, whose ``latest.pt`` is a full training checkpoint."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from playground.checkpoints.families.base import (
    Blueprint,
    Bundle,
    Family,
    Published,
    positive,
    rename,
    require,
    take_tied_head,
)
from playground.errors import InvalidConfig, TensorMismatch
from playground.networks.pixel_lm import MoEConfig, PixelLM, PixelLMConfig

LAYER_KEY = re.compile(r"layers\.(\d+)\.attention\.q_proj\.(base_layer\.)?weight")
NEARLY_UNTRAINED = 1000  # steps
MANDATORY = (
    "vocab_size", "context_length", "num_layers", "hidden_size", "num_attention_heads", "num_key_value_heads",
    "intermediate_size",
)  # fmt: skip
RULES = (
    (r"(embed_tokens|norm|lm_head)\.weight", r"\1.weight"),
    (r"(layers\.\d+\.norm[12])\.weight", r"\1.weight"),
    (r"(layers\.\d+\.attention\.[qkvo]_proj)\.weight", r"\1.weight"),
    (r"(layers\.\d+\.feed_forward\.(?:experts\.\d+\.)?)(gate|up|down)_proj\.weight", r"\1\2.weight"),
    (r"(layers\.\d+\.feed_forward\.router)\.weight", r"\1.weight"),
)


def matches(bundle: Bundle) -> bool:
    return any(LAYER_KEY.fullmatch(name) for name in bundle.tensors)


def settings(stated: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The config's object of this name, empty if there is none."""
    value = stated.get(name) or {}
    if not isinstance(value, Mapping):
        raise InvalidConfig(f"The pixel-lm config says {name} = {value!r:.60}, but it must be an object of settings.")
    return value


def merge_lora(tensors: Mapping[str, Tensor], stated: Mapping[str, Any], notes: list[str]) -> dict[str, Tensor]:
    """Replace ``X.base_layer.weight``, ``X.lora_a (r, in)`` and ``X.lora_b (out, r)`` by ``X.weight``.

    ``W = base + alpha / r * lora_b @ lora_a`` (Hu et al. 2022).
    """
    merged = {re.sub(r"\.(lora_[ab])\.weight$", r".\1", name): tensor for name, tensor in tensors.items()}
    targets = [name.removesuffix(".base_layer.weight") for name in merged if name.endswith(".base_layer.weight")]
    for target in targets:
        base = merged.pop(f"{target}.base_layer.weight")
        if f"{target}.weight" in merged:
            raise TensorMismatch(f"{target} is stored with a LoRA base layer and without one. Fetch the file again.")
        a, b = merged.pop(f"{target}.lora_a", None), merged.pop(f"{target}.lora_b", None)
        if a is None or b is None:
            raise TensorMismatch(f"{target} has a LoRA base layer but lacks its lora_a or lora_b. Fetch it again.")
        fits = a.dim() == b.dim() == base.dim() == 2 and b.shape == (len(base), len(a)) and a.shape[1] == base.shape[1]
        if not fits or not len(a):
            raise TensorMismatch(
                f"{target}'s LoRA shapes {tuple(b.shape)} x {tuple(a.shape)} do not fit its base {tuple(base.shape)}."
            )
        scale = positive(settings(stated, "lora"), "alpha", 16) / len(a)
        merged[f"{target}.weight"] = (base.float() + scale * b.float() @ a.float()).to(base.dtype)
    if targets:
        notes.append(f"LoRA adapters of {len(targets)} matrices were merged into the weights.")
    return merged


def read(bundle: Bundle, choices: Mapping[str, Any]) -> Blueprint:
    notes: list[str] = []
    metadata = bundle.content.get("metadata")
    inner = metadata.get("model") if isinstance(metadata, Mapping) else None
    stated = bundle.json("pixel_model_config.json") | (dict(inner) if isinstance(inner, Mapping) else {})
    if not stated:
        raise InvalidConfig(
            "No model config: neither metadata.model in the weights nor pixel_model_config.json beside them was found."
        )
    require(stated, "The pixel-lm config", *MANDATORY)
    tensors = merge_lora(bundle.tensors, stated, notes)
    tensors, unclaimed = rename(tensors, RULES)
    tied = take_tied_head(tensors, "lm_head.weight", "embed_tokens.weight", notes)
    if tied and stated.get("tie_word_embeddings", True) is False and "lm_head.weight" not in bundle.tensors:
        tied = False  # the loader then reports the missing head
    PixelLMConfig(**{name: stated[name] for name in MANDATORY})  # refuses absurd numbers before they are used
    sizes = {name: stated[name] for name in MANDATORY} | stored_sizes(tensors, stated)
    for name, value in sizes.items():
        if value != stated[name]:
            notes.append(f"The config says {name} = {stated[name]}, the weights say {value}; the weights win.")
    config = PixelLMConfig(
        **sizes,
        rope_base=positive(stated, "rope_base", 500000.0),
        rms_norm_eps=positive(stated, "rms_norm_eps", 1e-5),
        tie_word_embeddings=tied,
        moe=stored_experts(tensors, stated),
    )
    training = training_facts(bundle)
    if isinstance(training.get("step"), int) and training["step"] < NEARLY_UNTRAINED:
        notes.append(f"Trained for only {training['step']} steps: expect its output to be noise.")
    return Blueprint(config, tensors, unclaimed, notes, training)


def stored_sizes(tensors: Mapping[str, Tensor], stated: Mapping[str, Any]) -> dict[str, int]:
    """Sizes that the tensors' shapes tell for certain."""
    table = tensors.get("embed_tokens.weight")
    if table is None or table.dim() != 2 or not table.numel():
        return {}
    layers = [int(name.split(".")[1]) for name in tensors if name.startswith("layers.")]
    sizes = {"vocab_size": table.shape[0], "hidden_size": table.shape[1], "num_layers": max(layers) + 1}
    head, remainder = divmod(table.shape[1], stated["num_attention_heads"])
    keys = tensors.get("layers.0.attention.k_proj.weight")
    if not remainder and keys is not None and keys.dim() == 2 and len(keys) % head == 0:
        sizes["num_key_value_heads"] = len(keys) // head
    gate = next((tensor for name, tensor in tensors.items() if name.endswith(".gate.weight")), None)
    if gate is not None and gate.dim() == 2:
        sizes["intermediate_size"] = len(gate)
    return sizes


def stored_experts(tensors: Mapping[str, Tensor], stated: Mapping[str, Any]) -> MoEConfig | None:
    """The mixture of experts that the tensors show, or None."""
    routers = {int(n.split(".")[1]): t for n, t in tensors.items() if n.endswith(".feed_forward.router.weight")}
    if not routers:
        return None
    first = min(routers)
    if routers[first].dim() != 2:
        raise TensorMismatch(
            f"The router of layer {first} has the shape {tuple(routers[first].shape)}, not (experts, width). "
            "Fetch the file again."
        )
    top_k = settings(stated, "moe").get("top_k", 2)
    return MoEConfig(num_experts=len(routers[first]), top_k=top_k, expert_interval=first + 1)


def training_facts(bundle: Bundle) -> dict[str, Any]:
    facts = {}
    step = bundle.content.get("step", bundle.json("manifest.json").get("step"))
    if isinstance(step, int):
        facts["step"] = step
    recipe = bundle.content.get("config") or bundle.json("pixel_training_config.json")
    if isinstance(recipe, Mapping):
        wanted = ("total_steps", "learning_rate", "batch_size", "sequence_length", "data_path")
        facts |= {name: recipe[name] for name in wanted if name in recipe}
    return facts


def prepare(text: str) -> str:
    """The published prompt form: outer blanks and blanks at line ends go."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


FAMILY = Family(
    name="pixel-lm",
    title="pixel-lm: a Llama-like decoder with grouped queries",
    signs="tensors layers.*.attention.q_proj and a pixel_model_config.json or metadata.model",
    network=PixelLM,
    wanted=(
        "latest.pt", "manifest.json", "pixel_tokenizer.model", "pixel_tokenizer.vocab", "pixel_model_config.json",
        "pixel_training_config.json",
    ),
    published={"sage002/pixel": Published("pixel_100m, a demo of a training pipeline: 10 steps", 76_485_888)},
    abilities=frozenset({"generate"}),
    matches=matches,
    read=read,
    tokenizer_files=("pixel_tokenizer.model", "*tokenizer*.model", "*.model", "tokenizer.json"),
    prepare=prepare,
    begins=True,
    end_tokens=("</s>",),
    exact_vocabulary=True,
)  # fmt: skip
