"""The registry of families. Every module of this package that defines ``FAMILY`` is one entry."""

import importlib
import pkgutil
from functools import cache

from playground.checkpoints.families.base import Blueprint, Bundle, Companion, Family
from playground.errors import UnknownFamily

__all__ = ["Blueprint", "Bundle", "Companion", "Family", "families", "recognise"]


@cache
def families() -> tuple[Family, ...]:
    """All families by name, those that only take what is left last."""
    modules = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    found = [module.FAMILY for module in modules if hasattr(module, "FAMILY")]
    return tuple(sorted(found, key=lambda family: (family.last_resort, family.name)))


def recognise(bundle: Bundle) -> Family:
    """The family of a checkpoint.

    Raises:
        UnknownFamily: no family recognises it; the message lists what was looked for.
    """
    for family in families():
        if family.matches(bundle):
            return family
    looked_for = "; ".join(f"{family.name} ({family.signs})" for family in families())
    where = bundle.weights.files[0].name if bundle.weights else bundle.folder.name
    raise UnknownFamily(f"{where} is of no family that the playground knows. Looked for: {looked_for}.")
