"""Which of a Hub repository's files are worth downloading: only what its family reads, never code."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from playground.checkpoints.families import Family, families


def wanted_files(repository: str, names: Sequence[str]) -> list[str]:
    """Choose among a repository's file names.

    A published checkpoint's family is known. Any other repository gets the files of the family whose weights and
    config it shows most of; ties go to the more specific family.
    """
    family = next((family for family in families() if repository in family.published), None)
    if family is not None:
        return _choose(family, names)
    return max((_choose(family, names) for family in families()), key=lambda chosen: _weight(chosen))


def _choose(family: Family, names: Sequence[str]) -> list[str]:
    chosen: list[str] = []
    for wanted in family.wanted:
        alternatives = (wanted,) if isinstance(wanted, str) else wanted
        for pattern in alternatives:
            found = [name for name in names if fnmatchcase(name, pattern) and not name.endswith(".py")]
            if found:
                chosen += found
                break
    return chosen


def _weight(chosen: Sequence[str]) -> tuple[bool, int]:
    has_weights = any(name.endswith((".pt", ".bin", ".safetensors")) for name in chosen)
    return has_weights, len(chosen)
