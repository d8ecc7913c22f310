"""What tokens or positions put into the arena, as rows of one table on the model's device."""

from collections import OrderedDict

import torch
from torch import Tensor

from playground.decode.tape import Place, Tape

BYTES = 64 << 20  # of one table


class EarlyRows:
    """The early values of one kind, one row for each of the latest tokens or positions.

    Attributes:
        table: float32 ``(slots, width)``, at an address that stays. columns: int64 ``(width,)``, where in the arena
            the numbers of a row belong.
    """

    def __init__(self, tape: Tape, kind: str, numbers: int, least: int, device: torch.device, most_bytes: int = BYTES):
        """``numbers`` is how many tokens or positions there are; ``least`` rows are kept at any rate."""
        self.tape, self.kind, self.device = tape, kind, device
        places = [place for place, value in tape.early if value.kind == kind]
        width = sum(place.size for place in places)
        slots = min(numbers, max(least, most_bytes // max(1, 4 * width)))
        self.table = torch.zeros(slots, width, device=device)
        self.columns = torch.tensor([n for place in places for n in _numbers(place)], dtype=torch.int64).to(device)
        self._slots: OrderedDict[int, int] = OrderedDict()

    def slot(self, number: int) -> int:
        """The row of a token or position; it stays that until ``slots`` others were asked for."""
        if number in self._slots:
            self._slots.move_to_end(number)
            return self._slots[number]
        given = torch.tensor([[number]]).to(self.device) if self.kind == "token" else number
        values: list[Tensor] = [value.float().reshape(-1) for _, value in self.tape.early_values(self.kind, given)]
        full = len(self._slots) == len(self.table)
        slot = self._slots.popitem(last=False)[1] if full else len(self._slots)
        if values:
            self.table[slot] = torch.cat(values)
        self._slots[number] = slot
        return slot


def _numbers(place: Place) -> range:
    return range(place.offset, place.offset + place.size)
