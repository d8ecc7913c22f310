"""How surprised a model was by the text that it wrote, as the tokens come."""

import math
from dataclasses import dataclass

from playground.generation.steps import END_TOKEN, Step


@dataclass
class Tally:
    """Sums over the tokens of one generated text, each counted by the model's own probability before any warper.

    An end token stands for no text and is not counted, as where bits per byte of given texts are measured.

    Attributes:
        tokens: of the text. bits: the sum of ``-log2 p`` over them. utf8_bytes: of the text.
    """

    tokens: int = 0
    bits: float = 0.0
    utf8_bytes: int = 0

    def add(self, step: Step) -> None:
        """Count one more token; its text may be empty while a character is unfinished."""
        self.utf8_bytes += len(step.text.encode())
        if step.end != END_TOKEN:
            self.tokens += 1
            self.bits -= step.logprob / math.log(2)

    @property
    def mean_bits(self) -> float | None:
        """Mean surprisal in bits per token; None before the first."""
        return self.bits / self.tokens if self.tokens else None

    @property
    def bits_per_byte(self) -> float | None:
        """Surprisal per byte of UTF-8, comparable between tokenizers; None where there is no text."""
        return self.bits / self.utf8_bytes if self.utf8_bytes else None
