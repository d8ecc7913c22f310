"""pixel-mae: the published layout, biases that only the weights tell, cut pictures, descendants, bad configs."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from checkpoint_files import change_json, change_pt, close, renamed
from safetensors.torch import save_file

import playground as pg
from playground.benchmarks.random_checkpoint import write_checkpoint
from playground.errors import InvalidConfig, InvalidRequest, TensorMismatch
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig, sincos_positions

FONT = Path(__file__).resolve().parents[2] / "assets" / "fonts" / "DejaVuSansMono.ttf"


@pytest.fixture
def folder(tmp_path):
    write_checkpoint("pixel-base", tmp_path)
    return tmp_path


def change(folder, edit):
    change_pt(folder / "pytorch_model.bin", edit)


def predict(model):
    c = model.network.config
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(2, c.num_channels, *c.image_size, generator=generator)
    mask = (torch.arange(c.num_patches) % 3 == 1).repeat(2, 1)
    return model.predict_patches(pixels, torch.ones(2, c.num_patches), mask)


def expected(folder, **changes):
    """Predictions of a network filled by hand."""
    config = json.loads((folder / "config.json").read_text())
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "decoder_hidden_size",
             "decoder_num_hidden_layers", "decoder_num_attention_heads", "decoder_intermediate_size", "patch_size",
             "num_channels", "qkv_bias", "layer_norm_eps")  # fmt: skip
    sizes = {name: config[name] for name in names} | {"image_size": tuple(config["image_size"])} | changes
    network = PixelMAE(PixelMAEConfig(**sizes))
    network.load_state_dict(
        renamed(
            torch.load(folder / "pytorch_model.bin", weights_only=True),
            ("attention.output.dense", "attention.output"), ("attention.attention", "attention"),
            ("intermediate.dense", "intermediate"), ("output.dense", "output"), ("vit.encoder.layer", "vit.layers"),
            ("vit.embeddings.patch_embeddings", "encoder"), ("vit.embeddings", "encoder"), ("vit.", "encoder."),
        )
    )  # fmt: skip
    model = type("Filled", (), {"network": network, "predict_patches": network.predict_patches})
    with torch.inference_mode():
        return predict(model)


def test_the_published_layout(folder):
    model = pg.load(folder)
    close(predict(model), expected(folder))
    assert model.card.family == "pixel-mae"
    assert model.card.abilities == ("reconstruct",)
    assert (model.card.context_length, model.card.vocabulary, model.tokenizer) == (9, None, None)
    assert ("Context", "9 patches") in model.card.lines()
    for table in (model.network.encoder.position_embeddings, model.network.decoder.decoder_pos_embed):
        torch.testing.assert_close(table[0], sincos_positions(9, table.shape[2]), atol=1e-6, rtol=0)


def test_as_safetensors_it_is_the_same(folder):
    reference = predict(pg.load(folder))
    save_file(torch.load(folder / "pytorch_model.bin", weights_only=True), folder / "model.safetensors")
    (folder / "pytorch_model.bin").unlink()
    close(predict(pg.load(folder)), reference)


@pytest.mark.parametrize(
    "changes",
    [
        {"qkv_bias": False}, {"patch_size": 4, "image_size": [12, 20]}, {"patch_size": 32, "image_size": [32, 128]},
        {"num_channels": 1}, {"layer_norm_eps": 1e-3},
    ],
)  # fmt: skip
def test_other_sizes_and_options(tmp_path, changes):
    write_checkpoint("pixel-base", tmp_path, **changes)
    close(predict(pg.load(tmp_path)), expected(tmp_path))


def test_the_weights_tell_whether_there_are_biases(tmp_path):
    write_checkpoint("pixel-base", tmp_path, qkv_bias=False)
    reference = expected(tmp_path)
    change_json(tmp_path / "config.json", qkv_bias=True)
    model = pg.load(tmp_path)
    close(predict(model), reference)
    assert "qkv_bias = True, the weights say False" in model.card.notes[0]


def test_old_revisions_call_themselves_vit_mae(folder):
    reference = predict(pg.load(folder))
    change_json(folder / "config.json", model_type="vit_mae", interpolate_pos_encoding=False, finetuning_task="x")
    close(predict(pg.load(folder)), reference)


def test_a_picture_cut_shorter_has_shorter_tables(folder):
    def cut(tensors):
        for name in ("vit.embeddings.position_embeddings", "decoder.decoder_pos_embed"):
            tensors[name] = tensors[name][:, :6].clone()

    change(folder, cut)
    with pytest.raises(TensorMismatch, match=r"position_embeddings \(1, 6, 24\) instead of \(1, 10, 24\)"):
        pg.load(folder)
    change_json(folder / "config.json", image_size=[8, 40])
    close(predict(pg.load(folder)), expected(folder))


def test_missing_keys_of_the_config_take_the_published_values(folder):
    for key in ("num_channels", "layer_norm_eps", "hidden_act", "mask_ratio", "norm_pix_loss", "qkv_bias"):
        change_json(folder / "config.json", **{key: ...})
    config = pg.load(folder).network.config
    assert (config.mask_ratio, config.norm_pix_loss, config.layer_norm_eps, config.qkv_bias) == (
        0.25,
        True,
        1e-12,
        True,
    )


def test_a_descendant_without_decoder_is_named(folder):
    change(
        folder, lambda tensors: {name: tensor for name, tensor in tensors.items() if not name.startswith("decoder.")}
    )
    with pytest.raises(TensorMismatch, match="decoder"):
        pg.load(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hidden_size", -24), ("hidden_size", 2**40), ("hidden_size", 24.0), ("hidden_size", "24"),
        ("hidden_size", []), ("num_attention_heads", 0), ("num_attention_heads", 5), ("num_hidden_layers", 10**9),
        ("decoder_num_attention_heads", 3), ("decoder_hidden_size", 0), ("patch_size", 0), ("patch_size", 7),
        ("patch_size", 2**62), ("num_channels", -3), ("image_size", 0), ("image_size", [8]), ("image_size", [8, 72, 1]),
        ("image_size", "big"), ("image_size", [8, -72]), ("image_size", [8, 2**60]), ("image_size", [[8], 72]),
        ("image_size", [8, 72.5]), ("image_size", {}), ("layer_norm_eps", -1), ("layer_norm_eps", "x"),
        ("hidden_act", "relu"), ("intermediate_size", 0), ("mask_ratio", -1), ("mask_ratio", "x"),
        ("norm_pix_loss", 3),
    ],
)  # fmt: skip
def test_impossible_configs_are_refused(folder, key, value):
    change_json(folder / "config.json", **{key: value})
    with pytest.raises(InvalidConfig, match=r"image_|" + key):
        pg.load(folder)


@pytest.mark.parametrize("size", [2**20, 2**19 + 1])
def test_a_huge_but_allowed_picture_meets_the_stored_tables(folder, size):
    change_json(folder / "config.json", image_size=[8, 8 * (size // 8)])
    with pytest.raises(TensorMismatch, match="misshapen"):
        pg.load(folder)


def test_without_a_config_it_says_so(folder):
    (folder / "config.json").unlink()
    with pytest.raises(InvalidConfig, match=r"config\.json was not found"):
        pg.load(folder)


def test_a_square_picture_may_be_given_as_one_number(tmp_path):
    write_checkpoint("pixel-base", tmp_path, image_size=[32, 32])
    reference = predict(pg.load(tmp_path))
    change_json(tmp_path / "config.json", image_size=32)
    close(predict(pg.load(tmp_path)), reference)


def declare_grid(folder, **changes):
    shutil.copyfile(FONT, folder / FONT.name)
    stated = {"style": "grid", "font_file": FONT.name, "max_seq_length": 9, "pixels_per_patch": 8}
    stated |= {"font_size": 6, "base_line": 6} | changes
    (folder / "text_renderer_config.json").write_text(json.dumps(stated))


def test_a_declared_grid_draws_text(folder):
    declare_grid(folder)
    model = pg.load(folder)
    strip = pg.render(model, "Hello, you!")
    assert strip.pixels.shape == (8, 8 * 9)
    assert strip.num_text_patches == 6
    assert strip.attention_mask.tolist() == [1] * 7 + [0, 0]
    assert not any("drawn" in note for note in model.card.notes)
    pixels = torch.from_numpy(strip.pixels.copy()).float().expand(1, 3, -1, -1) / 255
    mask = torch.zeros(1, 9)
    mask[0, 2] = 1
    assert model.predict_patches(pixels, torch.from_numpy(strip.attention_mask)[None], mask).shape == (1, 9, 192)


def published(folder, **changes):
    """A tiny checkpoint with the published patches and the published renderer's settings."""
    write_checkpoint("pixel-base", folder, patch_size=16, image_size=[16, 16 * 9])
    stated = {
        "background_color": "white", "dpi": 120, "font_color": "black", "font_file": "GoNotoCurrent.ttf",
        "font_size": 8, "max_seq_length": 9, "pad_size": 3, "pixels_per_patch": 16,
        "text_renderer_type": "TextRenderer",
    }  # fmt: skip
    (folder / "text_renderer_config.json").write_text(json.dumps(stated | changes))


def test_the_published_style_draws_text_with_the_checkpoints_font(tmp_path):
    published(tmp_path)
    shutil.copyfile(FONT.with_name("NotoSans-Regular.ttf"), tmp_path / "GoNotoCurrent.ttf")
    model = pg.load(tmp_path)
    strip = pg.render(model, "Hello, world!")
    assert (model.renderer.style, strip.num_text_patches, strip.notes) == ("pixel", 5, ())
    assert not any("font" in note for note in model.card.notes)
    assert pg.render(model, ("I", "am")).separators == (1, 4)


def test_another_font_is_told_where_the_checkpoints_is_missing(tmp_path):
    published(tmp_path)
    model = pg.load(tmp_path)
    assert any("GoNotoCurrent.ttf was not found" in note for note in model.card.notes)
    assert "GoNotoCurrent.ttf is not here" in pg.render(model, "Hello").notes[0]


def test_longer_strips_than_the_network_reads_are_cut(tmp_path):
    published(tmp_path, max_seq_length=529)
    model = pg.load(tmp_path)
    assert pg.render(model, "Hello").num_patches == 9
    assert any("529" in note and "reads 9" in note for note in model.card.notes)


def test_other_patches_than_the_networks_are_refused(tmp_path):
    published(tmp_path, pixels_per_patch=32)
    with pytest.raises(InvalidConfig, match="at most 9 of 16"):
        pg.load(tmp_path)


def test_without_a_declaration_the_published_style_is_taken_for_published_patches(tmp_path):
    published(tmp_path)
    (tmp_path / "text_renderer_config.json").unlink()
    model = pg.load(tmp_path)
    assert any("drawn as for Team-PIXEL/pixel-base" in note for note in model.card.notes)
    assert pg.render(model, "Hello").num_patches == 9


def test_an_unknown_declaration_is_not_guessed(tmp_path):
    published(tmp_path, text_renderer_type="SomebodysRenderer")
    assert pg.load(tmp_path).renderer is None


@pytest.mark.parametrize("changes", [{"max_seq_length": 10}, {"pixels_per_patch": 16}])
def test_strips_that_do_not_fit_the_network_are_refused(folder, changes):
    declare_grid(folder, **changes)
    with pytest.raises(InvalidConfig, match="at most 9 of 8"):
        pg.load(folder)


def test_models_without_a_known_way_of_drawing_say_so(folder):
    model = pg.load(folder)
    assert any("text cannot be drawn" in note for note in model.card.notes)
    with pytest.raises(InvalidRequest, match="no known style"):
        pg.render(model, "Hello")
    with pytest.raises(InvalidRequest, match="demo-shard reads tokens"):
        pg.render(pg.load("demo-shard"), "Hello")
