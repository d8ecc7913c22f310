"""transformers: any causal language model that the installed transformers library knows natively.

Only the library's own classes are used, never code from the checkpoint.
"""

from collections.abc import Mapping
from typing import Any

import torch

from playground.checkpoints.attempts import is_out_of_memory
from playground.checkpoints.families.base import Blueprint, Bundle, Family
from playground.errors import CheckpointError, InvalidConfig, PlaygroundError, TensorMismatch, name_some
from playground.networks.layers import check_dimensions

DEFAULT_CONTEXT = 2048
SIZES = (
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_local_experts",
    "num_experts", "n_routed_experts",
)  # fmt: skip
ABSURD_CONTEXT = 10**7  # tokenizers and configs use such numbers for "no limit"


def matches(bundle: Bundle) -> bool:
    model_type = bundle.config.get("model_type")
    if not isinstance(model_type, str):
        return False
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES


def read(bundle: Bundle, choices: Mapping[str, Any]) -> Blueprint:
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoConfig
    from transformers.utils import logging

    from playground.networks.native import NativeNetwork

    logging.disable_progress_bar()
    logging.set_verbosity_error()  # what it would report in tables, our errors say in a line
    folder = bundle.find("config.json").parent
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        check_sizes(config)
        architecture = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
        check_total(architecture, config, bundle)
        # The tensors are those that were opened safely; the library reads no weights file by itself.
        model, report = architecture.from_pretrained(
            None, config=config, state_dict=bundle.weights.tensors, dtype=choices["dtype"],
            ignore_mismatched_sizes=True, output_loading_info=True,
        )  # fmt: skip
        network = NativeNetwork(model, context_length(config))
    except PlaygroundError:
        raise
    except Exception as error:  # whatever the library raises on a config that anybody may have written
        if is_out_of_memory(error):
            raise  # the manager makes room and tries again
        detail = f"{type(error).__name__}: {str(error)[:300]}"
        raise CheckpointError(f"transformers could not load {folder.name} ({detail}). Check its config.json.") from None
    kinds = {"missing": "missing_keys", "misshapen": "mismatched_keys", "unknown": "unexpected_keys"}
    found = {kind: [_in_words(entry) for entry in sorted(report[key], key=str)] for kind, key in kinds.items()}
    problems = [f"{kind}: {name_some(names)}" for kind, names in found.items() if names]
    if problems:
        listed = "; ".join(problems)
        raise TensorMismatch(
            f"The weights do not fit {folder.name}'s config. {listed}. Check that config and weights belong together."
        )
    ends = bundle.json("generation_config.json").get("eos_token_id", getattr(config, "eos_token_id", None))
    ends = tuple(end for end in (ends if isinstance(ends, list) else [ends]) if isinstance(end, int))
    return Blueprint(config, end_ids=ends, network=network)


def _in_words(found: Any) -> str:
    """A name, or for a misshapen tensor (name, stored shape, wanted shape)."""
    return found if isinstance(found, str) else "{} {} instead of {}".format(found[0], *map(tuple, found[1:]))


def check_sizes(config: Any) -> None:
    """Raise :class:`InvalidConfig` for sizes that no checkpoint has, before a module is built for each of them."""
    stated = {name: getattr(config.get_text_config(), name, None) for name in SIZES}
    check_dimensions("transformers", **{name: value for name, value in stated.items() if value is not None})


def check_total(architecture: Any, config: Any, bundle: Bundle) -> None:
    """Raise :class:`InvalidConfig` for a config far beyond the weights: the library makes up what is missing."""
    packed = getattr(config, "quantization_config", None) is not None  # up to 16 weights in a stored number
    with torch.device("meta"):
        described = sum(parameter.numel() for parameter in architecture(config).parameters())
    stored = sum(tensor.numel() for tensor in bundle.tensors.values())
    if described > (16 if packed else 2) * stored:
        raise InvalidConfig(
            f"The config describes a network of {described:,} parameters, but the weights are only {stored:,} numbers. "
            "Check the checkpoint's config.json."
        )


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
        ("model.safetensors.index.json", "pytorch_model.bin.index.json"), "tokenizer.json", "tokenizer.model",
        "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt",
    ),
    published={},
    abilities=frozenset({"generate"}),
    matches=matches,
    read=read,
    tokenizer_files=("tokenizer.json", "tokenizer.model", "vocab.json"),
    begins=None,
    last_resort=True,
)  # fmt: skip
