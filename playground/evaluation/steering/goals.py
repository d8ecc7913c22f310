"""What a steering preset must reach, one figure to choose by, and the summary that goes into a presets file."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playground.evaluation.steering.measure import Steering

RATIO_COUNTED, SPREAD_COUNTED = 8, 10  # more than this is not better
RISE_FREE, REPETITION_FREE = 0.08, 0.03  # less than this costs nothing
SPREAD_WORTH, PRICE = 0.1, 5.0


@dataclass(frozen=True)
class Goals:
    """What a preset must reach; by default more than is promised of it, so that it holds with yet other seeds.

    Attributes:
        ratio: on-topic rate with edits over without, at least.
        rise: growth of bits per byte, less than.
        distinct: different on-topic words, at least.
        repetition: growth of the share of repeated runs of words, at most.
    """

    ratio: float = 4.0
    rise: float = 0.18
    distinct: int = 6
    repetition: float = 0.10

    def met_by(self, steering: Steering) -> bool:
        return steering.ratio >= self.ratio and steering.distinct >= self.distinct and not self.exceeded_by(steering)

    def exceeded_by(self, steering: Steering) -> bool:
        """Whether the text suffers more than it may."""
        return steering.rise >= self.rise or extra_repetition(steering) > self.repetition


PROMISED = Goals(ratio=3.0, rise=0.25, distinct=5, repetition=math.inf)  # what every shipped preset holds to


def extra_repetition(steering: Steering) -> float:
    return steering.edited.repetition - steering.plain.repetition


def merit(steering: Steering) -> float:
    """The logarithm of the cautious ratio, plus a little for variety, less what dear or repetitive text costs."""
    if not steering.edited.on_topic:
        return -math.inf
    return (
        math.log(min(steering.cautious_ratio, RATIO_COUNTED))
        + SPREAD_WORTH * min(steering.spread, SPREAD_COUNTED)
        - PRICE * max(0.0, steering.cautious_rise - RISE_FREE)
        - PRICE * max(0.0, extra_repetition(steering) - REPETITION_FREE)
    )


def summary(runs: Sequence[Steering], reference: str) -> dict[str, Any]:
    """What a preset's ``measured`` holds: the reference model, the worst of the runs' figures, and the runs."""
    return {
        "reference": reference,
        "samples": min(run.samples for run in runs),
        "ratio": round(min(run.ratio for run in runs), 2),
        "distinct": min(run.distinct for run in runs),
        "rise_percent": round(100 * max(run.rise for run in runs), 1),
        "runs": [run.as_json() for run in runs],
    }
