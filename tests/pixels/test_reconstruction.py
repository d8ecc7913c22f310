"""Reconstructions beside the published model's numbers and beside a pass over the whole row."""

import json

import numpy as np
import pytest
from goldens import GOLDEN, tensors
from patch_models import make_model, whole_row

import playground as pg
from playground.errors import InvalidRequest, PlaygroundError
from playground.pixels.masking import KINDS, MaskOptions, draw_mask
from playground.pixels.reconstruction import computed_patches, how_much, reconstruct
from playground.text.rendering import Strip

SENTENCE = "Cats conserve energy by sleeping more than most animals, especially as they grow older."


@pytest.fixture(scope="module")
def model():
    return make_model()


def test_numbers_are_those_of_the_published_model():
    io, model = tensors("pixel", "io.safetensors"), pg.load(GOLDEN / "pixel")
    errors = []
    for row in range(3):
        attention = io["attention_mask"][row].numpy().astype(np.uint8)
        strip = Strip(io["gray_u8"][row].numpy(), int(io["num_text_patches"][row]), attention, "")
        result = pg.reconstruct(model, strip, io["span.mask"][row].numpy())
        attended = attention == 1
        np.testing.assert_allclose(result.prediction[attended], io["span.logits"][row].numpy()[attended], atol=2e-5)
        assert np.array_equal(result.hidden, np.flatnonzero(attention * io["span.mask"][row].numpy()))
        errors += result.error[result.hidden].tolist()
        assert result.standardised
    assert np.mean(errors) == pytest.approx(io["span.loss"].item(), abs=1e-5)


@pytest.mark.parametrize("over", ["text", "row"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_result_is_that_of_the_whole_row(model, kind, over):
    strip = pg.render(model, SENTENCE)
    if kind == "words" and over == "row":
        over = "text"
    result = reconstruct(model, strip, MaskOptions(0.25, kind, 3, over, patches=(0, 4, 5, 34)))
    full = whole_row(model, strip, result.mask)
    attended = strip.attention_mask == 1
    np.testing.assert_allclose(result.prediction[attended], full[attended], atol=1e-4, rtol=0)
    assert not result.prediction[~attended].any()
    assert np.isnan(result.error[~attended]).all()
    assert np.array_equal(result.mask, draw_mask(strip, MaskOptions(0.25, kind, 3, over, patches=(0, 4, 5, 34))))


@pytest.mark.parametrize("text", ["", "a", ("one", "two"), ["a", "few", "words"], SENTENCE * 20])
def test_any_strip_is_that_of_the_whole_row(model, text):
    strip = pg.render(model, text)
    result = reconstruct(model, strip, MaskOptions(0.3, "random"))
    attended = strip.attention_mask == 1
    full = whole_row(model, strip, result.mask)[attended]
    np.testing.assert_allclose(result.prediction[attended], full, atol=1e-4, rtol=0)
    assert result.loss > 0


def test_only_patches_that_can_matter_are_computed(model, monkeypatch):
    widths = []
    predict = model.network.predict_patches
    monkeypatch.setattr(model.network, "predict_patches", lambda p, a, m: widths.append(p.shape[3]) or predict(p, a, m))
    strip = pg.render(model, SENTENCE)
    reconstruct(model, strip)
    assert widths == [16 * 36]
    assert computed_patches(strip) == 36


@pytest.mark.parametrize("norm", [True, False])
def test_errors_and_loss_follow_their_formula(norm):
    model = make_model(norm_pix_loss=norm, image_size=(16, 16 * 40))
    strip = pg.render(model, "A few words of text")
    result = reconstruct(model, strip, MaskOptions(0.5, "random"))
    losses = []
    for patch in range(computed_patches(strip)):
        grey = strip.pixels[:, 16 * patch : 16 * patch + 16].astype(np.float64) / 255
        target = np.repeat(grey.reshape(-1), 3)
        if norm:
            target = (target - target.mean()) / np.sqrt(target.var(ddof=1) + 1e-6)
        error = ((result.prediction[patch].astype(np.float64) - target) ** 2).mean()
        assert result.error[patch] == pytest.approx(error, rel=1e-3, abs=1e-4)
        losses += [error] if result.mask[patch] else []
    assert result.loss == pytest.approx(np.mean(losses), rel=1e-3)
    assert len(losses) == len(result.hidden) > 2


def test_sixteen_bit_models_work():
    model = make_model(image_size=(16, 640))
    exact = reconstruct(model, pg.render(model, "Hello, you!"))
    model.network.bfloat16()
    rough = reconstruct(model, pg.render(model, "Hello, you!"))
    assert rough.prediction.dtype == np.float32
    assert rough.loss == pytest.approx(exact.loss, rel=0.1)


def test_nothing_hidden_has_no_loss(model):
    strip = pg.render(model, "Hello")
    for options in (MaskOptions(0), MaskOptions(kind="manual"), MaskOptions(kind="manual", patches=(400,))):
        result = reconstruct(model, strip, options)
        assert result.loss is None
        assert "Nothing of the text is hidden" in result.notes[-1]
        for picture in (result.original, result.masked, result.on_the_page):
            assert np.array_equal(picture, strip.pixels)
        assert json.loads(json.dumps(result.as_json(), allow_nan=False))["loss"] is None


def test_all_hidden_is_fine(model):
    result = reconstruct(model, pg.render(model, "Hello"), MaskOptions(1, "random"))
    assert result.hidden.tolist() == list(range(result.strip.num_text_patches))
    assert np.isfinite(result.loss)


def test_spans_that_find_no_room_are_noted(model):
    result = reconstruct(model, pg.render(model, SENTENCE), MaskOptions(0.9))
    assert f"hide {int(result.mask.sum())} of the 32 patches" in result.notes[-1]
    assert reconstruct(model, pg.render(model, SENTENCE), MaskOptions(0.9, spacing=0)).notes == ()


def test_the_run_as_plain_data(model):
    strip = pg.render(model, "Hello, you! 你")
    result = reconstruct(model, strip, MaskOptions(0.5, "random"))
    document = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert document["hidden"] == result.hidden.tolist() == document["mask"]
    assert document["error"] == pytest.approx(result.error[result.hidden].tolist(), abs=1e-6)
    assert document["loss"] == result.loss
    assert document["notes"] == list(strip.notes)
    assert document["text"] == "Hello, you! 你"
    assert document["separators"] == [strip.num_text_patches] == [document["patches"]]


def test_what_does_not_belong_together_is_refused(model):
    strip = pg.render(model, "Hello")
    with pytest.raises(InvalidRequest, match="demo-shard reads tokens, not pictures"):
        pg.reconstruct(pg.load("demo-shard"), strip)
    with pytest.raises(InvalidRequest, match="A strip is needed, not str"):
        reconstruct(model, "Hello")
    small = make_model(image_size=(16, 64))
    with pytest.raises(InvalidRequest, match="at most 4 of 16"):
        reconstruct(small, pg.render(model, SENTENCE))
    with pytest.raises(InvalidRequest, match="of 8"):
        reconstruct(
            make_model(
                image_size=(8, 72),
                patch_size=8,
            ),
            strip,
        )
    with pytest.raises(InvalidRequest, match="nothing to read"):
        reconstruct(model, Strip(strip.pixels, 1, np.zeros(529, np.uint8), ""))
    for mask in (np.zeros(5), np.full(529, 2), "mask", None, [[1], [1, 2]], np.zeros((529, 1))):
        with pytest.raises(InvalidRequest, match="529 zeros and ones"):
            reconstruct(model, strip, mask)


def test_predictions_that_are_no_numbers_are_told():
    broken = make_model(image_size=(16, 640))
    broken.network.decoder.decoder_pred.bias[3] = float("nan")
    with pytest.raises(PlaygroundError, match="not finite"):
        reconstruct(broken, pg.render(broken, "some text"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (MaskOptions(kind="manual", patches=(0, 3)), "2 of the text's 8 patches are hidden (25% of the text)."),
        (MaskOptions(kind="manual", patches=(2,)), "1 of the text's 8 patches is hidden (12% of the text)."),
        (MaskOptions(kind="manual", patches=(2, 8)),
         "1 of the text's 8 patches and 1 separator are hidden (12% of the text)."),
        (MaskOptions(0.0), "0 of the text's 8 patches are hidden (0% of the text)."),
        (MaskOptions(1.0, "random", over="row"),
         "40 of the whole row of 40 patches are hidden, counted as published: 8 of the text's 8 patches, 1 separator "
         "and 31 of the padding, which nobody reads."),
    ],
)  # fmt: skip
def test_how_much_is_hidden_is_said(options, sentence):
    pixels = np.full((16, 640), 255, np.uint8)
    strip = Strip(pixels, 8, (np.arange(40) <= 8).astype(np.uint8), "", separators=(8,))
    assert how_much(strip, draw_mask(strip, options), options) == sentence
