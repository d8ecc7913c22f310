"""Which style a checkpoint's ``text_renderer_config.json`` declares."""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from playground.text.rendering.grid import GridConfig, GridRenderer
from playground.text.rendering.pixel import PixelConfig, PixelRenderer
from playground.text.rendering.shaped import ShapedRenderer

Renderer = GridRenderer | PixelRenderer | ShapedRenderer
PUBLISHED = {  # the published files name a class instead of a style
    "TextRenderer": PixelRenderer.style,
    "PyGameTextRenderer": PixelRenderer.style,
    "PangoCairoTextRenderer": ShapedRenderer.style,
}
INK = {"background_color": "white", "font_color": "black"}


def open_renderer(stated: Mapping[str, Any], folder: Path, most: int | None = None) -> Renderer | None:
    """The renderer that a ``text_renderer_config.json`` in ``folder`` declares; None for a style that is not known.

    Args:
        most: patches that the network reads; a longer strip of the published styles is cut to them, and a note says so.

    Raises:
        InvalidConfig, MissingFile, DamagedFile: if it declares a known style but not a usable one.
    """
    declared = stated.get("style", stated.get("text_renderer_type"))
    style = PUBLISHED.get(declared, declared) if isinstance(declared, str) else None
    if style == GridRenderer.style:
        config = GridConfig(**{"font_file": ""} | _known(GridConfig, stated))
        return GridRenderer(config, folder / config.font_file)
    renderer = {kind.style: kind for kind in (PixelRenderer, ShapedRenderer)}.get(style)
    if renderer is None:
        return None
    config = PixelConfig(**_known(PixelConfig, stated))
    longest = config.max_seq_length
    if most is not None and 2 <= most < longest:
        config = replace(config, max_seq_length=most)
    opened = renderer(config, folder)
    if config.max_seq_length < longest:
        opened.notes += (f"Strips of {longest:,} patches are asked for, but the network reads {most:,}.",)
    colours = {name: stated[name] for name, usual in INK.items() if stated.get(name, usual) != usual}
    if colours:
        asked = ", ".join(f"{name} {value!r:.30}" for name, value in colours.items())
        opened.notes += (f"text_renderer_config.json asks for {asked}; text is drawn black on white.",)
    return opened


def published_renderer(folder: Path, patch: int, most: int) -> PixelRenderer | None:
    """The renderer of the published models, for a checkpoint in ``folder`` that declares none.

    None if its patches are not theirs, or too many or few.
    """
    usual = PixelConfig()
    if patch != usual.pixels_per_patch or not 2 <= most <= usual.max_seq_length:
        return None
    renderer = PixelRenderer(replace(usual, max_seq_length=most), folder)
    renderer.notes = (
        "No text_renderer_config.json was found, so text is drawn as for Team-PIXEL/pixel-base.",
        *renderer.notes,
    )
    return renderer


def _known(config: type, stated: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: stated[field.name] for field in fields(config) if field.name in stated}
