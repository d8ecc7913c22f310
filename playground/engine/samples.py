"""Several samples of one prompt: rows that differ in their seeds alone, and what has come of each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from playground import limits
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.generation.steps import Step
from playground.generation.tally import Tally


def seeded_rows(options: SamplingOptions, count: Any) -> tuple[SamplingOptions, ...]:
    """``count`` rows for a ``GenerateRequest``, with the seeds ``options.seed``, the next one, and so on.

    Raises:
        InvalidRequest: ``count`` is no whole number from 1 to ``limits.ROWS``, or a seed would be too large.
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= limits.ROWS:
        raise InvalidRequest(f"{count!r:.40} samples were asked for, but 1 to {limits.ROWS} can be drawn at once.")
    return tuple(replace(options, seed=options.seed + number) for number in range(count))


@dataclass
class Sample:
    """What one row has written so far.

    Attributes:
        steps: without their alternatives, of which sixteen long samples would hold half a million.
    """

    options: SamplingOptions
    steps: list[Step] = field(default_factory=list)
    text: str = ""
    tally: Tally = field(default_factory=Tally)

    def add(self, step: Step) -> None:
        """Take the row's next step."""
        self.steps.append(replace(step, alternatives=()))
        self.text += step.text
        self.tally.add(step)

    @property
    def end(self) -> str | None:
        """Why it ended; None while it goes on."""
        return self.steps[-1].end if self.steps else None

    @property
    def logprob(self) -> float:
        """Natural log-probability of all that was drawn, an end token included, by the model before any warper."""
        return math.fsum(step.logprob for step in self.steps)

    def line(self) -> str:
        """The seed, how likely it was, and why it ended, in words."""
        tokens = f"{len(self.steps)} token{'s' * (len(self.steps) != 1)}"
        facts = [f"seed {self.options.seed}", tokens, f"log-probability {self.logprob:,.2f}"]
        for value, unit in ((self.tally.mean_bits, "bits per token"), (self.tally.bits_per_byte, "bits per byte")):
            if value is not None:
                facts.append(f"{value:.2f} {unit}")
        return ", ".join([*facts, f"ended by {self.end}" if self.end else "not ended"])

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "seed": self.options.seed,
            "text": self.text,
            "tokens": [
                {"id": step.token_id, "text": step.text, "logprob": step.logprob, "probability": step.probability}
                for step in self.steps
            ],
            "logprob": self.logprob,
            "bits_per_token": self.tally.mean_bits,
            "bits_per_byte": self.tally.bits_per_byte,
            "end": self.end,
        }


def begin_samples(rows: Sequence[SamplingOptions]) -> list[Sample]:
    """An empty sample for each row."""
    return [Sample(options) for options in rows]
