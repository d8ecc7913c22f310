"""A Llama's GGUF file says the same as the Llama, in llama.cpp's names, order and kinds of numbers."""

import gguf
import numpy as np
import pytest
import torch

from playground.benchmarks.gguf_file import KINDS, write_gguf
from playground.benchmarks.subjects import SUBJECTS, equal_sizes, make_llama

NAMES = {subject.name: subject for subject in SUBJECTS}
EXACT = {"f32": 0.0, "bf16": 2**-8, "q8_0": 2**-7}  # error, as a part of the largest of a block


def llama(**changes):
    """A Llama of three layers whose query heads share keys."""
    from transformers import AutoModelForCausalLM, LlamaConfig

    sizes = {
        "vocab_size": 40, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
        "num_key_value_heads": 2, "intermediate_size": 96, "max_position_embeddings": 77, "tie_word_embeddings": True,
    }  # fmt: skip
    return AutoModelForCausalLM.from_config(LlamaConfig(**sizes | changes))


@pytest.fixture(scope="module")
def peer():
    return llama()


@pytest.fixture
def read(peer, tmp_path):
    def read(kind):
        write_gguf(peer, tmp_path / "file.gguf", kind)
        return gguf.GGUFReader(tmp_path / "file.gguf")

    return read


@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_is_there_in_its_kind(peer, read, kind):
    tensors = {tensor.name: tensor for tensor in read(kind).tensors}
    assert len(tensors) == len(list(peer.parameters())) == 2 + 3 * 9
    plain = {name: weight.detach().numpy() for name, weight in peer.named_parameters()}
    for ours, theirs in (
        ("blk.2.ffn_down", "model.layers.2.mlp.down_proj"), ("blk.0.attn_v", "model.layers.0.self_attn.v_proj"),
        ("blk.1.attn_output", "model.layers.1.self_attn.o_proj"), ("token_embd", "model.embed_tokens"),
        ("blk.1.ffn_norm", "model.layers.1.post_attention_layernorm"), ("output_norm", "model.norm"),
    ):  # fmt: skip
        tensor, weight = tensors[f"{ours}.weight"], plain[f"{theirs}.weight"]
        stored = "F32" if weight.ndim == 1 else KINDS[kind]
        assert tensor.tensor_type.name == stored
        back = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        assert back.shape == weight.shape
        assert np.abs(back - weight).max() <= EXACT[kind] * np.abs(weight).max()


@pytest.mark.parametrize(("name", "heads"), [("q", 4), ("k", 2)])
def test_rotated_rows_stand_in_pairs(peer, read, name, heads):
    (tensor,) = (tensor for tensor in read("f32").tensors if tensor.name == f"blk.1.attn_{name}.weight")
    weight = getattr(peer.model.layers[1].self_attn, f"{name}_proj").weight.detach().numpy()
    for head in range(heads):
        first, second = (weight[16 * head + half : 16 * head + half + 8] for half in (0, 8))
        assert np.array_equal(tensor.data[16 * head : 16 * head + 16 : 2], first)
        assert np.array_equal(tensor.data[16 * head + 1 : 16 * head + 16 : 2], second)


def test_sizes_are_the_models(peer, read):
    fields = {name: field.contents() for name, field in read("q8_0").fields.items()}
    config = peer.config
    assert fields["general.architecture"] == "llama"
    assert fields["tokenizer.ggml.model"] == "none"
    for key, value in {
        "vocab_size": 40, "context_length": 77, "embedding_length": 64, "block_count": 3, "feed_forward_length": 96,
        "attention.head_count": 4, "attention.head_count_kv": 2, "rope.dimension_count": 16,
        "rope.freq_base": config.rope_parameters["rope_theta"],
    }.items():  # fmt: skip
        assert fields[f"llama.{key}"] == value, key
    assert fields["llama.attention.layer_norm_rms_epsilon"] == pytest.approx(config.rms_norm_eps)


def test_16_bit_weights_stay_what_they_are(tmp_path):
    peer = make_llama(equal_sizes(NAMES["shard"].model("tiny", torch.float32).network), torch.bfloat16)
    write_gguf(peer, tmp_path / "file.gguf", "bf16")
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(tmp_path / "file.gguf").tensors}
    tensor, weight = tensors["token_embd.weight"], peer.model.embed_tokens.weight
    assert np.array_equal(gguf.quants.dequantize(tensor.data, tensor.tensor_type), weight.float().numpy())
