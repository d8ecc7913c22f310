"""The shaped style: joined letters, both directions, one font to a script, and what no font has."""

import json

import numpy as np
import pytest
from goldens import GOLDEN
from PIL import ImageFont, features

from playground.errors import InvalidRequest
from playground.text.rendering import PixelConfig, ShapedRenderer, fonts
from playground.text.rendering.fonts import SHIPPED, inked
from playground.text.rendering.runs import clusters, runs
from playground.text.rendering.strip import word_ranges

RENDERS = json.loads((GOLDEN / "pixel" / "renders.json").read_text())
NAMES = ("ascii", "cats", "descend", "space_lead", "newline", "digits", "cyrillic", "greek", "combining", "empty",
         "blank", "pair", "words", "arabic", "hindi")  # fmt: skip
KEYS = [f"dejavu.pangocairo.529.{name}" for name in NAMES] + [
    f"noto.pangocairo.529.{name}" for name in NAMES if name != "cats"  # 1 pixel too wide for the published place
]  # fmt: skip


@pytest.fixture(autouse=True)
def only_the_fonts_that_ship(monkeypatch):
    monkeypatch.setattr(fonts, "installed_noto", tuple)


def renderer(file="NotoSans-Regular.ttf", **changes):
    return ShapedRenderer(PixelConfig(font_file=file, **changes), SHIPPED)


def test_this_machine_can_join_letters():
    assert features.check("raqm")


@pytest.mark.parametrize("key", KEYS)
def test_separators_lie_where_the_published_renderer_puts_them(key):
    font, _, _, name = key.split(".")
    text = RENDERS["texts"][name]
    file = {"noto": "NotoSans-Regular.ttf", "dejavu": "DejaVuSans.ttf"}[font]
    strip = renderer(file).render(tuple(text) if name == "pair" else text)
    known = RENDERS["results"][key]
    assert [16 * patch for patch in strip.separators] == known["sep_patches"]
    assert strip.num_text_patches == known["num_text_patches"]
    if known["word_starts"]:
        assert [first for first, _ in strip.words] + list(strip.separators) == known["word_starts"]


@pytest.mark.parametrize(
    ("text", "file"),
    [("مرحبا", "DejaVuSans.ttf"), ("नमस्ते", "NotoSansDevanagari-Regular.ttf"), ("ที่นี่", "NotoSansThai-Regular.ttf"),
     ("हिन्दी", "NotoSansDevanagari-Regular.ttf")],
)  # fmt: skip
def test_a_word_is_drawn_as_the_library_shapes_it(text, file):
    font = ImageFont.truetype(str(SHIPPED / file), 8 * 120 / 72, layout_engine=ImageFont.Layout.RAQM)
    ink, left, _ = inked(font, text)
    strip = renderer().render(text)
    drawn = 255 - strip.pixels[:, : 16 * strip.num_text_patches]
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    assert columns[0] == 2 + max(0, left)
    assert np.array_equal(drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], ink[: rows[-1] + 1 - rows[0]])
    assert len(ink) <= 16  # nothing was cut


def test_marks_are_not_cut_at_the_top():
    for text in ("ÅÉ", "नमस्ते", "ที่นี่"):
        strip = renderer().render(text)
        drawing = renderer()._draw(text)
        assert (strip.pixels[:, : 16 * strip.num_text_patches] < 255).sum() == (drawing.ink > 0).sum()


def test_letters_stand_on_one_line():
    bottoms = {
        int(np.flatnonzero((renderer().render(t).pixels[:, :16] < 255).any(1))[-1]) for t in ("x", "b", "H", "1")
    }
    assert bottoms == {10}


def test_each_script_has_one_font():
    faces = renderer()._faces
    text = "The word مرحبا بالعالم means नमस्ते, ไทย 12 ☃!"
    named = {text[run.start : run.end]: run.face.name for run in runs(text, faces) if text[run.start].isalnum()}
    assert named == {
        "The": "NotoSans-Regular.ttf", "word": "NotoSans-Regular.ttf", "means": "NotoSans-Regular.ttf",
        "مرحبا": "DejaVuSans.ttf", "بالعالم": "DejaVuSans.ttf", "नमस्ते,": "NotoSansDevanagari-Regular.ttf",
        "ไทย": "NotoSansThai-Regular.ttf", "12": named["12"],
    }  # fmt: skip
    sign = next(run for run in runs(text, faces) if text[run.start] == "☃")
    assert sign.face.name == "DejaVuSans.ttf"


def test_an_emoji_does_not_change_the_font_of_its_neighbours():
    faces = renderer()._faces
    assert [run.face.name for run in runs("good 😺", faces)] == ["NotoSans-Regular.ttf"] * 2 + ["DejaVuSans.ttf"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("e\u0301a", ["e\u0301", "a"]), ("👩\u200d👧x", ["👩\u200d👧", "x"]), ("👍🏽!", ["👍🏽", "!"]),
     ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
     ("❤\ufe0f", ["❤\ufe0f"]), (" \u0301", [" ", "\u0301"]), ("नि", ["नि"]), ("", [])],
)  # fmt: skip
def test_what_belongs_together_is_not_parted(text, expected):
    assert [text[start:end] for start, end in clusters(text)] == expected


def test_right_to_left_words_are_found_where_they_are():
    strip = renderer().render("שלום abc")
    (first, second) = strip.words
    assert first[0] > 0  # the line begins on the right
    assert second[0] == 0
    assert strip.text == "שלום abc"


@pytest.mark.parametrize("text", ["갏\U000e007c x", "a\ufe0f你\ufe0fb", "你\u0301好"])
def test_marks_on_wide_letters_leave_every_word_its_place(text):
    strip = renderer().render(text)
    assert len(strip.words) == len(list(word_ranges(text)))
    assert all(0 <= first < stop <= strip.num_text_patches for first, stop in strip.words)


def test_characters_that_no_font_has_are_named():
    strip = renderer().render("ok 你好 \ue000 \u0378 🎉")
    assert strip.notes == ("No font here has a glyph for U+0378 你 好 U+E000 🎉.",)
    assert (strip.pixels[:, :32] < 255).any()
    assert renderer().render("e\u0301 ❤\ufe0f a\u200db").notes == ()


def test_the_beginning_is_what_is_kept():
    for text in ("word " * 3000, "مرحبا " * 3000, "你" * 9000, "x" * 9000, "नमस्ते " * 2000):
        strip = renderer(max_seq_length=20).render(text)
        assert strip.separators[0] >= 18
        assert 0 < len(strip.text) < 300
        assert text.startswith(strip.text)
        note = f"The strip holds {len(strip.text)} characters; the last {len(text) - len(strip.text):,} are left out."
        assert strip.notes[0] == note
        assert renderer().render(strip.text).separators[0] <= 19  # all of it fits


@pytest.mark.parametrize("text", ["abcdefghij" * 1000, "\U0007ffff" * 10_000], ids=["letters", "no glyphs"])
def test_a_word_of_ten_thousand_letters_measures_few_glyphs(monkeypatch, text):
    """Each pair of letters once, not the whole word again and again."""
    drawing = renderer()
    measured = [0]
    plain = ImageFont.FreeTypeFont.getlength

    def counted(font, text, *args, **kwargs):
        measured[0] += len(text)
        return plain(font, text, *args, **kwargs)

    monkeypatch.setattr(ImageFont.FreeTypeFont, "getlength", counted)
    strip = drawing.render(text)
    assert strip.num_text_patches == 528
    assert measured[0] < 200


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "\x00\x07", "\u0301", "\ud800x", "\u202eabc\u202c", "\u200d", "👩‍👧", "👍🏽"]
)
def test_any_text_gives_a_picture(text):
    strip = renderer().render(text)
    assert strip.pixels.shape == (16, 16 * 529)
    assert strip.num_text_patches >= 1
    assert all(note.isprintable() for note in strip.notes)


def test_line_ends_are_blanks_and_control_characters_go():
    assert np.array_equal(renderer().render("a\nb\x07").pixels, renderer().render("a b").pixels)


@pytest.mark.parametrize("text", [None, ("a",), [], [3]])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(InvalidRequest, match="can be drawn, but this is"):
        renderer().render(text)


def test_without_fribidi_it_says_that_letters_are_not_joined(monkeypatch):
    monkeypatch.setattr(features, "check", lambda name: False)
    bare = renderer()
    assert "not joined" in bare.notes[0]
    strip = bare.render("abc שלום")
    assert strip.notes == (bare.notes[0],)
    assert (strip.pixels[:, :64] < 255).any()


def test_a_missing_font_is_told(tmp_path):
    missing = ShapedRenderer(PixelConfig(), tmp_path)
    assert "GoNotoCurrent.ttf was not found" in missing.notes[0]
    assert missing.render("Hi ไทย").notes == (
        "GoNotoCurrent.ttf is not here; drawn with NotoSans-Regular.ttf, NotoSansThai-Regular.ttf instead.",
    )
