"""The order of a line with both directions: UAX 9's examples by hand, and FriBiDi's answer through Pillow."""

import numpy as np
import pytest
from PIL import ImageFont

from playground.text.rendering import PixelConfig, ShapedRenderer, bidi, shaped
from playground.text.rendering.fonts import SHIPPED, inked

HEBREW = {chr(65 + i): chr(0x5D0 + i) for i in range(26)}  # capitals stand for letters that run from right to left
MONO = "DejaVuSansMono.ttf"


def seen(line):
    """What a reader sees from left to right."""
    text = "".join(HEBREW.get(character, character) for character in line)
    order = bidi.visual_order(bidi.levels(text))
    return "".join(line[i] for i in order)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("car is THE CAR in arabic", "car is RAC EHT in arabic"),
        ("CAR IS the car IN ENGLISH", "HSILGNE NI the car SI RAC"),
        ("he said IT IS 123, 456, OK", "he said KO ,456 ,123 SI TI"),
        ("he said IT IS 123.456 OK", "he said KO 123.456 SI TI"),
        ("IT COSTS 12% now", "now 12% STSOC TI"),
        ("ABC  ", "  CBA"),
        ("abc.", "abc."),
        ("ABC.", ".CBA"),
        ("a B? c", "a B? c"),
        ("1 A 2", "2 A 1"),
        ("", ""),
    ],
)
def test_lines_read_as_unicode_says(line, expected):
    assert seen(line) == expected


def test_runs_within_runs_turn_back():
    assert bidi.visual_order([0, 1, 2, 1, 0]) == [0, 3, 2, 1, 4]
    assert bidi.visual_order([1, 2, 2, 1]) == [3, 1, 2, 0]
    assert bidi.visual_order([]) == []


@pytest.mark.parametrize(
    "text",
    [
        "the word مرحبا means hello", "السعر 12 ريال ok", "عام 2024، شهر 5.", "a (ب ج) b", "مرحبا! ok? نعم",
        "(abc) نعم 3-4 لا",
        "x ١٢٣ y", "نعم 50% لا", "نعم abc 12 لا",
    ],
)  # fmt: skip
def test_lines_are_put_together_as_the_library_does_it(text, monkeypatch):
    """One font for all, with advances of whole pixels, so that both ways can be compared pixel by pixel."""
    monkeypatch.setattr(shaped, "is_simple", lambda text: False)
    size = 13.28125  # 8 pixels from one letter to the next, to 1/250
    renderer = ShapedRenderer(PixelConfig(MONO, size, 72), SHIPPED)
    font = ImageFont.truetype(str(SHIPPED / MONO), size, layout_engine=ImageFont.Layout.RAQM)
    ink, left, _ = inked(font, text)
    drawing = renderer._draw(text)
    columns = np.flatnonzero(drawing.ink.any(0))
    assert columns[0] == max(left, 0)
    assert np.array_equal(drawing.ink[:, columns[0] : columns[-1] + 1], ink)
