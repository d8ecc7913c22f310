"""predict_patches hides exactly the mask, padding stays out of everything, and any patch size and grid works."""

import pytest
import torch
from tiny_networks import pixel_mae

from playground.errors import InvalidConfig, InvalidRequest
from playground.networks.pixel_mae import from_patches, to_patches

SHAPES = {
    "one row of 8": {"image_size": (8, 72), "patch_size": 8},
    "one row of 32": {"image_size": (32, 128), "patch_size": 32},
    "three rows of 4": {"image_size": (12, 20), "patch_size": 4},
    "no biases on q, k, v": {"image_size": (8, 72), "patch_size": 8, "qkv_bias": False},
    "one channel": {"image_size": (8, 72), "patch_size": 8, "num_channels": 1},
}


def picture(network, rows=2, seed=0):
    c = network.config
    return torch.rand(rows, c.num_channels, *c.image_size, generator=torch.Generator().manual_seed(seed))


def with_patch_changed(network, pixels, patch):
    """The picture with other pixels in one patch of every row."""
    c = network.config
    patches = to_patches(pixels, c.patch_size).clone()
    patches[:, patch] = 1 - patches[:, patch]
    return from_patches(patches, c.patch_size, rows=c.image_size[0] // c.patch_size)


@pytest.mark.parametrize("shape", SHAPES)
@torch.inference_mode()
def test_only_hidden_patches_are_hidden(shape):
    """Patch by patch: hidden pixels change nothing, visible attended ones do, padding changes only itself."""
    network = pixel_mae(**SHAPES[shape])
    count = network.config.num_patches
    pixels = picture(network)
    hidden, padding = [1, 2, count - 2], [count - 1]
    mask, attention = torch.zeros(2, count), torch.ones(2, count)
    mask[:, hidden], attention[:, padding] = 1, 0
    usual = network.predict_patches(pixels, attention, mask)
    assert usual.shape == (2, count, network.config.patch_values)
    for patch in range(count):
        changed = network.predict_patches(with_patch_changed(network, pixels, patch), attention, mask)
        difference = (changed - usual).abs().amax((0, 2))
        if patch in hidden:
            assert not difference.any()
        elif patch in padding:
            assert difference[padding].min() > 1e-3
            assert difference[:-1].max() < 1e-6
        else:
            assert difference[attention[0] == 1].min() > 1e-5


@torch.inference_mode()
def test_rows_may_hide_different_numbers_of_patches():
    network = pixel_mae()
    pixels = picture(network, rows=4)
    attention = torch.ones(4, 9)
    mask = torch.zeros(4, 9)
    mask[0, :3], mask[1, 8], mask[2, :] = 1, 1, 1
    together = network.predict_patches(pixels, attention, mask)
    for row in range(4):
        one = slice(row, row + 1)
        alone = network.predict_patches(pixels[one], attention[one], mask[one])
        torch.testing.assert_close(together[one], alone, atol=1e-5, rtol=0)
    other = picture(network, rows=4, seed=9)
    assert torch.equal(network.predict_patches(other, attention, mask)[2], together[2])  # everything is hidden
    assert not torch.equal(network.predict_patches(other, attention, mask)[1], together[1])


@torch.inference_mode()
def test_the_order_of_kept_patches_does_not_matter():
    network = pixel_mae()
    pixels, attention, kept = picture(network), torch.ones(2, 9), torch.tensor([[7, 0, 4], [1, 8, 2]])
    found = network(pixels, attention, kept)
    mask = torch.ones(2, 9).scatter(1, kept, 0)
    torch.testing.assert_close(network.predict_patches(pixels, attention, mask), found, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", [torch.bool, torch.uint8, torch.int64, torch.float32])
@torch.inference_mode()
def test_masks_may_have_any_dtype(kind):
    network = pixel_mae()
    attention, mask = torch.ones(2, 9), (torch.arange(9) % 3 == 0).repeat(2, 1)
    expected = network.predict_patches(picture(network), attention, mask.float())
    assert torch.equal(network.predict_patches(picture(network), attention.to(kind), mask.to(kind)), expected)


@torch.inference_mode()
def test_a_shorter_picture_uses_the_first_rows_of_the_position_tables():
    network, shorter = pixel_mae(), pixel_mae(image_size=(8, 40))
    state = network.state_dict()
    for name in ("encoder.position_embeddings", "decoder.decoder_pos_embed"):
        state[name] = state[name][:, :6]
    shorter.load_state_dict(state)
    pixels, attention, mask = picture(network)[..., :40], torch.ones(2, 5), torch.tensor([[0.0, 1, 0, 0, 1]] * 2)
    expected = shorter.predict_patches(pixels, attention, mask)
    torch.testing.assert_close(network.predict_patches(pixels, attention, mask), expected, atol=1e-6, rtol=0)


def test_patches_run_left_to_right_then_down_with_the_channel_fastest():
    pixels = torch.arange(2 * 3 * 4 * 6.0).view(2, 3, 4, 6)
    patches = to_patches(pixels, 2)
    assert patches.shape == (2, 6, 12)
    for index, (row, column) in enumerate((r, c) for r in range(2) for c in range(3)):
        for position, (y, x, channel) in enumerate((y, x, c) for y in range(2) for x in range(2) for c in range(3)):
            assert patches[1, index, position] == pixels[1, channel, 2 * row + y, 2 * column + x]
    assert torch.equal(from_patches(patches, 2, rows=2), pixels)


@pytest.mark.parametrize(
    ("pixels", "attention", "mask", "said"),
    [
        (torch.zeros(1, 3, 8, 70), torch.ones(1, 9), torch.zeros(1, 9), "(1, 3, 8, 70)"),
        (torch.zeros(1, 1, 8, 72), torch.ones(1, 9), torch.zeros(1, 9), "(1, 1, 8, 72)"),
        (torch.zeros(3, 8, 72), torch.ones(1, 9), torch.zeros(1, 9), "(3, 8, 72)"),
        (torch.zeros(0, 3, 8, 72), torch.ones(0, 9), torch.zeros(0, 9), "(0, 3, 8, 72)"),
        (torch.zeros(1, 3, 8, 80), torch.ones(1, 10), torch.zeros(1, 10), "10 patches"),
        (torch.zeros(1, 3, 8, 72), torch.ones(1, 8), torch.zeros(1, 9), "attention_mask has shape (1, 8)"),
        (torch.zeros(1, 3, 8, 72), torch.ones(1, 9), torch.zeros(2, 9), "mask has shape (2, 9)"),
        (torch.zeros(1, 3, 8, 72), torch.ones(1, 9), torch.full((1, 9), 0.5), "only 0 and 1"),
        (torch.zeros(1, 3, 8, 72), torch.full((1, 9), float("nan")), torch.zeros(1, 9), "only 0 and 1"),
    ],
)
def test_what_does_not_belong_together_is_refused(pixels, attention, mask, said):
    with pytest.raises(InvalidRequest) as refusal:
        pixel_mae().predict_patches(pixels, attention, mask)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hidden_size": 25}, "multiple of"),
        ({"image_size": (8, 70)}, "70"),
        ({"image_size": (0, 72)}, "image_height = 0"),
        ({"patch_size": -8}, "patch_size = -8"),
        ({"num_hidden_layers": 10**9}, "1,024"),
        ({"hidden_act": "relu"}, "'relu'"),
        ({"num_channels": 2.0}, "num_channels = 2.0"),
        ({"mask_ratio": 1.5}, "mask_ratio = 1.5"),
        ({"mask_ratio": "most"}, "mask_ratio = 'most'"),
        ({"norm_pix_loss": "yes"}, "norm_pix_loss = 'yes'"),
    ],
)
def test_impossible_configs_are_refused(changes, said):
    with pytest.raises(InvalidConfig) as refusal:
        pixel_mae(**changes)
    assert said in str(refusal.value)
