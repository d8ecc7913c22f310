"""How much of everything a benchmark measures."""

from dataclasses import dataclass

from playground.benchmarks.timing import MOST_BYTES


@dataclass(frozen=True)
class Plan:
    """How much of everything is measured.

    Attributes:
        size: one of ``subjects.SIZES``. prompt: its tokens. tokens: new ones. prefill: tokens of a long prompt.
        rows: samples at once. rounds: of each measurement. fewer: rounds of what carries no target or takes long.
        read_bytes: at most, to see how fast memory is. positions: of each demo's text, for fidelity.
        device: where the models are: "cpu" or "cuda".
    """

    size: str = "published"
    prompt: int = 32
    tokens: int = 128
    prefill: int = 512
    rows: int = 8
    rounds: int = 5
    fewer: int = 2
    read_bytes: int = MOST_BYTES
    positions: int = 1536
    device: str = "cpu"


QUICK = {"size": "quick", "tokens": 24, "prefill": 128, "rounds": 2, "read_bytes": 1 << 28, "positions": 128}
