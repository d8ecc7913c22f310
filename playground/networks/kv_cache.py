"""What a language network remembers between steps: keys and values per layer, no more than a window needs."""

from collections.abc import Sequence

import torch
from torch import Tensor


class LayerCache:
    """Keys ``(B, H, S, D)`` and values ``(B, H, S, Dv)`` of one layer.

    Without a window the buffers grow by doubling. With one they are a ring of at most ``window`` positions: position
    p lives in slot ``p % window``, so a single new token overwrites exactly the key that has just left the window.
    """

    def __init__(self, window: int | None = None):
        self.window = window
        self.seen = 0  # positions ever added
        self.keys: Tensor | None = None
        self.values: Tensor | None = None

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add T positions; return the keys and values that the T new queries may need.

        They come in order of position with the new ones last, except that a single new token gets the ring as it
        lies: it sees every slot, and attention does not ask for an order.
        """
        added = keys.shape[2]
        if self.window is not None and self.seen + added > self.window:
            return self._extend_ring(keys, values)
        self._reserve(keys, values, self.seen + added)
        self.keys[:, :, self.seen : self.seen + added] = keys
        self.values[:, :, self.seen : self.seen + added] = values
        self.seen += added
        return self.keys[:, :, : self.seen], self.values[:, :, : self.seen]

    def _extend_ring(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        window, added, first = self.window, keys.shape[2], self.seen
        self._reserve(keys, values, window)
        self.seen += added
        if added == 1:
            self.keys[:, :, first % window] = keys[:, :, 0]
            self.values[:, :, first % window] = values[:, :, 0]
            return self.keys, self.values
        held = torch.arange(max(0, first - window + 1), first, device=keys.device) % window
        all_keys = torch.cat((self.keys[:, :, held], keys), dim=2)
        all_values = torch.cat((self.values[:, :, held], values), dim=2)
        kept = torch.arange(max(first, self.seen - window), self.seen, device=keys.device)
        self.keys[:, :, kept % window] = keys[:, :, kept - first]
        self.values[:, :, kept % window] = values[:, :, kept - first]
        return all_keys, all_values

    def make_room(self) -> tuple[int, int]:
        """Make room for one more position, which the caller fills in: its slot, and how many positions are seen then.

        Something must have been added before.
        """
        window = self.window
        slot = self.seen if window is None else self.seen % window
        self.seen += 1
        count = self.seen if window is None else min(self.seen, window)
        if count > self.keys.shape[2]:
            self._reserve(self.keys[:, :, :1], self.values[:, :, :1], count)
        return slot, count

    def _reserve(self, keys: Tensor, values: Tensor, length: int) -> None:
        held = 0 if self.keys is None else self.keys.shape[2]
        if held >= length:
            return
        capacity = max(length, 2 * held, 64)
        if self.window is not None:
            capacity = min(capacity, self.window)
        grown = [new.new_zeros(*new.shape[:2], capacity, new.shape[3]) for new in (keys, values)]
        if held:
            grown[0][:, :, :held], grown[1][:, :, :held] = self.keys, self.values
        self.keys, self.values = grown

    def rows(self, index: Tensor) -> None:
        """Keep, repeat or reorder rows of the batch in place: row i becomes what row ``index[i]`` was."""
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]


class KVCache:
    """The caches of all layers of one run, and what else a network carries from one token to the next.

    Args:
        windows: per layer, how many keys a query sees (itself included), or None for all.
    """

    def __init__(self, windows: Sequence[int | None]):
        self.layers = [LayerCache(window) for window in windows]
        self.length = 0  # positions that every layer has seen
        self.carry: Tensor | None = None  # (B, 1, C) activations of the last token, where a network needs them

    def select(self, rows: Sequence[int]) -> None:
        """Keep, repeat or reorder rows of the batch in place; ``[0] * n`` turns one row into n."""
        for layer in self.layers:
            layer.rows(torch.as_tensor(rows, device=None if layer.keys is None else layer.keys.device))
        if self.carry is not None:
            self.carry = self.carry[torch.as_tensor(rows, device=self.carry.device)]
