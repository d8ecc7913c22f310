"""Strips of text that redraws need again, and their pictures as PNG."""

import io
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from playground.checkpoints.card import ModelCard
from playground.engine.patch_requests import Identity, ReadPatch, Word
from playground.engine.requests import Loading
from playground.errors import InvalidRequest
from playground.pixels.reading import GlyphReader, characters_of
from playground.pixels.reconstruction import computed_patches
from playground.text.rendering import GridRenderer, Strip
from playground.text.rendering.strip import word_ranges


@dataclass(frozen=True, eq=False)
class Drawn:
    """A text drawn for one load of a model: all that a redraw needs without the model.

    Attributes:
        card: of that load. strip: what was drawn. shown: patches up to the last separator. picture: PNG of them.
        characters: of each shown patch in the grid style, else empty.
        style, font: of the renderer. reader: reads patches of the grid style back, else None.
    """

    card: ModelCard
    strip: Strip
    shown: int
    picture: bytes
    characters: tuple[str, ...]
    style: str
    font: str
    reader: GlyphReader | None

    @property
    def identity(self) -> Identity:
        return Identity(self.card.name, self.card.family, self.card.fingerprint, self.card.dtype)

    @property
    def words(self) -> tuple[Word, ...]:
        """The words that were drawn; the strip lists their places in the order of the text."""
        text = self.strip.text
        names = [text[start:end] for start, end in word_ranges(text)]
        return tuple(Word(name, *place) for name, place in zip(names, self.strip.words, strict=False))

    def png(self, picture: np.ndarray) -> bytes:
        """The shown patches of a picture ``(P, P * L)``."""
        return png(picture[:, : self.strip.patch_size * self.shown])

    def numbers(self, values: np.ndarray, patches: np.ndarray) -> tuple[float | None, ...]:
        """``values (L,)`` at ``patches``, None elsewhere and where a value is NaN."""
        wanted = np.full(self.shown, np.nan)
        wanted[patches] = values[patches]
        return tuple(None if np.isnan(value) else float(value) for value in wanted)

    def read(self, prediction: np.ndarray, standardised: bool, patches: list[int]) -> tuple[ReadPatch, ...]:
        """Those of ``patches`` that hold text, read back from ``prediction (L, P * P * C)``."""
        if self.reader is None:
            return ()
        asked = [patch for patch in patches if self.characters[patch]]
        found = self.reader.read_predictions(prediction[asked], standardised) if asked else []
        truths = [self.characters[patch] for patch in asked]
        return tuple(
            ReadPatch(patch, truth, read, read == truth)
            for patch, truth, read in zip(asked, truths, found, strict=True)
        )


def drawn(engine: Any, model: str, text: str) -> Generator[Loading, None, tuple[Drawn, bool]]:
    """``text`` as ``model`` reads it, and whether that was remembered; the model is loaded only where it was not."""
    card = engine.manager.card(model)
    known = None if card is None else engine.memo.get(_key(card, text))
    if known is not None:
        return known, True
    yield from engine.loading(model)
    with engine.manager.lease(model) as loaded:
        return draw(engine, loaded, text), False


def draw(engine: Any, model: Any, text: str) -> Drawn:
    """As :func:`drawn`, with the model at hand.

    Raises:
        InvalidRequest: a model that reads no pictures, or whose way of drawing is not known.
    """
    known = engine.memo.get(_key(model.card, text))
    if known is not None:
        return known
    if "reconstruct" not in model.abilities:
        raise InvalidRequest(
            f"{model.card.name} reads tokens, not pictures. Choose a pixel-mae model, such as demo-pixel-mae."
        )
    strip = model.render(text)
    shown = computed_patches(strip)
    picture = png(strip.pixels[:, : strip.patch_size * shown])
    grid = isinstance(model.renderer, GridRenderer)
    characters = characters_of(strip) if grid else ()
    made = Drawn(
        model.card, strip, shown, picture, characters + ("",) * (shown - len(characters)) if grid else (),
        model.renderer.style, model.renderer.font, _reader(engine, model) if grid else None,
    )  # fmt: skip
    engine.memo.put(_key(model.card, text), made, strip.pixels.nbytes + len(picture) + 100 * shown + 8 * len(text))
    return made


def _key(card: ModelCard, text: str) -> tuple:
    """Unique to one load of a model: while a value is kept it keeps its card, so that no other has the same id."""
    return ("strip", id(card), text)


def _reader(engine: Any, model: Any) -> GlyphReader:
    key = ("reader", id(model.card))
    known = engine.memo.get(key)
    if known is None:
        known = (GlyphReader(model.renderer.cell), model.card)
        pairs = known[0].cells[0].nbytes * 2 * len(known[0].alphabet) ** 2  # that standardised predictions ask for
        engine.memo.put(key, known, pairs + known[0].cells.nbytes)
    return known[0]


def png(picture: np.ndarray) -> bytes:
    """A picture ``(h, w)`` of 8-bit grey as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, format="PNG")
    return file.getvalue()
