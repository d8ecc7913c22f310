"""The grid style draws exactly what Pillow draws, two characters to a patch, and says what it could not draw."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from playground import limits
from playground.errors import DamagedFile, InvalidConfig, InvalidRequest, MissingFile
from playground.text.rendering import GridConfig, GridRenderer, one_line, open_renderer

FONTS = Path(__file__).resolve().parents[3] / "assets" / "fonts"
FONT = FONTS / "DejaVuSansMono.ttf"
PRINTABLE = "".join(map(chr, range(32, 127)))


@pytest.fixture(scope="module")
def renderer():
    return GridRenderer(GridConfig(FONT.name), FONT)


def drawn_at_once(text, width):
    """The whole string in one call: its advances are whole pixels, so cells must agree with it."""
    picture = Image.new("L", (width, 16), 255)
    font = ImageFont.truetype(str(FONT), 13, layout_engine=ImageFont.Layout.BASIC)
    ImageDraw.Draw(picture).text((0, 12), text, fill=0, font=font, anchor="ls")
    return np.asarray(picture)


@pytest.mark.parametrize("text", [PRINTABLE, "Hello, world!", "a", "Ünïcödé ß €"])
def test_a_strip_is_the_text_drawn_at_once(renderer, text):
    strip = renderer.render(text)
    width = 8 * len(text)
    assert np.array_equal(strip.pixels[:, :width], drawn_at_once(text, width))
    assert strip.text == text
    assert strip.notes == ()


def test_letters_stay_inside_their_cells(renderer):
    for character in PRINTABLE:
        wide = Image.new("L", (40, 40), 255)
        font = ImageFont.truetype(str(FONT), 13, layout_engine=ImageFont.Layout.BASIC)
        ImageDraw.Draw(wide).text((16, 24), character, fill=0, font=font, anchor="ls")
        ink = np.asarray(wide) < 255
        assert ink.sum() == (renderer.cell(character) < 255).sum(), character
    assert len({renderer.cell(character).tobytes() for character in PRINTABLE}) == 95


@pytest.mark.parametrize(("text", "patches"), [("", 1), ("a", 1), ("ab", 1), ("abc", 2), ("abcd", 2), ("x" * 126, 63)])
def test_the_separator_follows_the_text(renderer, text, patches):
    strip = renderer.render(text)
    assert strip.num_text_patches == patches
    assert strip.pixels.shape == (16, 16 * 64)
    assert strip.pixels.dtype == np.uint8
    assert (strip.pixels[:, 16 * patches : 16 * (patches + 1)] == 0).all()
    assert (strip.pixels[:, 16 * (patches + 1) :] == 255).all()
    assert strip.attention_mask.tolist() == [1] * (patches + 1) + [0] * (63 - patches)
    assert (strip.patch_size, strip.num_patches) == (16, 64)


def test_what_does_not_fit_is_left_out_and_noted(renderer):
    strip = renderer.render("y" * 200)
    assert strip.num_text_patches == 63
    assert len(strip.text) == 126
    assert strip.notes == ("The strip holds 126 characters; the last 74 are left out.",)
    with pytest.raises(InvalidRequest, match="at most 20,000"):
        renderer.render("y" * (limits.PROMPT_CHARACTERS + 1))


def test_missing_glyphs_are_named(renderer):
    strip = renderer.render("a 你 b 好 你")
    assert len(strip.notes) == 1
    assert "你" in strip.notes[0]
    assert "好" in strip.notes[0]
    assert strip.text == "a 你 b 好 你"


def test_text_becomes_one_composed_line():
    assert one_line("a\tb\r\nc\u00a0d") == "a b  c d"
    assert one_line("cafe\u0301\u200d\u0000!") == "caf\u00e9!"
    assert one_line("a\ud800b") == "ab"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pixels_per_patch": 15}, "even"),
        ({"pixels_per_patch": "16"}, "whole number"),
        ({"max_seq_length": 10**9}, "max_seq_length"),
        ({"max_seq_length": 100_000}, "65,536"),
        ({"max_seq_length": True}, "whole number"),
        ({"font_size": 1e9}, "1 to 256"),
        ({"font_size": "large"}, "font_size"),
        ({"font_size": float("nan")}, "font_size"),
        ({"font_file": "../../secret.ttf"}, "beside it"),
        ({"font_file": 3}, "beside it"),
        ({"dpi": 0}, "dpi"),
        ({"base_line": -4}, "base_line"),
    ],
)
def test_impossible_settings_are_refused(changes, message):
    stated = {"style": "grid", "font_file": FONT.name} | changes
    with pytest.raises(InvalidConfig, match=message):
        open_renderer(stated, FONTS)


def test_fonts_that_cannot_be_used_are_refused(tmp_path, monkeypatch):
    with pytest.raises(MissingFile, match=r"none\.ttf"):
        open_renderer({"style": "grid", "font_file": "none.ttf"}, tmp_path)
    (tmp_path / "bad.ttf").write_bytes(FONT.read_bytes()[:1000])
    with pytest.raises(DamagedFile, match="not a font"):
        open_renderer({"style": "grid", "font_file": "bad.ttf"}, tmp_path)
    monkeypatch.setattr(limits, "FONT_BYTES", 999)
    with pytest.raises(InvalidConfig, match="1,000 bytes"):
        open_renderer({"style": "grid", "font_file": "bad.ttf"}, tmp_path)


@pytest.mark.parametrize(("text", "words"), [("ab cd", [(0, 1), (1, 3)]), (" a  bcd", [(0, 1), (2, 4)]), ("", [])])
def test_words_and_separators_are_known(renderer, text, words):
    strip = renderer.render(text)
    assert list(strip.words) == words
    assert strip.separators == (strip.num_text_patches,)
    assert strip.text_patches.tolist() == list(range(strip.num_text_patches))


@pytest.mark.parametrize("text", [("a", "b"), ["a", "b"], None, 3])
def test_only_one_text_is_drawn(renderer, text):
    with pytest.raises(InvalidRequest, match="reads one text"):
        renderer.render(text)
