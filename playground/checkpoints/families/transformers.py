"""transformers: any causal language model that the installed transformers library knows natively.

Only the library's own classes are used, never code from the checkpoint.
"""

from collections.abc import Mapping
from typing import Any

from playground.checkpoints.families.base import Blueprint, Bundle, Family
from playground.errors import CheckpointError, TensorMismatch, name_some

DEFAULT_CONTEXT = 2048
ABSURD_CONTEXT = 10**7  # tokenizers and configs use such numbers for "no limit"


def matches(bundle: Bundle) -> bool:
    model_type = bundle.config.get("model_type")
    if not isinstance(model_type, str):
        return False
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES


def read(bundle: Bundle, choices: Mapping[str, Any]) -> Blueprint:
    from transformers import AutoConfig, AutoModelForCausalLM

    from playground.networks.native import NativeNetwork

    folder = bundle.folder
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model, report = AutoModelForCausalLM.from_pretrained(
            folder, config=config, dtype=choices["dtype"], local_files_only=True, trust_remote_code=False,
            output_loading_info=True, low_cpu_mem_usage=True,
        )  # fmt: skip
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"transformers could not load {folder.name}: {error}") from None
    kinds = {"missing": "missing_keys", "misshapen": "mismatched_keys", "unknown": "unexpected_keys"}
    problems = [f"{kind}: {name_some(sorted(map(str, report[key])))}" for kind, key in kinds.items() if report[key]]
    if problems:
        raise TensorMismatch(f"The weights do not fit {folder.name}'s config. {'; '.join(problems)}.")
    network = NativeNetwork(model, context_length(config))
    ends = bundle.json("generation_config.json").get("eos_token_id", getattr(config, "eos_token_id", None))
    ends = tuple(end for end in (ends if isinstance(ends, list) else [ends]) if isinstance(end, int))
    return Blueprint(config, end_ids=ends, network=network)


def context_length(config: Any) -> int:
    for name in ("max_position_embeddings", "n_positions", "max_seq_len", "n_ctx", "seq_length"):
        value = getattr(config, name, None)
        if isinstance(value, int) and 0 < value < ABSURD_CONTEXT:
            return value
    return DEFAULT_CONTEXT


FAMILY = Family(
    name="transformers",
    title="transformers: a causal language model that the library knows natively",
    signs="a config.json whose model_type the transformers library knows as a causal language model",
    network=lambda config: None,
    wanted=(
        "config.json", "generation_config.json",
        ("model.safetensors", "model-*.safetensors", "pytorch_model.bin", "pytorch_model-*.bin"),
        ("model.safetensors.index.json", "pytorch_model.bin.index.json"), "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
        "vocab.json", "merges.txt",
    ),
    published={},
    abilities=frozenset({"generate"}),
    matches=matches,
    read=read,
    tokenizer_files=("tokenizer.json", "tokenizer.model", "vocab.json"),
    begins=None,
    last_resort=True,
)  # fmt: skip
