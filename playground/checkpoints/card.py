"""What a loaded model is, in plain data: shown on the Models tab, printed by ``card``, kept in run records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.checkpoints.memory import readable_bytes


@dataclass(frozen=True)
class ModelCard:
    """Facts about a loaded model, counted and read, not copied from what the checkpoint claims.

    Attributes:
        name: as asked for: catalogue name, file name or Hub id.
        parameters: unique parameters, tied ones counted once.
        memory_bytes: what the parameters take in ``dtype``.
        source: the files that the weights came from.
        fingerprint: short identity of those files (see ``TensorFile.fingerprint``).
        sizes: the network's config.
        context_length: the most tokens of a sequence, or patches of a picture.
        tokenizer: what the tokenizer is, or None. tokenizer_fingerprint: identity of its files, or None.
        training: what the checkpoint tells about its training.
        abilities: among "generate", "reconstruct", "senses".
        notes: plain sentences: choices made, disagreements found, warnings.
        decode: how its token steps are computed, and why; None before the first one.
    """

    name: str
    family: str
    title: str
    parameters: int
    dtype: str
    memory_bytes: int
    source: tuple[str, ...]
    fingerprint: str
    sizes: Mapping[str, Any]
    context_length: int
    vocabulary: int | None
    tokenizer: str | None
    abilities: tuple[str, ...]
    training: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    tokenizer_fingerprint: str | None = None
    decode: str | None = None

    def lines(self) -> list[tuple[str, str]]:
        """The card as (label, text) pairs, for a table on a screen or in a terminal."""
        rows = [
            ("Family", self.title),
            ("Parameters", f"{self.parameters:,}"),
            ("Precision", f"{self.dtype}, {readable_bytes(self.memory_bytes)}"),
            ("Context", f"{self.context_length:,} {'patches' if self.vocabulary is None else 'tokens'}"),
        ]
        if self.vocabulary is not None:
            rows.append(("Vocabulary", f"{self.vocabulary:,} ids"))
            rows.append(("Tokenizer", self.tokenizer or "none: prompts are token ids"))
        if self.decode is not None:
            rows.append(("Token steps", self.decode))
        rows.append(("Source", ", ".join(self.source)))
        rows.append(("Identity", self.fingerprint[:16]))
        if self.training:
            rows.append(("Training", ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in self.training.items())))
        return rows
