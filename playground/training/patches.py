"""What a PIXEL demo trains on: strips of monospace text with hidden patches, drawn from glyph pictures on the fly.

A batch holds character numbers, not pixels: each character's picture is looked up on the device that trains. The loss
is the published one, the squared error of hidden patches, plus a little of how surely each hidden character is told
from the other glyphs, because an average of possible letters is a smear that nobody can read.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from playground.errors import InvalidRequest
from playground.networks.pixel_mae import PixelMAE
from playground.pixels.reading import ALPHABET, GlyphReader
from playground.text.rendering import GridRenderer
from playground.training.corpus import Split, sentences

SEPARATOR, PADDING = len(ALPHABET), len(ALPHABET) + 1  # numbers of the black cell and of the white one after the text
SPANS = (0.6, 0.28, 0.12)  # how often a hidden span is one, two, three patches long
SHORT_STEPS = 0.5  # share of steps on rows of half the length that hold a single sentence
RATIO, LATE_RATIO, LATE = 0.25, 0.125, 0.75  # share of patches hidden, and that from this part of the run on
GLYPH_WEIGHT = 0.03  # of the cross-entropy over glyphs beside the mean squared error
MEASURED = 400  # held-out spans of each length behind the curve's measures


class Rows(NamedTuple):
    """A batch of rows, int64.

    Attributes:
        characters: ``(B, 2, L)``, the numbers of the characters on the left and right of each patch.
        shown: ``(B, K)``, the patches that the encoder sees. hidden: ``(B, L - K)``, all others: hidden text, and
            padding where a row hides fewer than the batch's longest.
    """

    characters: Tensor
    shown: Tensor
    hidden: Tensor

    def to(self, device: torch.device, non_blocking: bool = False) -> "Rows":
        return Rows(*(tensor.to(device, non_blocking=non_blocking) for tensor in self))


class Lines:
    """Sentences of printable ASCII, as character numbers in one flat array; their order in documents is kept."""

    def __init__(self, texts: Sequence[str], longest: int):
        known = set(ALPHABET)
        rows = [
            np.frombuffer(line.encode(), dtype=np.uint8) - ord(" ")
            for text in texts
            for line in map(str.strip, sentences(text))
            if 2 <= len(line) <= longest and known.issuperset(line)
        ]
        if not rows:
            raise InvalidRequest(f"No sentence of at most {longest} printable characters was found in the corpora.")
        self.ids = np.concatenate(rows)
        self.starts = np.cumsum([0, *map(len, rows)])

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, i: int) -> np.ndarray:
        return self.ids[self.starts[i] : self.starts[i + 1]]


class PatchTask:
    """Batches, loss and measures of a PIXEL network; :class:`~playground.training.trainer.Trainer` drives it.

    Args:
        splits: documents by source name. weights: share of the rows by source name.
        renderer: draws the characters. patches: of a full row. rows: of a full batch.
    """

    unit = "images"

    def __init__(
        self,
        splits: dict[str, Split],
        weights: dict[str, float],
        renderer: GridRenderer,
        patches: int,
        rows: int,
        seed: int,
    ):
        self.rows, self.patches, self.seed = rows, patches, seed
        names = [name for name in splits if weights.get(name)]
        shares = np.array([weights[name] for name in names], dtype=float)
        self.shares = shares / shares.sum()
        self.lines = [Lines(splits[name].train, 2 * (patches - 1)) for name in names]
        self.reader = GlyphReader(renderer.cell)
        blanks = torch.stack((torch.zeros_like(self.reader.cells[0]), torch.ones_like(self.reader.cells[0])))
        self.pictures = torch.cat((self.reader.cells, blanks))  # (97, P, P / 2)
        held_out = [Lines(splits[name].held_out, patches - 2) for name in names]  # for rows of half the length
        self.probes = {span: self._probe(held_out, span) for span in range(1, len(SPANS) + 1)}

    def _probe(self, held_out: Sequence[Lines], span: int) -> Rows:
        """Up to ``MEASURED`` held-out sentences, each in a row of its own with one random span hidden."""
        dice = np.random.default_rng((self.seed, 1_000_003, span))
        characters, shown, hidden = [], [], []
        for lines in held_out:
            for i in dice.permutation(len(lines))[: MEASURED // len(held_out)]:
                drawn, count = cells(lines[i], self.patches // 2)
                at = np.arange(span) + dice.integers(max(1, count - span + 1))
                if count >= span:
                    characters.append(drawn)
                    hidden.append(at)
                    shown.append(np.setdiff1d(np.arange(self.patches // 2), at))
        return Rows(*(torch.from_numpy(np.stack(part).astype(np.int64)) for part in (characters, shown, hidden)))

    @property
    def units_per_step(self) -> int:
        """Full rows of one step; a step of short rows has twice as many of half the length."""
        return self.rows

    def batch(self, step: int, done: float) -> Rows:
        """The rows of a step; they depend on (seed, step) alone, but for the share of hidden patches."""
        dice = np.random.default_rng((self.seed, step))
        short = dice.random() < SHORT_STEPS
        rows, patches = (2 * self.rows, self.patches // 2) if short else (self.rows, self.patches)
        ratio = LATE_RATIO if done >= LATE else RATIO
        characters = np.empty((rows, 2, patches), dtype=np.int64)
        order = np.empty((rows, patches), dtype=np.int64)
        for i in range(rows):
            characters[i], count = cells(self._row(dice, 2 * (patches - 1), single=short), patches)
            order[i] = self._order(dice, count, patches, ratio)
        shown = patches - round(ratio * patches)
        return Rows(*map(torch.from_numpy, (characters, order[:, :shown].copy(), order[:, shown:].copy())))

    def _row(self, dice: np.random.Generator, longest: int, single: bool) -> np.ndarray:
        """Consecutive sentences that fit into ``longest`` characters, a blank between them; or just one."""
        lines = self.lines[dice.choice(len(self.shares), p=self.shares)]
        while True:
            at = int(dice.integers(len(lines)))
            if len(lines[at]) <= longest:
                break
        parts, length = [lines[at]], len(lines[at])
        while not single and at + 1 < len(lines) and length + 1 + len(lines[at + 1]) <= longest:
            at += 1
            parts += [np.zeros(1, dtype=np.uint8), lines[at]]
            length += 1 + len(lines[at])
        return np.concatenate(parts)

    @staticmethod
    def _order(dice: np.random.Generator, count: int, patches: int, ratio: float) -> np.ndarray:
        """Positions of all patches: those that the encoder sees, then ``round(ratio * patches)`` others.

        The others are hidden text in spans, and padding where the text is shorter than the row.
        """
        last = round(ratio * patches)
        padding = patches - 1 - count
        wanted = max(1, round(ratio * count), last - padding)
        hidden = np.zeros(patches, dtype=bool)
        for _ in range(200):
            left = wanted - int(hidden.sum())
            if left <= 0:
                break
            span = min(left, count, 1 + int(dice.choice(3, p=SPANS)))
            at = int(dice.integers(count - span + 1))
            if not hidden[max(0, at - 1) : at + span + 1].any():  # a seen patch stays between two spans
                hidden[at : at + span] = True
        free = np.flatnonzero(~hidden[:count])
        missing = max(0, wanted - int(hidden.sum()), last - padding - int(hidden.sum()))
        hidden[dice.permutation(free)[:missing]] = True
        hidden[patches - (last - int(hidden.sum())) :] = True
        return np.argsort(hidden, kind="stable")

    def loss(self, network: PixelMAE, batch: Rows) -> Tensor:
        """Mean squared error of hidden text patches, plus ``GLYPH_WEIGHT`` times the glyphs' cross-entropy in nats."""
        predicted, target, truth = self._predict(network, batch)
        weight = (truth[:, 0] != PADDING).float()  # padding among the hidden patches does not count
        error = (predicted - target).square().mean((1, 2))
        blank = torch.where(truth == PADDING, 0, truth)  # the empty half of a last patch looks like a blank
        scores = -self.reader.distances(predicted)  # (B * H, 2, A)
        surprise = F.cross_entropy(scores.flatten(0, 1), blank.flatten(), reduction="none").view_as(blank).mean(1)
        return ((error + GLYPH_WEIGHT * surprise) * weight).sum() / weight.sum()

    def _predict(self, network: PixelMAE, batch: Rows) -> tuple[Tensor, Tensor, Tensor]:
        """Of hidden patches: predicted and true pixels, float32 ``(B * H, P, P)``, and characters ``(B * H, 2)``."""
        characters, shown, hidden = batch
        target = self.pictures.to(characters.device)[characters].permute(0, 2, 3, 1, 4).flatten(3)  # (B, L, P, P)
        pixel_values = target.transpose(1, 2).flatten(2).unsqueeze(1)  # (B, 1, P, P * L)
        attention_mask = (characters[:, 0] != PADDING).long()
        predicted = network(pixel_values, attention_mask, shown).float().unflatten(2, target.shape[2:])
        pick = hidden[:, :, None, None].expand(-1, -1, *target.shape[2:])
        truth = characters.gather(2, hidden.unsqueeze(1).expand(-1, 2, -1)).transpose(1, 2)
        return predicted.gather(1, pick).flatten(0, 1), target.gather(1, pick).flatten(0, 1), truth.flatten(0, 1)

    @torch.no_grad()
    def measure(self, network: PixelMAE, device: torch.device) -> dict[str, float]:
        """Held-out error of single hidden patches, and the share of patches read back exactly, by length of span."""
        measures = {}
        for span, probe in self.probes.items():
            right, errors = [], []
            for some in zip(*(part.split(64) for part in probe), strict=True):
                predicted, target, truth = self._predict(network, Rows(*some).to(device))
                errors.append((predicted - target).square().mean((1, 2)))
                read = self.reader.distances(predicted).argmin(-1)
                right.append((read == torch.where(truth == PADDING, 0, truth)).all(1))
            if span == 1:
                measures["error"] = torch.cat(errors).mean().item()
            measures[f"read_back/{span}"] = torch.cat(right).float().mean().item()
        return measures

    def state_dict(self) -> dict:
        return {}  # a batch depends on the seed and the step alone

    def load_state_dict(self, state: dict) -> None:
        pass


def cells(text: np.ndarray, patches: int) -> tuple[np.ndarray, int]:
    """A row as int64 ``(2, patches)``: ``text``, the separator, padding; and how many patches are text."""
    count = -(-len(text) // 2)
    row = np.full(2 * patches, PADDING, dtype=np.int64)
    row[: len(text)] = text
    row[2 * count : 2 * count + 2] = SEPARATOR
    return row.reshape(patches, 2).T, count
