"""What one column of a comparison has come to: engine events in, plain data for the page out."""

from collections.abc import Sequence
from typing import Any

from playground.engine.requests import Ended, Loading, Prefill, Started, Token
from playground.generation.parting import parting_byte, place_of_byte
from playground.generation.tally import Tally
from playground.ui.story import token_value
from playground.ui.wording import ENDS, count_words, loading_words

WAITING = "Waiting …"


class ColumnState:
    """One column, numbered from 1 as people count; ``title`` and ``settings`` are shown as they are."""

    def __init__(self, number: int, title: str, settings: str):
        self.number, self.title, self.settings = number, title, settings
        self.state, self.speed = WAITING, ""
        self.going, self.failed, self.reads_text = True, False, True
        self.pieces: list[str] = []
        self.tokens: list[str] = []  # as the page takes them
        self.text = ""
        self._first: float | None = None  # when the first token came, on the column's own clock
        self._tally = Tally()
        self._parted: tuple[int, int] | None = None  # from which column, and at which byte: once and for all

    def take(self, event: Any) -> None:
        """One event of the column's generation."""
        if isinstance(event, Loading):
            self.state = loading_words(event)
        elif isinstance(event, Started):
            self.reads_text = event.card.tokenizer is not None
            self.state = WAITING
        elif isinstance(event, Prefill):
            self.state = "Reading the prompt …" if event.done < event.total else "Writing …"
        elif isinstance(event, Token):
            self.pieces.append(event.step.text)
            self.tokens.append(token_value(event.step))
            self.text += event.step.text
            self._tally.add(event.step)
            self._first = event.seconds if self._first is None else self._first
            self.state = "Writing …"
            self.speed = count_words(len(self.tokens), event.seconds - self._first)
        elif isinstance(event, Ended):
            self.going = False
            self.state = ENDS.get(event.reason, event.reason)
            self.speed = count_words(event.tokens, None if event.tokens_per_second is None else event.seconds)

    def fail(self, message: str) -> None:
        """The column goes no further, for the reason that ``message`` gives."""
        self.going, self.failed, self.state = False, True, message

    def value(self, reference: "ColumnState | None") -> dict[str, Any]:
        """What the page shows; where the text parts is told against ``reference``."""
        mean, per_byte = self._tally.mean_bits, self._tally.bits_per_byte if self.reads_text else None
        byte = None if reference in (None, self) else self.parting(reference)
        return {
            "title": self.title,
            "settings": self.settings,
            "state": self.state,
            "going": self.going,
            "failed": self.failed,
            "tokens": [*self.tokens],
            "speed": self.speed,
            "mean": None if mean is None else round(mean, 3),
            "bits": None if per_byte is None else round(per_byte, 3),
            "parting": self._parting_words(reference, byte),
            "byte": byte,
            "mark": None if byte is None else [*place_of_byte(self.pieces, byte)],
        }

    def parting(self, reference: "ColumnState") -> int | None:
        """The byte at which this text parts from the reference's; None while they agree and may go on to.

        The end of a text that is over differs from any byte that the other one goes on with.
        """
        if self._parted is not None and self._parted[0] == reference.number:
            return self._parted[1]
        shared = parting_byte(self.text, reference.text)
        own, other = len(self.text.encode()), len(reference.text.encode())
        within = shared < min(own, other)
        beyond = (own < other and not self.going) or (other < own and not reference.going)
        if not within and not beyond:
            return None
        self._parted = (reference.number, shared)
        return shared

    def _parting_words(self, reference: "ColumnState | None", byte: int | None) -> str:
        if reference is None or not (self.text or reference.text) or self.failed:
            return ""
        if reference is self:
            return "the others are compared with this column"
        if byte is not None:
            return f"parts from column {reference.number} at byte {byte:,}"
        over = not (self.going or reference.going)
        return f"the same as column {reference.number} {'to the end' if over else 'so far'}"


def column_values(columns: Sequence[ColumnState]) -> list[dict[str, Any]]:
    """All columns for the page, each against the first that has not failed."""
    reference = next((column for column in columns if not column.failed), None)
    return [column.value(reference) for column in columns]
