"""Text to a strip of square patches, as a checkpoint's ``text_renderer_config.json`` says.

Three styles behind one interface, ``render(text) -> Strip``: ``grid`` (the demos', two monospace characters to a
patch), ``pixel`` (the published models') and ``shaped`` (any script as its readers know it).
"""

from playground.text.rendering.grid import GridConfig, GridRenderer, one_line
from playground.text.rendering.layout import Text
from playground.text.rendering.opening import Renderer, open_renderer, published_renderer
from playground.text.rendering.pixel import PixelConfig, PixelRenderer
from playground.text.rendering.shaped import ShapedRenderer
from playground.text.rendering.strip import BLACK, WHITE, Strip

__all__ = [
    "BLACK", "WHITE", "GridConfig", "GridRenderer", "PixelConfig", "PixelRenderer", "Renderer", "ShapedRenderer",
    "Strip", "Text", "one_line", "open_renderer", "published_renderer",
]  # fmt: skip
