"""A playground for small and unusual language models; see the README.

The names below are the whole library face. They resolve on first use, so that importing the package is instant.
"""

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from playground.version import VERSION

if TYPE_CHECKING:
    from playground.errors import PlaygroundError as PlaygroundError
    from playground.face import load as load
    from playground.face import render as render
    from playground.generation.options import SamplingOptions as SamplingOptions
    from playground.generation.sampler import sample as sample
    from playground.generation.surprisal import score as score
    from playground.pixels.certainty import how_sure as how_sure
    from playground.pixels.filling import fill_in as fill_in
    from playground.pixels.filling import write_on as write_on
    from playground.pixels.masking import MaskOptions as MaskOptions
    from playground.pixels.masking import draw_mask as draw_mask
    from playground.pixels.reconstruction import reconstruct as reconstruct
    from playground.senses.bias import find_factors as find_factors
    from playground.senses.bias import probe_bias as probe_bias
    from playground.senses.edits import AddSense as AddSense
    from playground.senses.edits import ScaleSense as ScaleSense
    from playground.senses.edits import SwapDirection as SwapDirection
    from playground.senses.edits import TopicBoost as TopicBoost
    from playground.senses.inspection import compare_words as compare_words
    from playground.senses.inspection import inspect_senses as inspect_senses
    from playground.senses.inspection import nearest_by_sense as nearest_by_sense
    from playground.senses.inspection import promoters_of as promoters_of
    from playground.senses.ledger import ledger as ledger


if "torch" not in sys.modules and "OMP_WAIT_POLICY" not in os.environ:
    # Read as torch loads. Threads that wait by spinning keep each other from the cores of a busy machine; but to sleep
    # at once makes a prompt, which has a thousand short waits, half as slow again.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # some 400 microseconds

__version__ = VERSION

_HOMES = {
    "PlaygroundError": "playground.errors",
    "load": "playground.face",
    "render": "playground.face",
    "SamplingOptions": "playground.generation.options",
    "sample": "playground.generation.sampler",
    "score": "playground.generation.surprisal",
    "MaskOptions": "playground.pixels.masking",
    "draw_mask": "playground.pixels.masking",
    "reconstruct": "playground.pixels.reconstruction",
    "fill_in": "playground.pixels.filling",
    "write_on": "playground.pixels.filling",
    "how_sure": "playground.pixels.certainty",
    "AddSense": "playground.senses.edits",
    "ScaleSense": "playground.senses.edits",
    "SwapDirection": "playground.senses.edits",
    "TopicBoost": "playground.senses.edits",
    "compare_words": "playground.senses.inspection",
    "inspect_senses": "playground.senses.inspection",
    "nearest_by_sense": "playground.senses.inspection",
    "promoters_of": "playground.senses.inspection",
    "ledger": "playground.senses.ledger",
    "find_factors": "playground.senses.bias",
    "probe_bias": "playground.senses.bias",
}
__all__ = [*_HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'playground' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
