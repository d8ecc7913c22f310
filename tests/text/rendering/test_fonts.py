"""Which font draws what: coverage against the fonts' own character tables, the fonts that ship, those installed."""

import random
import shutil
import struct
import sys

import numpy as np
import pytest

from playground.text.rendering import PixelConfig, PixelRenderer, ShapedRenderer, fonts
from playground.text.rendering.fonts import SHIPPED, Face, Faces, inked, instead, script_of

FILES = sorted(SHIPPED.glob("*.ttf"))


def character_table(path):
    """The code points that a font has a glyph for, read from its ``cmap`` (formats 4 and 12)."""
    data = path.read_bytes()
    tables = {}
    for i in range(struct.unpack(">H", data[4:6])[0]):
        tag, _, offset, _ = struct.unpack(">4sIII", data[12 + 16 * i : 28 + 16 * i])
        tables[tag] = offset
    start, found = tables[b"cmap"], set()
    for i in range(struct.unpack(">H", data[start + 2 : start + 4])[0]):
        at = start + struct.unpack(">I", data[start + 8 + 8 * i : start + 12 + 8 * i])[0]
        kind = struct.unpack(">H", data[at : at + 2])[0]
        if kind == 12:
            for g in range(struct.unpack(">I", data[at + 12 : at + 16])[0]):
                first, last, _ = struct.unpack(">III", data[at + 16 + 12 * g : at + 28 + 12 * g])
                found.update(range(first, last + 1))
        elif kind == 4:
            count = struct.unpack(">H", data[at + 6 : at + 8])[0] // 2
            ends = struct.unpack(f">{count}H", data[at + 14 : at + 14 + 2 * count])
            firsts = struct.unpack(f">{count}H", data[at + 16 + 2 * count : at + 16 + 4 * count])
            deltas = struct.unpack(f">{count}H", data[at + 16 + 4 * count : at + 16 + 6 * count])
            ranges = at + 16 + 6 * count
            for s, (first, last, delta) in enumerate(zip(firsts, ends, deltas, strict=True)):
                offset = struct.unpack(">H", data[ranges + 2 * s : ranges + 2 * s + 2])[0]
                for code in range(first, last + 1):
                    place = ranges + 2 * s + offset + 2 * (code - first)
                    glyph = struct.unpack(">H", data[place : place + 2])[0] if offset else (code + delta) & 0xFFFF
                    found.update([code] if glyph else [])
    return found - {0}  # how NUL is drawn is the library's business


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_coverage_is_what_the_character_table_says(path):
    table = character_table(path)
    face = Face(path, 13.333)
    dice = random.Random(0)
    some = (
        dice.sample(sorted(table), min(300, len(table)))
        + dice.sample(range(0x20, 0x3000), 300)
        + [0x4F60, 0x1F389, 0x10FFFF]
    )
    wrong = [hex(code) for code in some if face.covers(chr(code)) != (code in table)]
    assert wrong == []


def test_the_fonts_that_ship_are_free_and_few():
    assert {path.name for path in FILES} >= {fonts.LATIN, fonts.WIDE, *fonts.SCRIPTS}
    assert sum(path.stat().st_size for path in FILES) < 3_000_000
    licences = "".join(path.read_text(encoding="utf-8") for path in SHIPPED.glob("*-LICENSE.txt"))
    for path in FILES:
        assert path.name in licences
    assert "SIL OPEN FONT LICENSE" in licences and "Bitstream Vera" in licences


@pytest.mark.parametrize(
    ("character", "script"),
    [("a", "LATIN"), ("я", "CYRILLIC"), ("ก", "THAI"), ("你", "CJK"), ("の", "CJK"), ("한", "CJK"), ("م", "ARABIC"),
     ("1", None), (" ", None), ("😺", None), ("\u0301", None), ("1a", "LATIN"), ("\u0378", None)],
)  # fmt: skip
def test_scripts_are_told_from_names(character, script):
    assert script_of(character) == script


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A machine with a few Noto fonts, which here are the shipped ones under other names."""

    def install(**copies):
        for name, source in copies.items():
            shutil.copyfile(SHIPPED / source, tmp_path / f"{name.replace('__', '-')}.ttf")
        (tmp_path / "NotoColorEmoji.ttf").write_bytes(b"a font of pictures")
        (tmp_path / "NotoSansBroken-Regular.ttf").write_bytes(b"cut")
        monkeypatch.setattr(fonts, "FOLDERS", {sys.platform: (str(tmp_path), "/nowhere/at/all")})
        fonts._noto_in.cache_clear()

    yield install
    fonts._noto_in.cache_clear()


def test_installed_noto_fonts_are_found_in_a_sensible_order(installed):
    names = ("NotoSerif__Regular", "NotoSansThai__Bold", "NotoSansThai__Regular", "NotoSansThaiUI__Regular")
    installed(**dict.fromkeys((*names, "GoNotoCurrent"), fonts.SCRIPTS[1]))
    names = [path.name for path in fonts.installed_noto()]
    assert names == [
        "GoNotoCurrent.ttf", "NotoSansBroken-Regular.ttf", "NotoSansThai-Regular.ttf", "NotoSerif-Regular.ttf",
    ]  # fmt: skip


def test_a_merged_font_of_the_machine_comes_first(installed, tmp_path):
    installed(GoNotoCurrent="NotoSansThai-Regular.ttf")
    assert instead()[0].name == "GoNotoCurrent.ttf"
    renderer = PixelRenderer(PixelConfig(), tmp_path.parent / "none")
    assert "drawn with GoNotoCurrent.ttf" in renderer.notes[0]
    assert renderer.render("ก").notes == ("GoNotoCurrent.ttf is not here; drawn with GoNotoCurrent.ttf instead.",)


def test_a_fuller_set_is_used_where_it_is_installed(installed, tmp_path):
    installed(NotoSansArabic__Regular="DejaVuSans.ttf")
    renderer = PixelRenderer(PixelConfig(), tmp_path.parent / "none")
    assert "more Noto fonts of this machine" in renderer.notes[0]
    assert "NotoSansArabic-Regular.ttf" in renderer.render("abc مرحبا").notes[0]


def test_fonts_for_other_scripts_are_not_opened(installed):
    installed(NotoSansArabic__Regular="DejaVuSans.ttf")
    faces = Faces(instead(), 13)
    assert faces.covering("ж").name == "NotoSans-Regular.ttf"
    assert faces.covering("你") is None
    opened = {face.name for face in faces._faces if "plain" in vars(face)}
    assert "NotoSansArabic-Regular.ttf" not in opened
    assert faces.covering("م").name == "NotoSansArabic-Regular.ttf"


def test_a_sign_of_one_script_is_drawn_with_its_font(tmp_path):
    faces = Faces(instead(), 13)
    assert faces.covering("\u0964").name == "NotoSansDevanagari-Regular.ttf"  # the full stop of Hindi
    assert faces.covering("\u0e3f").name == "NotoSansThai-Regular.ttf"  # the sign of the baht
    assert faces.covering("") is faces.first
    strip = PixelRenderer(PixelConfig(), tmp_path / "none").render("\u0915\u0964")
    assert strip.notes == ("GoNotoCurrent.ttf is not here; drawn with NotoSansDevanagari-Regular.ttf instead.",)


def test_a_broken_font_of_the_machine_does_no_harm(installed, tmp_path):
    installed(NotoSansCJKbroken="DejaVuSans.ttf")
    broken = tmp_path / "NotoSansCJK-Regular.ttf"
    broken.write_bytes(b"not a font")
    fonts._noto_in.cache_clear()
    strip = ShapedRenderer(PixelConfig(), tmp_path.parent / "none").render("abc 你")
    assert strip.notes[-1] == "No font here has a glyph for 你."


@pytest.mark.parametrize("name", ["NotoSans-Regular.ttf", "DejaVuSans.ttf"])  # the latter has a table of kerning
def test_letters_one_by_one_are_the_line_that_pillow_draws(name):
    face, dice = Face(SHIPPED / name, 40 / 3), random.Random(5)
    letters = "ABCTVWYfjgltoe.,:;-_'\"/ 0179 \u00e9\u00c4\u0416\u03a9" + fonts.NEVER
    kerned = 0
    for _ in range(150):
        text = "".join(dice.choices(letters, k=dice.randint(0, 12)))
        pens = face.pens(text)
        assert pens[-1] == pytest.approx(face.plain.getlength(text))
        kerned += pens[-1] != sum(map(face.plain.getlength, text))
        ink, left, top = face.line(text)
        expected = inked(face.plain, text)
        assert (left, top) == expected[1:]
        assert np.array_equal(ink, expected[0])
    assert bool(kerned) == (name == "DejaVuSans.ttf")


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(fonts, "KEPT", 50)
    faces = Faces(FILES, 13)
    before = faces.first.line("abc")
    for code in range(0x4E00, 0x4F00):
        faces.covering(chr(code))
        faces.first.line(chr(code) + "x")
    face = faces.first
    assert max(len(face._glyphs), len(face._steps), len(faces._found)) <= 50
    assert np.array_equal(face.line("abc")[0], before[0])
