"""Ready-made comparisons, one click each: which columns, under which settings. Plain data."""

from dataclasses import asdict, dataclass
from typing import Any

from playground.ui.sampling_form import PRESETS

SETTINGS = ("temperature", "top_p", "top_k", "min_p")  # what every column sets for itself
NEUTRAL = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0}


@dataclass(frozen=True)
class ColumnSetup:
    """One column: the number of its model in the list of models, and its sampling settings."""

    model: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0

    def settings(self) -> dict[str, float]:
        return {name: value for name, value in asdict(self).items() if name in SETTINGS}


@dataclass(frozen=True)
class Setup:
    """A whole comparison."""

    columns: tuple[ColumnSetup, ...]
    same_dice: bool = True


def _preset(name: str, model: int = 0) -> ColumnSetup:
    return ColumnSetup(model, **PRESETS[name])


SETUPS = {
    "Cool and hot": Setup((ColumnSetup(temperature=0.5), ColumnSetup(temperature=1.0))),
    "Two models": Setup((_preset("Balanced", 0), _preset("Balanced", 1))),
    "Greedy, balanced, wild": Setup((_preset("Greedy"), _preset("Balanced"), _preset("Wild"))),
    "A smaller nucleus": Setup((ColumnSetup(top_p=1.0), ColumnSetup(top_p=0.9), ColumnSetup(top_p=0.5))),
    "Four dice": Setup((_preset("Balanced"),) * 4, same_dice=False),
}
FIRST = "Cool and hot"


def preset_of(settings: dict[str, Any]) -> str | None:
    """The preset that ``settings`` are, or None."""
    wanted = NEUTRAL | settings
    return next((name for name, options in PRESETS.items() if NEUTRAL | options == wanted), None)


def settings_words(settings: dict[str, Any]) -> str:
    """What is set, in words; what changes nothing is left out."""
    if settings["temperature"] == 0:
        return "greedy"
    words = [f"temperature {settings['temperature']:g}"]
    for name in ("top_p", "top_k", "min_p"):
        if settings[name] != NEUTRAL[name]:
            words.append(f"{name.replace('_', '-')} {settings[name]:g}")
    return " · ".join(words)
