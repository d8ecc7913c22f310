"""Plots, one module a family. A plot tells one story to its end on the teller that it is given.

``PLOTS`` maps each plot's name to (family, function).
"""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

from playground.training.grammar.teller import Teller

Plot = Callable[[Teller], None]
FAMILIES = sorted(module.name for module in iter_modules(__path__))
PLOTS: dict[str, tuple[str, Plot]] = {
    name: (family, function)
    for family in FAMILIES
    for module in [import_module(f"{__name__}.{family}")]
    for name, function in vars(module).items()
    if callable(function) and getattr(function, "__module__", "") == module.__name__ and not name.startswith("_")
}
