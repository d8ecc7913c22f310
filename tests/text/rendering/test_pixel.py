"""The pixel style beside the published renderer's own pictures, and on texts that no picture was kept of."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from goldens import GOLDEN
from PIL import ImageFont
from safetensors.numpy import load_file

from playground import limits
from playground.errors import DamagedFile, InvalidConfig, InvalidRequest
from playground.text.rendering import PixelConfig, PixelRenderer, fonts, open_renderer
from playground.text.rendering.fonts import SHIPPED

RENDERS = json.loads((GOLDEN / "pixel" / "renders.json").read_text())
PICTURES = load_file(GOLDEN / "pixel" / "renders.safetensors")
FILES = {"noto": "NotoSans-Regular.ttf", "dejavu": "DejaVuSans.ttf"}
KEYS = [key for key in RENDERS["results"] if ".pygame." in key]
LACKED = {f"noto.pygame.529.{name}" for name in ("newline", "arabic", "hindi", "cjk", "emoji")}  # drawn as boxes
MOST = {"noto": 0.31, "dejavu": 0.0}  # mean difference in grey levels; the published renderer has an older FreeType


def renderer(font="noto", **changes):
    return PixelRenderer(PixelConfig(font_file=FILES[font], **changes), SHIPPED)


def rendered(key):
    font, _, length, name = key.split(".")
    text = RENDERS["texts"][name]
    return renderer(font, max_seq_length=int(length)).render(tuple(text) if name == "pair" else text)


@pytest.mark.parametrize("key", KEYS)
def test_texts_and_separators_lie_where_the_published_renderer_puts_them(key):
    strip, known = rendered(key), RENDERS["results"][key]
    assert strip.num_text_patches == known["num_text_patches"]
    assert list(strip.separators) == known["sep_patches"]
    if known["word_starts"]:
        assert [first for first, _ in strip.words] + list(strip.separators) == known["word_starts"]
    length = strip.num_patches
    assert strip.attention_mask.tolist() == [int(i <= known["num_text_patches"]) for i in range(length)]
    assert (strip.pixels[:, 16 * known["num_text_patches"] :][:, :16] == 0).all()
    assert (strip.pixels[:, 16 * (known["num_text_patches"] + 1) :] == 255).all()


@pytest.mark.parametrize("key", [key for key in KEYS if key not in LACKED])
def test_pixels_are_those_of_the_published_renderer(key):
    pixels, known = rendered(key).pixels, PICTURES[key]
    if RENDERS["results"][key]["stored"].startswith("first"):
        pixels = np.concatenate((pixels[:, :640], pixels[:, -160:]), axis=1)
    difference = np.abs(pixels[:, : known.shape[1]].astype(int) - known)
    assert difference.mean() <= MOST[key.split(".")[0]]


def test_fonts_are_those_that_the_pictures_were_made_with():
    for font, file in FILES.items():
        assert hashlib.sha256((SHIPPED / file).read_bytes()).hexdigest() == RENDERS["fonts"][font]["sha256"]


def width_by_hand(text, font):
    """Integer advances, the ink of letters, the advance of blanks."""
    pen, lefts, rights = 0, [0] * 0, []
    for character in text:
        mask, (left, _) = font.getmask2(character, mode="L", anchor="ls")
        ink = np.array(mask).reshape(mask.size[::-1])
        advance = round(font.getlength(character))
        columns = np.flatnonzero(ink.any(0)) if ink.size else []
        lefts.append(pen + left + columns[0] if len(columns) else pen)
        rights.append(pen + left + columns[-1] + 1 if len(columns) else pen + advance)
        pen += advance
    return max(rights) - min(lefts)


@pytest.mark.parametrize("text", ["a", "fjord", "  two", "W.", "j", "ends in a blank ", "12:30", "…", "\u00a0x"])
def test_the_separator_follows_the_width_rule(text):
    font = ImageFont.truetype(str(SHIPPED / FILES["noto"]), 8 * 120 / 72, layout_engine=ImageFont.Layout.BASIC)
    strip = renderer().render(text)
    assert strip.separators == (-(-(width_by_hand(text, font) + 4) // 16),)


def test_a_text_is_centred_by_its_own_ink_and_words_share_a_base_line():
    def rows(pixels):
        return np.flatnonzero((pixels < 255).any(1))

    draw = renderer().render
    for text in ("x", "xy", "Åy", "."):
        found = rows(draw(text).pixels[:, :16])
        assert found[0] == 8 - (found[-1] + 1 - found[0]) // 2
    words = draw(["x", "b", "x"]).pixels
    assert rows(words[:, :16])[-1] == rows(words[:, 16:32])[-1] == rows(words[:, 32:48])[-1] == 10


def test_what_does_not_fit_is_left_out_and_counted():
    strip = renderer(max_seq_length=10).render("iiii " * 2000)
    assert strip.separators == (9,)
    assert strip.text == ("iiii " * 2000)[: len(strip.text)]
    (note,) = strip.notes
    assert note == f"The strip holds {len(strip.text)} characters; the last {10_000 - len(strip.text):,} are left out."
    alone = renderer().render(strip.text)
    assert alone.num_text_patches == 9  # all that is said to be held does fit
    assert renderer().render(strip.text + "iii").num_text_patches > 9
    with pytest.raises(InvalidRequest, match="at most 20,000"):
        renderer().render("y" * (limits.PROMPT_CHARACTERS + 1))


def test_pairs_and_words_that_do_not_fit():
    pair = renderer(max_seq_length=6).render(("a long first text", "lost"))
    assert (pair.num_text_patches, pair.separators) == (5, (5,))
    words = renderer(max_seq_length=6).render(["one", "two", "three", "four"])
    assert words.num_text_patches == 5
    assert "left out" in words.notes[0]
    assert pair.text_patches.tolist() == [0, 1, 2, 3, 4]


def test_separators_are_no_text():
    strip = renderer().render(("I like cats.", "She does not."))
    assert strip.separators == (4, 11)
    assert strip.text_patches.tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert strip.text == "I like cats. She does not."


def test_words_hold_their_own_ink():
    strip = renderer().render("ill mm ill")
    assert len(strip.words) == 3
    for first, stop in strip.words:
        ink = (strip.pixels[:, 16 * first : 16 * stop] < 255).any()
        assert ink
    assert [stop for _, stop in strip.words] == sorted(stop for _, stop in strip.words)
    assert len(renderer().render("你好，世界").words) == 5  # wide letters are words, and so is what lies between


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n", "\t\x00\x07", "مرحبا", "é", "\u0301", "😺👩‍👧", "\u0378\U0001fffd\ue000", "\ud800x", "\u202eabc"],
)
def test_any_text_gives_a_picture(text):
    strip = renderer().render(text)
    assert strip.pixels.shape == (16, 16 * 529)
    assert strip.num_text_patches >= 1
    assert strip.separators == (strip.num_text_patches,)
    assert all(note.isprintable() for note in strip.notes)


def test_characters_without_a_glyph_are_named():
    (note,) = renderer().render("a你\n\u0e31").notes
    assert note == "NotoSans-Regular.ttf has no glyph for U+000A U+0E31 你."
    (note,) = renderer().render("".join(chr(0x4E00 + i) for i in range(50))).notes
    assert "and 30 more" in note


@pytest.mark.parametrize("text", [None, 3, b"bytes", ("a",), ("a", "b", "c"), [], ["a", 3], ("a", None)])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(InvalidRequest, match="can be drawn, but this is"):
        renderer().render(text)


def test_without_the_checkpoints_font_another_one_draws(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "installed_noto", tuple)  # whatever this machine has
    missing = PixelRenderer(PixelConfig(), tmp_path)
    assert "GoNotoCurrent.ttf was not found" in missing.notes[0]
    strip = missing.render("Hello, мир, नमस्ते, ไทย, ☃")
    assert strip.notes[0].startswith("GoNotoCurrent.ttf is not here; drawn with ")
    assert "NotoSans-Regular.ttf" in strip.notes[0]
    assert len(strip.notes) == 1  # each script found a font
    own = renderer().render("Hello, мир")
    assert np.array_equal(own.pixels, missing.render("Hello, мир").pixels)


def test_fonts_that_cannot_be_used_are_refused(tmp_path, monkeypatch):
    (tmp_path / "bad.ttf").write_bytes(b"no font" * 100)
    with pytest.raises(DamagedFile, match="not a font"):
        PixelRenderer(PixelConfig(font_file="bad.ttf"), tmp_path)
    monkeypatch.setattr(limits, "FONT_BYTES", 99)
    with pytest.raises(InvalidConfig, match="700 bytes"):
        PixelRenderer(PixelConfig(font_file="bad.ttf"), tmp_path)


@pytest.mark.parametrize(
    ("stated", "style"),
    [
        ({"text_renderer_type": "TextRenderer"}, "pixel"),
        ({"text_renderer_type": "PyGameTextRenderer"}, "pixel"),
        ({"text_renderer_type": "PangoCairoTextRenderer"}, "shaped"),
        ({"style": "pixel"}, "pixel"),
        ({"style": "shaped", "text_renderer_type": "TextRenderer"}, "shaped"),
    ],
)
def test_the_declaration_decides_the_style(stated, style):
    published = {"dpi": 120, "font_size": 8, "font_color": "black", "background_color": "white", "pad_size": 3}
    opened = open_renderer(published | {"max_seq_length": 529, "font_file": FILES["noto"]} | stated, SHIPPED)
    assert opened.style == style
    assert opened.notes == ()
    assert opened.config.pixels == pytest.approx(13.3333, abs=1e-4)


@pytest.mark.parametrize(
    "stated", [{}, {"style": "cursive"}, {"text_renderer_type": "SomebodysRenderer"}, {"style": []}]
)
def test_other_styles_are_not_guessed(stated):
    assert open_renderer(stated | {"font_file": FILES["noto"]}, SHIPPED) is None


def test_what_is_declared_but_not_done_is_said():
    stated = {"style": "pixel", "font_file": FILES["noto"], "font_color": "red", "max_seq_length": 529}
    opened = open_renderer(stated, SHIPPED, most=40)
    assert any("font_color 'red'" in note for note in opened.notes)
    assert any("529 patches" in note and "40" in note for note in opened.notes)
    assert opened.render("x").num_patches == 40


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"font_file": "../x.ttf"}, "beside it"),
        ({"pad_size": -1}, "pad_size"),
        ({"max_seq_length": 1}, "max_seq_length"),
        ({"dpi": True}, "dpi"),
    ],
)
def test_impossible_settings_are_refused(changes, message):
    with pytest.raises(InvalidConfig, match=message):
        open_renderer({"style": "pixel"} | changes, Path("/"))
