"""backpack: `stanfordnlp/backpack-gpt2` and `stanford-crfm/levanter-backpack-1b`."""

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any

from playground.checkpoints.calibration import measured, paragraph_states, surprisal
from playground.checkpoints.families.base import (
    Blueprint,
    Bundle,
    Companion,
    Family,
    Published,
    drop_copy,
    positive,
    rename,
    require,
    take_tied_head,
)
from playground.errors import InvalidConfig
from playground.networks.backpack import Backpack, BackpackConfig

MLP = r"(c_fc|c_proj)\.(weight|bias)"
RULES = (
    (r"(?:backpack\.)?gpt2_model\.(wte|wpe)\.weight", r"encoder.\1.weight"),
    (r"(?:backpack\.)?gpt2_model\.h\.(\d+)\.attn\.(?:bias|masked_bias)", None),  # causal masks that old GPT-2 saved
    (
        r"(?:backpack\.)?gpt2_model\.h\.(\d+)\.(ln_1|ln_2|attn\.c_attn|attn\.c_proj)\.(weight|bias)",
        r"encoder.h.\1.\2.\3",
    ),
    (rf"(?:backpack\.)?gpt2_model\.h\.(\d+)\.mlp\.{MLP}", r"encoder.h.\1.mlp.\2.\3"),
    (r"(?:backpack\.)?gpt2_model\.ln_f\.(weight|bias)", r"encoder.ln_f.\1"),
    (r"(?:backpack\.)?sense_network\.(ln|ln_2|block\.ln_1|block\.ln_2)\.(weight|bias)", r"sense_network.\1.\2"),
    (rf"(?:backpack\.)?sense_network\.(block\.mlp|final_mlp)\.{MLP}", r"sense_network.\1.\2.\3"),
    (r"(?:backpack\.)?sense_weight_net\.c_attn\.(weight|bias)", r"sense_weight_net.\1"),
    (r"(?:backpack\.)?(word|position)_embeddings\.weight", r"\1_embeddings"),
    (r"lm_head\.weight", "lm_head.weight"),
)
MARGIN = 0.5  # nats per token by which the other variant must be better before the file's own form is doubted


def matches(bundle: Bundle) -> bool:
    return any("sense_weight_net." in name or "sense_network." in name for name in bundle.tensors)


def read(bundle: Bundle, choices: Mapping[str, Any]) -> Blueprint:
    notes: list[str] = []
    stated = bundle.config
    if not stated:
        raise InvalidConfig("config.json was not found beside the weights; it holds the number of heads and senses.")
    require(stated, "The backpack config", "vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "num_senses")
    activation = stated.get("activation_function", "gelu_new")
    if activation != "gelu_new":
        raise InvalidConfig(f"The backpack config says activation_function = {activation!r}; only 'gelu_new' is known.")
    names = {field.name for field in fields(BackpackConfig)} - {"divide_by_senses", "normalise_senses", "tied"}
    known = {name: value for name, value in stated.items() if name in names and value is not None}
    known["layer_norm_epsilon"] = positive(known, "layer_norm_epsilon", 1e-5)
    tensors, unclaimed = rename(bundle.tensors, RULES)
    drop_copy(tensors, "word_embeddings", "encoder.wte.weight")
    drop_copy(tensors, "position_embeddings", "encoder.wpe.weight")
    tied = take_tied_head(tensors, "lm_head.weight", "encoder.wte.weight", notes)
    normalised = "sense_network.ln_2.weight" in tensors
    levanter = stated.get("model_type") == "backpack-gpt2"
    divides = choices.get("divide_by_senses")
    if divides is None:
        divides = levanter and not normalised
    config = BackpackConfig(**known, tied=tied, normalise_senses=normalised, divide_by_senses=bool(divides))
    if config.divide_by_senses:
        notes.append(f"Levanter's variant: the sum over senses is divided by their number, {config.num_senses}.")
    end = stated.get("eos_token_id")
    ends = (end,) if isinstance(end, int) and 0 <= end < config.vocab_size else ()
    return Blueprint(config, tensors, unclaimed, notes, end_ids=ends)


def _both_forms(model: Any) -> tuple[float, float] | None:
    """Nats per token of the form that was read and of the other; None without a tokenizer."""
    network, known = model.network, paragraph_states(model)
    if known is None:
        return None
    ids, states = known
    other = states * network.sense_divisor if network.config.divide_by_senses else states / network.num_senses
    return surprisal(network, ids, states), surprisal(network, ids, other)


def check(model: Any, choices: Mapping[str, Any]) -> list[str]:
    """Whether the division by the number of senses suits the weights: the wrong variant is far off on plain English."""
    network = model.network
    if choices.get("divide_by_senses") is not None or network.config.normalise_senses:
        return []
    found = measured(model, "sum over senses", partial(_both_forms, model))
    if found is None:
        return []
    as_read, as_other = found
    if as_other > as_read - MARGIN:
        return [
            f"Checked on a paragraph of English: {as_read:.2f} nats per token, {as_other:.2f} in the other variant."
        ]
    network.config = replace(network.config, divide_by_senses=not network.config.divide_by_senses)
    return [
        f"On a paragraph of English the form that the config suggests costs {as_read:.2f} nats per token and the other "
        f"{as_other:.2f}, so the other is used (divide_by_senses = {network.config.divide_by_senses})."
    ]


FAMILY = Family(
    name="backpack",
    title="backpack: predictions as an exact sum of sense vectors",
    signs="tensors backpack.sense_weight_net and backpack.sense_network",
    network=Backpack,
    wanted=(
        "config.json", ("model.safetensors", "pytorch_model.bin"), ("tokenizer.json", "vocab.json"), "merges.txt",
    ),
    published={
        "stanfordnlp/backpack-gpt2": Published("16 senses, trained on OpenWebText", 170_083_584),
        "stanford-crfm/levanter-backpack-1b": Published("48 senses, trained on OpenWebText", 1_351_743_936),
    },
    abilities=frozenset({"generate", "senses"}),
    matches=matches,
    read=read,
    choices=frozenset({"divide_by_senses"}),
    tokenizer_files=("tokenizer.json", "vocab.json"),
    end_tokens=("<|endoftext|>",),
    companion=Companion("openai-community/gpt2", 50257),
    check=check,
)  # fmt: skip
