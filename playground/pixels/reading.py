"""Read patches of the ``grid`` style back as text: the nearest of all pairs of printable characters."""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from playground.networks.pixel_mae import standardise
from playground.pixels import pictures
from playground.text.rendering import Strip

ALPHABET = "".join(map(chr, range(32, 127)))  # the 95 printable characters of ASCII


class GlyphReader:
    """Knows what every character of ``alphabet`` looks like.

    Args:
        cell: gives one character's picture, uint8 ``(P, P / 2)``, as
            :meth:`playground.text.rendering.GridRenderer.cell`.
    """

    def __init__(self, cell: Callable[[str], np.ndarray], alphabet: Sequence[str] = ALPHABET):
        self.alphabet = alphabet
        pictures = np.stack([cell(character) for character in alphabet])
        self.cells = torch.from_numpy(pictures).float() / 255  # (A, P, P / 2), 0 black to 1 white

    def distances(self, patches: Tensor) -> Tensor:
        """Summed squared differences ``(N, 2, A)`` of both halves of ``patches (N, P, P)`` to every character.

        The two characters of a patch share no pixel, so the nearest of all A x A pairs is the nearest character on
        the left with the nearest on the right.
        """
        width = self.cells.shape[2]
        halves = patches.unflatten(2, (2, width)).transpose(1, 2).flatten(2)  # (N, 2, P * P / 2)
        cells = self.cells.to(halves).flatten(1)  # (A, P * P / 2)
        return halves.square().sum(-1, keepdim=True) - 2 * halves @ cells.T + cells.square().sum(-1)

    def read(self, patches: Tensor) -> list[str]:
        """The two characters that each of ``patches (N, P, P)``, 0 black to 1 white, is nearest to."""
        return ["".join(self.alphabet[i] for i in pair) for pair in self.distances(patches).argmin(-1).tolist()]

    @cached_property
    def _standardised_pairs(self) -> Tensor:
        left, right = torch.cartesian_prod(*2 * [torch.arange(len(self.alphabet))]).unbind(1)
        pairs = torch.cat((self.cells[left], self.cells[right]), dim=2)  # (A * A, P, P)
        return standardise(pairs.flatten(1))

    def read_standardised(self, patches: Tensor) -> list[str]:
        """As :meth:`read`, for patches of a model that predicts standardised pixels: each pair is standardised too."""
        rows = torch.cdist(patches.flatten(1).float(), self._standardised_pairs.to(patches.device))
        size = len(self.alphabet)
        return [self.alphabet[i // size] + self.alphabet[i % size] for i in rows.argmin(1).tolist()]

    def read_predictions(self, predictions: np.ndarray, standardised: bool) -> list[str]:
        """The two characters of each of ``predictions (N, P * P * C)`` as a model of patches makes them."""
        greys = torch.from_numpy(pictures.greys(predictions, self.cells.shape[1])).float()
        return self.read_standardised(greys) if standardised else self.read(greys)


def characters_of(strip: Strip) -> tuple[str, ...]:
    """The two characters in each patch of text of a strip in the ``grid`` style; a blank for a cell after the end."""
    text = strip.text.ljust(2 * strip.num_text_patches)
    return tuple(text[2 * i : 2 * i + 2] for i in range(strip.num_text_patches))
