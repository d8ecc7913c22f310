"""A transformers Llama as a GGUF file, which is what llama.cpp reads; written with the package ``gguf``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

KINDS = {"f32": "F32", "bf16": "BF16", "q8_0": "Q8_0"}  # of weights, by llama.cpp's name
BLOCK = 32  # weights that share a factor in q8_0
LAYER = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip
AROUND = {"embed_tokens": "token_embd", "norm": "output_norm"}  # the head is the embedding


def write_gguf(peer: nn.Module, path: Path, kind: str) -> None:
    """Write ``peer``, a LlamaForCausalLM whose head is its embedding, with matrices of ``kind``, one of ``KINDS``.

    The file has no vocabulary: tokens go in and out as numbers.
    """
    import gguf

    config, stored = peer.config, getattr(gguf.GGMLQuantizationType, KINDS[kind])
    writer = gguf.GGUFWriter(path, "llama")
    try:
        writer.add_name("random weights")
        writer.add_vocab_size(config.vocab_size)
        writer.add_tokenizer_model("none")
        writer.add_context_length(config.max_position_embeddings)
        writer.add_embedding_length(config.hidden_size)
        writer.add_block_count(config.num_hidden_layers)
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count(config.num_attention_heads)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_file_type(getattr(gguf.LlamaFileType, {"f32": "ALL_F32"}.get(kind, f"MOSTLY_{KINDS[kind]}")))
        for name, weight in tensors(peer):
            if weight.ndim == 1 or kind == "f32":  # norms are always in float32
                writer.add_tensor(name, weight)
            else:
                writer.add_tensor(name, gguf.quants.quantize(weight, stored), raw_dtype=stored)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def tensors(peer: nn.Module) -> Iterator[tuple[str, np.ndarray]]:
    """llama.cpp's names of the weights, and float32 arrays as it wants them."""
    config: Any = peer.config
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    for name, weight in peer.model.named_parameters():
        name = name.removesuffix(".weight")
        if name in AROUND:
            yield f"{AROUND[name]}.weight", _array(weight)
            continue
        _, number, inner = name.split(".", 2)
        own = LAYER[inner]
        yield f"blk.{number}.{own}.weight", _array(_paired(weight, heads[own]) if own in heads else weight)


def _paired(weight: Tensor, heads: int) -> Tensor:
    """Rows in llama.cpp's order: it rotates neighbours, transformers the two halves of a head."""
    return weight.unflatten(0, (heads, 2, -1)).transpose(1, 2).reshape(weight.shape)


def _array(weight: Tensor) -> np.ndarray:
    return weight.detach().float().contiguous().numpy()
