"""pixel-mae against the numbers that the reference code gave for masked, random, cut and unmasked pictures."""

import dataclasses

import pytest
import torch
from goldens import GOLDEN, tensors

import playground as pg
from playground.networks.pixel_mae import from_patches, sincos_positions, standardise, to_patches

TOLERANCE = 5e-6  # the reference's kernels add in another order; recorded logits have a standard deviation near 1
RATIO = 0.25
PICTURES = ("span", "random", "trunc")


@pytest.fixture(scope="module")
def model():
    return pg.load(GOLDEN / "pixel")


@pytest.fixture(scope="module")
def io():
    recorded = tensors("pixel", "io.safetensors")
    recorded["pixels"] = (recorded["gray_u8"].float() / 255).unsqueeze(1).repeat(1, 3, 1, 1)
    return recorded


def close(found, expected):
    torch.testing.assert_close(found, expected, atol=TOLERANCE, rtol=0)


def shuffled(io, kind):
    """(order of the patches by noise, number kept), from the recorded draw by the published formula."""
    noise = io[f"{kind}.noise"].clone()
    if kind == "random":  # one attended patch is sure to be hidden
        noise[torch.arange(3), (noise * io["attention_mask"]).argmax(1)] = 100.0
    elif kind in ("span", "trunc"):
        noise = io["patch_mask" if kind == "span" else "trunc.patch_mask"] + noise / 100
    ratio = 0.0 if kind == "nomask" else RATIO
    return noise.argsort(1), int(noise.shape[1] * (1 - ratio))


def picture(io, kind):
    if kind != "trunc":
        return io["pixels"], io["attention_mask"]
    return io["pixels"][..., : 16 * io["trunc.mask"].shape[1]], io["trunc.attention_mask"]


def loss(network, io, kind, predicted):
    counted = io[f"{kind}.mask"] * picture(io, kind)[1]
    return ((network.patch_loss(picture(io, kind)[0], predicted) * counted).sum() / counted.sum()).reshape(1)


@pytest.mark.parametrize("kind", [*PICTURES, "nomask"])
def test_noise_gives_the_recorded_order_and_mask(io, kind):
    order, count = shuffled(io, kind)
    assert torch.equal(order.argsort(1), io[f"{kind}.ids_restore"])
    if kind != "nomask":
        mask = torch.ones_like(order).scatter(1, order[:, :count], 0)
        assert torch.equal(mask.float(), io[f"{kind}.mask"])


@pytest.mark.parametrize("kind", PICTURES)
def test_logits_and_loss(model, io, kind):
    order, count = shuffled(io, kind)
    pixels, attention = picture(io, kind)
    with torch.inference_mode():
        in_reference_order = model.network(pixels, attention, order[:, :count])
    close(in_reference_order, io[f"{kind}.logits"])
    predicted = model.predict_patches(pixels, attention, io[f"{kind}.mask"])
    close(predicted, io[f"{kind}.logits"])
    close(loss(model.network, io, kind, predicted), io[f"{kind}.loss"])


def test_loss_with_plain_pixels(model, io):
    assert model.network.config.norm_pix_loss
    other = dataclasses.replace(model.network.config, norm_pix_loss=False)
    network = type(model.network)(other)
    close(loss(network, io, "span", io["span.logits"]), io["span.loss_other_norm_pix"])


def test_encoder_states(model, io):
    order, count = shuffled(io, "span")
    layers, seen = model.network.encoder.layers, []
    hooks = [layer.register_forward_hook(lambda module, given, out: seen.append((given[0], out))) for layer in layers]
    with torch.inference_mode():
        latent = model.network.encode(io["pixels"], io["attention_mask"], order[:, :count])
    for hook in hooks:
        hook.remove()
    close(seen[0][0], io["span.enc_hidden_0"])
    close(seen[0][1], io["span.enc_hidden_1"])
    close(latent, io["span.enc_last_hidden_state"])


def test_encoder_with_nothing_hidden(model, io):
    order, count = shuffled(io, "nomask")
    with torch.inference_mode():
        latent = model.network.encode(io["pixels"], io["attention_mask"], order[:, :count])
        in_order = model.network.encode(io["pixels"], io["attention_mask"], order.sort(1).values)
    close(latent, io["nomask.last_hidden_state"])
    restored = latent[:, 1:].gather(1, io["nomask.ids_restore"].unsqueeze(-1).expand(-1, -1, latent.shape[2]))
    close(in_order[:, 1:], restored)


def test_patches_and_their_statistics(io):
    patches = to_patches(io["pixels"], 16)
    close(patches.mean(-1), io["target_patches_mean"])
    close(patches.var(-1), io["target_patches_var"])
    close(from_patches(io["span.logits"], 16, rows=5), io["span.unpatchified"])
    assert torch.equal(from_patches(patches, 16), io["pixels"])
    plain = standardise(torch.tensor([[0.0, 2.0]]))  # mean 1, unbiased variance 2
    torch.testing.assert_close(plain, torch.tensor([[-1.0, 1.0]]) / (2 + 1e-6) ** 0.5)


def test_stored_position_tables_follow_the_formula(model):
    network = model.network
    for table in (network.encoder.position_embeddings, network.decoder.decoder_pos_embed):
        assert not table[0, 0].any()
        torch.testing.assert_close(table[0], sincos_positions(25, table.shape[2]), atol=1e-6, rtol=0)


def test_every_recorded_tensor_is_compared():
    compared = {"gray_u8", "attention_mask", "patch_mask", "num_text_patches"}
    compared |= {f"{kind}.{name}" for kind in PICTURES for name in ("noise", "mask", "ids_restore", "logits", "loss")}
    compared |= {f"span.{name}" for name in ("enc_hidden_0", "enc_hidden_1", "enc_last_hidden_state", "unpatchified")}
    compared |= {"span.loss_other_norm_pix", "trunc.attention_mask", "trunc.patch_mask"}
    compared |= {"nomask.noise", "nomask.ids_restore", "nomask.last_hidden_state"}
    compared |= {"target_patches_mean", "target_patches_var"}
    assert set(tensors("pixel", "io.safetensors")) == compared


def test_the_attention_mask_covers_text_and_separator(io):
    expected = torch.arange(25) < (io["num_text_patches"] + 1).unsqueeze(1)
    assert torch.equal(expected.to(io["attention_mask"].dtype), io["attention_mask"])
