"""shard: `CompactAI-O/Shard-1`. Its key names, rotary pairing and base were never published, so reading is tolerant."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from playground.checkpoints.calibration import mean_surprisal, measured
from playground.checkpoints.families.base import Blueprint, Bundle, Family, Published, positive, require, take_tied_head
from playground.checkpoints.files import read_json
from playground.errors import InvalidConfig, InvalidRequest, TensorMismatch
from playground.networks.shard import Shard, ShardConfig

BASES = (10000.0, 500000.0, 1000000.0)
PAIRINGS = ("interleaved", "half")
TRAINING_KEYS = ("optimizer", "lr_schedule", "z_loss_weight")
CLEARLY_BETTER = 0.1  # nats per token by which a rotary form must beat the default to replace it
CLEARLY_TRAINED = 1.0  # nats per token below chance from which a comparison means something

BUFFER = re.compile(r"rope_.*|cos.*|sin.*|freqs.*|inv_freq.*|.*mask.*")
LAYER = re.compile(r"(?:.*\.)?(?:blocks|layers|h)\.(\d+)\.(.+)")
LAYER_ROLES = {
    "attention.q": "q q_proj wq c_q to_q",
    "attention.k": "k k_proj wk c_k to_k",
    "attention.v": "v v_proj wv c_v to_v",
    "attention.o": "o o_proj wo out out_proj proj c_proj",
    "attention.qkv": "qkv qkv_proj c_attn wqkv",
    "mlp.gate": "gate gate_proj w_gate w1",
    "mlp.up": "up up_proj w_up w3",
    "mlp.down": "down down_proj w_down w2",
    "mlp.gate_up": "gate_up w12 fc",
    "norm1": "norm1 ln1 attn_norm pre_attn_norm input_norm",
    "norm2": "norm2 ln2 mlp_norm ffn_norm pre_ffn_norm",
}
OUTER_ROLES = {
    "embedding": "tok_emb embed embed_tokens wte token_embedding emb",
    "head": "lm_head head output",
    "norm": "norm final_norm norm_f ln_f norm_out",
}


def _by_name(roles: Mapping[str, str]) -> dict[str, str]:
    return {name: role for role, names in roles.items() for name in names.split()}


LAYER_NAMES, OUTER_NAMES = _by_name(LAYER_ROLES), _by_name(OUTER_ROLES)


def matches(bundle: Bundle) -> bool:
    cfg = bundle.content.get("cfg")
    return isinstance(cfg, Mapping) and "dim" in cfg


def role_of(name: str, shape: tuple[int, ...], mlp_hidden: int) -> str | None:
    """The network's parameter (fused ones as ``….qkv`` and ``….gate_up``) that a stored tensor is, or None."""
    leaf = name.removesuffix(".weight").split(".")[-1]
    layer = LAYER.fullmatch(name)
    if layer is None:
        role = OUTER_NAMES.get(leaf)
        return role and f"{role}.weight"
    role = LAYER_NAMES.get(leaf)
    if role == "mlp.up" and shape[:1] == (2 * mlp_hidden,):
        role = "mlp.gate_up"  # the fused form often keeps the name of the half
    return role and f"blocks.{layer[1]}.{role}.weight"


def split_fused(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Views of fused matrices: q, k, v are thirds in this order, gate is the first half of gate and up."""
    separate = {}
    for role, tensor in tensors.items():
        for fused, parts in (("qkv", ("q", "k", "v")), ("gate_up", ("gate", "up"))):
            if role.endswith(f".{fused}.weight") and tensor.dim() == 2 and tensor.shape[0] % len(parts) == 0:
                stem = role.removesuffix(f"{fused}.weight")
                pieces = {f"{stem}{part}.weight": t for part, t in zip(parts, tensor.chunk(len(parts)), strict=True)}
                break
        else:
            pieces = {role: tensor}
        for name, piece in pieces.items():
            if name in separate:
                raise TensorMismatch(
                    f"Two stored tensors both look like {name}; pass tensor_map to say which is which."
                )
            separate[name] = piece
    return separate


def user_map(choice: Any) -> dict[str, str]:
    """The user's ``{stored name: parameter name}``: a mapping, JSON text, or the path of a JSON file."""
    if choice is None:
        return {}
    if isinstance(choice, str | Path) and not str(choice).lstrip().startswith("{"):
        choice = read_json(Path(choice))
    if isinstance(choice, str):
        try:
            choice = json.loads(choice)
        except ValueError as error:
            raise InvalidRequest(f"tensor_map is not valid JSON: {error}.") from None
    if not isinstance(choice, Mapping) or not all(isinstance(x, str) for pair in choice.items() for x in pair):
        raise InvalidRequest("tensor_map must map stored tensor names to parameter names, both as text.")
    return dict(choice)


def frequencies(buffers: Mapping[str, Tensor], count: int) -> tuple[Tensor, float] | None:
    """The ``count`` rotary frequencies, falling, that persisted tables tell, and how exact these are relatively.

    Tables come as frequencies, as angles, or as cosines and sines of angles, each once or twice per position; the
    angles at position 1 are the frequencies.
    """
    named = [
        (name.split(".")[-1], t.float().squeeze(), t.dtype) for name, t in buffers.items() if t.is_floating_point()
    ]
    found = next(((t, dtype) for name, t, dtype in named if name.startswith(("inv_freq", "freqs"))), None)
    if found is not None and found[0].dim() == 2 and len(found[0]) > 1:
        found = (found[0][1], found[1])
    cos = next(((t, dtype) for name, t, dtype in named if "cos" in name), None)
    sin = next(((t, dtype) for name, t, dtype in named if "sin" in name), None)
    paired = cos is not None and sin is not None and cos[0].shape == sin[0].shape
    if found is None and paired and cos[0].dim() == 2 and len(cos[0]) > 1:
        found = (torch.atan2(sin[0][1], cos[0][1]), cos[1])
    if found is None or found[0].dim() != 1:
        return None
    falling = found[0].unique().flip(0)
    if len(falling) != count or not 0.99 < falling[0] < 1.01 or not falling[-1] > 0:
        return None
    return falling, max(torch.finfo(found[1]).eps, 1e-6)


def base_from_buffers(buffers: Mapping[str, Tensor], head_dim: int) -> float | None:
    """The rotary base that persisted tables tell: frequency j is ``base^(-2j / head_dim)``."""
    told = frequencies(buffers, head_dim // 2)
    if told is None or head_dim < 4:
        return None
    falling, exactness = told
    j = max(1, int((falling > 2**-14).sum()) - 1)  # small ones tell most, until 16 bit cannot hold them
    base, exactness = float(falling[j]) ** (-head_dim / (2 * j)), exactness * head_dim / (2 * j)
    # Bases are round numbers, and tables may be in 16 bit: take the roundest that agrees.
    rounded = (float(f"{base:.{digits}g}") for digits in range(1, 8))
    return next((number for number in rounded if abs(math.log(number / base)) < exactness), base)


def first_of(cfg: Mapping[str, Any], *names: str) -> str | None:
    return next((name for name in names if cfg.get(name) is not None), None)


def read(bundle: Bundle, choices: Mapping[str, Any]) -> Blueprint:
    cfg, notes = bundle.content["cfg"], []
    require(cfg, "The shard cfg", "vocab_size", "dim", "n_layers", "n_heads", "mlp_hidden")
    mapped, tensors, buffers, unclaimed = user_map(choices.get("tensor_map")), {}, {}, []
    mlp_hidden = cfg["mlp_hidden"] if isinstance(cfg["mlp_hidden"], int) else 0
    for name, tensor in bundle.tensors.items():
        leaf = name.removesuffix(".weight").split(".")[-1]
        role = mapped.get(name) or role_of(name, tuple(tensor.shape), mlp_hidden)
        if role is None and BUFFER.fullmatch(leaf):
            buffers[name] = tensor
        elif role is None:
            unclaimed.append(name)
        elif role in tensors:
            raise TensorMismatch(f"Two stored tensors both look like {role}; pass tensor_map to say which is which.")
        else:
            tensors[role] = tensor
    if cfg.get("engram_enabled"):
        if any("engram" in name for name in bundle.tensors):
            raise InvalidConfig("This Shard has an engram module (engram_enabled = True), which is not supported.")
        notes.append("The cfg says engram_enabled = True, but no engram tensors are stored; it was ignored.")
    tensors = split_fused(tensors)
    tied = take_tied_head(tensors, "head.weight", "embedding.weight", notes)
    config = ShardConfig(**sizes(cfg), tied=tied)
    config = replace(config, **rotary(cfg, choices, base_from_buffers(buffers, config.head_dim)))
    told = {"step": bundle.content.get("step")} | {name: cfg.get(name) for name in TRAINING_KEYS}
    training = {name: value for name, value in told.items() if isinstance(value, int | float | str)}
    return Blueprint(config, tensors, unclaimed, notes, training)


def sizes(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """The config's sizes under the network's names, checked as far as dividing by them needs."""
    known = {name: cfg[name] for name in ("vocab_size", "dim", "n_layers", "n_heads", "mlp_hidden")}
    if not isinstance(known["n_heads"], int) or known["n_heads"] < 1 or not isinstance(known["dim"], int):
        raise InvalidConfig(f"The shard cfg says n_heads = {known['n_heads']!r} and dim = {known['dim']!r}.")
    known["head_dim"] = cfg.get("head_dim") or known["dim"] // known["n_heads"]
    for name in ("max_seq_len", "attention_pattern", "sliding_window"):
        if cfg.get(name) is not None:
            known[name] = cfg[name]
    eps = first_of(cfg, "norm_eps", "rms_eps", "rms_norm_eps", "eps")
    if eps:
        known["norm_eps"] = positive(cfg, eps, 1e-5)
    if "lm_head_logit_cap" in cfg:
        known["lm_head_logit_cap"] = positive(cfg, "lm_head_logit_cap", 30) if cfg["lm_head_logit_cap"] else 0.0
    return known


def rotary(cfg: Mapping[str, Any], choices: Mapping[str, Any], told: float | None) -> dict[str, Any]:
    """Pairing and base: the user's choice, else what the cfg says or persisted tables ``told``, else the defaults."""
    stated = first_of(cfg, "rope_theta", "rope_base", "rope_freq_base", "theta")
    base = choices.get("rope_base")
    if base is not None:
        base = positive({"rope_base": base}, "rope_base", 0)
    elif stated:
        base = positive(cfg, stated, BASES[0])
    else:
        base = told
    pairing = choices.get("rope_pairing") or PAIRINGS[0]
    return {"rope_base": base or BASES[0], "rope_base_known": base is not None, "rope_pairing": pairing}


def check(model: Any, choices: Mapping[str, Any]) -> list[str]:
    """Choose rotary pairing and base by how well each predicts a paragraph, unless the user or the file fixed them."""
    network, config = model.network, model.network.config
    pairings = [choices["rope_pairing"]] if choices.get("rope_pairing") else PAIRINGS
    bases = [config.rope_base] if config.rope_base_known else BASES
    default = (config.rope_pairing, config.rope_base)
    form = "{0} pairs, base {1:,.0f}".format
    if len(pairings) * len(bases) == 1:
        return [f"Rotary positions: {form(*default)}, as given."]
    scores = {}
    for candidate in ((pairing, base) for pairing in pairings for base in bases):
        network.use_rotary(*candidate)
        scores[candidate] = measured(model, f"rotary {candidate}", partial(mean_surprisal, model))
    network.use_rotary(*default)
    if scores[default] is None:
        return [f"Rotary positions: {form(*default)}, assumed; without a tokenizer nothing could be measured."]
    best = min(scores, key=scores.get)
    chance = math.log(config.vocab_size)
    if scores[best] > chance - CLEARLY_TRAINED:
        return [
            f"Rotary positions: {form(*default)}, assumed; the weights look untrained ({scores[default]:.2f} nats per "
            f"token on a paragraph, chance is {chance:.2f}), so nothing could be measured."
        ]
    if scores[best] < scores[default] - CLEARLY_BETTER:
        network.use_rotary(*best)
        default = best
    others = ", ".join(f"{form(*other)}: {score:.2f}" for other, score in scores.items() if other != default)
    return [f"Rotary positions: {form(*default)}, measured: {scores[default]:.2f} nats per token ({others})."]


FAMILY = Family(
    name="shard",
    title="shard: sliding and global attention in turn",
    signs="a .pt file holding cfg and model",
    network=Shard,
    wanted=("models/model.pt", "models/tokenizer.json"),
    published={"CompactAI-O/Shard-1": Published("Shard-40m-v1, trained on general English", 54_538_752)},
    abilities=frozenset({"generate"}),
    matches=matches,
    read=read,
    choices=frozenset({"rope_pairing", "rope_base", "tensor_map"}),
    tokenizer_files=("tokenizer.json", "models/tokenizer.json"),
    end_tokens=("<|eos|>", "<|im_end|>"),
    check=check,
)
