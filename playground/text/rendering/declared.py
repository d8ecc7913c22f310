"""What a ``text_renderer_config.json`` may say about sizes and fonts, whatever the style."""

from pathlib import Path
from typing import Any

from playground import limits
from playground.errors import InvalidConfig

FILE = "text_renderer_config.json"


def check_declared(config: Any, **whole: tuple[int, int]) -> None:
    """Check a style's settings: ``pixels_per_patch``, ``max_seq_length``, ``dpi``, ``font_file``, ``font_size`` and
    ``pixels`` (the em that follows), and the further ``whole`` numbers with the least and most that they may be.

    Raises:
        InvalidConfig: for the first that cannot be.
    """
    whole = {"pixels_per_patch": (2, 256), "max_seq_length": (2, limits.DIMENSION), "dpi": (1, 2400)} | whole
    for name, (least, most) in whole.items():
        value = getattr(config, name)
        if type(value) is not int or not least <= value <= most:
            raise InvalidConfig(
                f"{FILE} says {name} = {value!r:.60}, but it must be a whole number from {least} to {most:,}. "
                "Check that file."
            )
    if config.pixels_per_patch % 2 or config.pixels_per_patch * config.max_seq_length > limits.STRIP_WIDTH:
        raise InvalidConfig(
            f"{FILE} asks for {config.max_seq_length:,} patches of {config.pixels_per_patch} pixels, but a patch must "
            f"be even and a strip at most {limits.STRIP_WIDTH:,} pixels. Check that file."
        )
    font = config.font_file
    if not isinstance(font, str) or Path(font).name != font or not font:
        raise InvalidConfig(f"{FILE} says font_file = {font!r:.60}, but it must be the name of a file beside it.")
    if type(config.font_size) not in (int, float) or not 1 <= config.pixels <= 256:
        raise InvalidConfig(
            f"{FILE} says font_size = {config.font_size!r:.60} at {config.dpi} dpi, but letters must be 1 to 256 "
            "pixels high. Check that file."
        )
