"""Our networks against the transformers library's, wherever it knows the same architecture."""

import pytest
import torch
from tiny_networks import BACKPACK, PIXEL_LM, PIXEL_MAE, SHARD, language, randomised
from transformers import GPT2Config, GPT2Model, LlamaConfig, LlamaForCausalLM, ViTMAEConfig, ViTMAEForPreTraining

from playground.networks.pixel_lm import PixelLM, PixelLMConfig
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig
from playground.networks.shard import Shard, ShardConfig


def close(found, expected):
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-5)


def fill(theirs, weights):
    """Give ``weights`` to their module, every one of its parameters."""
    missing, unexpected = theirs.load_state_dict(weights, strict=False)
    assert not unexpected
    assert not {name for name in missing if name in dict(theirs.named_parameters())}
    return theirs.eval()


def halves(weight, heads):
    """Reorder the rows of each head from adjacent pairs (0, 1), (2, 3), … to pairs (j, j + half)."""
    rows = weight.unflatten(0, (heads, -1))
    return torch.cat((rows[:, 0::2], rows[:, 1::2]), dim=1).flatten(0, 1)


def llama(vocabulary, width, layers, heads, shared, inner, base, tied):
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
        num_key_value_heads=shared, intermediate_size=inner, max_position_embeddings=256, rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": base}, tie_word_embeddings=tied,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    return LlamaForCausalLM(config)


@pytest.mark.parametrize("tied", [True, False])
@torch.inference_mode()
def test_pixel_lm_is_a_llama_with_other_pairs(tied):
    ours = randomised(PixelLM(PixelLMConfig(**PIXEL_LM, rope_base=10000.0, tie_word_embeddings=tied)))
    weights = {}
    for name, parameter in ours.named_parameters():
        theirs = name if name.startswith("lm_head") else f"model.{name}"
        for mine, their in (
            ("norm1", "input_layernorm"), ("norm2", "post_attention_layernorm"), ("attention.", "self_attn."),
            ("feed_forward.gate", "mlp.gate_proj"), ("feed_forward.up", "mlp.up_proj"),
            ("feed_forward.down", "mlp.down_proj"),
        ):  # fmt: skip
            theirs = theirs.replace(mine, their)
        heads = {"q_proj": 6, "k_proj": 2}.get(theirs.split(".")[-2])
        weights[theirs] = halves(parameter, heads) if heads else parameter
    if tied:
        weights["lm_head.weight"] = ours.embed_tokens.weight
    theirs = fill(llama(97, 48, 4, 6, 2, 40, 10000.0, tied), weights)
    ids = torch.randint(97, (2, 60))
    close(ours(ids), theirs(ids).logits)


@torch.inference_mode()
def test_shard_with_half_pairs_and_global_attention_is_a_llama():
    config = ShardConfig(
        **SHARD, attention_pattern="all_global", rope_pairing="half", rope_base=500000.0, lm_head_logit_cap=0.0
    )
    ours = randomised(Shard(config))
    weights = {"model.embed_tokens.weight": ours.embedding.weight, "lm_head.weight": ours.embedding.weight}
    weights["model.norm.weight"] = ours.norm.weight
    for i, block in enumerate(ours.blocks):
        stem = f"model.layers.{i}."
        weights |= {f"{stem}self_attn.{x}_proj.weight": getattr(block.attention, x).weight for x in "qkvo"}
        weights |= {f"{stem}mlp.{x}_proj.weight": getattr(block.mlp, x).weight for x in ("gate", "up", "down")}
        weights[f"{stem}input_layernorm.weight"] = block.norm1.weight
        weights[f"{stem}post_attention_layernorm.weight"] = block.norm2.weight
    theirs = fill(llama(89, 32, 5, 4, 4, 40, 500000.0, True), weights)
    ids = torch.randint(89, (2, 60))
    expected = theirs(ids).logits
    close(ours(ids), expected)
    capped = Shard(ShardConfig(**SHARD, attention_pattern="all_global", rope_pairing="half", rope_base=500000.0))
    capped.load_state_dict(ours.state_dict())
    close(capped(ids), 30 * torch.tanh(expected / 30))


@pytest.mark.parametrize("inverse", [True, False])
@torch.inference_mode()
def test_the_backpack_encoder_is_a_gpt2(inverse):
    ours = language("backpack")
    if not inverse:
        for block in ours.encoder.h:
            block.attn.scale = (BACKPACK["n_embd"] // BACKPACK["n_head"]) ** -0.5
    sizes = {name: BACKPACK[name] for name in ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head")}
    theirs = fill(
        GPT2Model(GPT2Config(**sizes, scale_attn_by_inverse_layer_idx=inverse, attn_implementation="eager")),
        dict(ours.encoder.named_parameters()),
    )
    ids = torch.randint(83, (2, 50))
    close(ours.encoder(ids, 0, [None] * 3), theirs(ids).last_hidden_state)


@pytest.mark.parametrize("biased", [True, False])
@torch.inference_mode()
def test_pixel_mae_on_a_square_with_everything_attended_is_a_vit_mae(biased):
    """At norms of 1e-5 throughout: only PIXEL's last norm ignores the config."""
    changes = {"image_size": (32, 32), "qkv_bias": biased, "layer_norm_eps": 1e-5}
    ours = randomised(PixelMAE(PixelMAEConfig(**PIXEL_MAE | changes)))
    theirs = ViTMAEForPreTraining(
        ViTMAEConfig(**PIXEL_MAE | changes | {"image_size": 32}, mask_ratio=0.5, attn_implementation="eager")
    )
    weights = {}
    for name, parameter in ours.named_parameters():
        for mine, their in (
            (".attention.query", ".attention.q_proj"), (".attention.key", ".attention.k_proj"),
            (".attention.value", ".attention.v_proj"), (".attention.output", ".attention.o_proj"),
            (".intermediate.", ".mlp.fc1."), (".output.", ".mlp.fc2."),
            ("encoder.cls", "vit.embeddings.cls"), ("encoder.position", "vit.embeddings.position"),
            ("encoder.projection", "vit.embeddings.patch_embeddings.projection"),
            ("encoder.layer", "vit.layer"),
        ):  # fmt: skip
            name = name.replace(mine, their)
        weights[name] = parameter
    known = dict(theirs.named_parameters())
    assert {name: tuple(tensor.shape) for name, tensor in weights.items()} == {
        name: tuple(tensor.shape) for name, tensor in known.items()
    }
    fill(theirs, weights)
    pixels, noise = torch.rand(2, 3, 32, 32), torch.rand(2, 16)
    expected = theirs(pixels, noise=noise)
    everything = torch.ones(2, 16)
    close(ours.predict_patches(pixels, everything, expected.mask), expected.logits)
    assert not theirs.config.norm_pix_loss
    plain = PixelMAE(PixelMAEConfig(**PIXEL_MAE | changes, norm_pix_loss=False))
    losses = plain.patch_loss(pixels, expected.logits)
    close((losses * expected.mask).sum() / expected.mask.sum(), expected.loss)
