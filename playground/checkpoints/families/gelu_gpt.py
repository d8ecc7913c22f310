"""gelu-gpt: `mlnomad/gelu-d12-chinchilla-261M-pytorch`, its ``.pt`` form, and the original nanochat names."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from playground.checkpoints.families.base import (
    Blueprint,
    Bundle,
    Companion,
    Family,
    Published,
    positive,
    rename,
    take_tied_head,
)
from playground.networks.gelu_gpt import GeluGPT, GeluGPTConfig

RULES = (
    (r"(?:transformer\.)?wte\.weight", "wte.weight"),
    (r"(?:blocks|transformer\.h)\.(\d+)\.attn\.(c_q|c_k|c_v|c_proj|ve_gate)\.weight", r"blocks.\1.attn.\2.weight"),
    (r"(?:blocks|transformer\.h)\.(\d+)\.mlp\.(c_fc|c_proj)\.weight", r"blocks.\1.mlp.\2.weight"),
    (r"(?:transformer\.)?value_embeds\.(\d+)\.weight", r"value_embeds.\1.weight"),
    (r"(resid_lambdas|x0_lambdas|smear_lambda|backout_lambda)", r"\1"),
    (r"(smear_gate|lm_head)\.weight", r"\1.weight"),
    (r"(rope_)?(cos|sin)", None),  # tables, recomputed
)
OTHER_NAMES = {
    "n_layer": "num_hidden_layers",
    "n_head": "num_attention_heads",
    "n_kv_head": "num_key_value_heads",
    "n_embd": "hidden_size",
    "tie_embeddings": "tie_word_embeddings",
}
MISTRAL_V3_SIZE = 32768


def matches(bundle: Bundle) -> bool:
    return len({"resid_lambdas", "x0_lambdas", "smear_gate.weight"} & bundle.tensors.keys()) > 1


def read(bundle: Bundle, choices: Mapping[str, Any]) -> Blueprint:
    notes: list[str] = []
    inner = bundle.content.get("config")
    stated = dict(inner if isinstance(inner, Mapping) and inner else bundle.config)
    for name, other in OTHER_NAMES.items():
        if stated.get(name) is None and stated.get(other) is not None:
            stated[name] = stated[other]
    if not stated:
        notes.append("No config was found; the published one's values were assumed.")
    names = {field.name for field in fields(GeluGPTConfig)}
    known = {name: value for name, value in stated.items() if name in names and value is not None}
    if "rope_base" in known:
        known["rope_base"] = positive(known, "rope_base", 0)
    if "n_kv_head" not in known and "n_head" in known:
        known["n_kv_head"] = known["n_head"]
    tensors, unclaimed = rename(bundle.tensors, RULES)
    tied = take_tied_head(tensors, "lm_head.weight", "wte.weight", notes)
    if tied and known.get("tie_embeddings") is False and "lm_head.weight" not in bundle.tensors:
        tied = False  # the loader then reports the missing head
    config = GeluGPTConfig(**known | {"tie_embeddings": tied})
    notes.append(f"Trained on sequences of {config.sequence_len:,} tokens; longer ones are allowed but untrained.")
    return Blueprint(config, tensors, unclaimed, notes)


def check(model: Any, choices: Mapping[str, Any]) -> list[str]:
    if model.tokenizer is not None and model.tokenizer.size == MISTRAL_V3_SIZE:
        return [
            "The tokenizer has 32,768 pieces, as Mistral v0.3's; the published model was trained with v0.1's 32,000."
        ]
    return []


FAMILY = Family(
    name="gelu-gpt",
    title="gelu-gpt: a GPT of the nanochat lineage",
    signs="tensors resid_lambdas, x0_lambdas and smear_gate",
    network=GeluGPT,
    wanted=("config.json", "model.safetensors", ("tokenizer.json", "tokenizer.model")),
    published={"mlnomad/gelu-d12-chinchilla-261M-pytorch": Published("gelu-d12, trained on C4", 261_096_338)},
    abilities=frozenset({"generate"}),
    matches=matches,
    read=read,
    tokenizer_files=("tokenizer.json", "tokenizer.model"),
    begins=True,
    end_tokens=("</s>",),
    companion=Companion("mistralai/Mistral-7B-v0.1", 32000, "the repository may ask you to accept its terms first"),
    check=check,
)
