"""What every language network offers to the token loop, whatever its architecture."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from playground.errors import InvalidRequest


class LanguageNetwork(nn.Module):
    """A causal language model over token ids.

    Attributes:
        vocab_size: rows of the embedding that the logits cover.
        context_length: the most positions a sequence may have.

    A subclass defines ``new_cache``, ``hidden_states`` and ``unembed``. The first axis of every tensor is the batch;
    all rows of a batch have the same length.
    """

    def __init__(self, vocab_size: int, context_length: int):
        super().__init__()
        self.vocab_size = vocab_size
        self.context_length = context_length

    def new_cache(self) -> Any:
        """An empty cache: it has ``length`` (positions seen) and ``select(rows)``."""
        raise TypeError(f"{type(self).__name__} must define new_cache")

    def hidden_states(self, ids: Tensor, cache: Any = None, controls: Any = None, tail: int | None = None) -> Tensor:
        """Final hidden states ``(B, T, D)`` of int64 ``ids (B, T)``, which continue what ``cache`` holds.

        ``controls`` is what :meth:`controls` made of a row's edits, or None. With ``tail`` only the last ``tail`` of
        the T states are wanted, and what only the others need is not computed.
        """
        raise TypeError(f"{type(self).__name__} must define hidden_states")

    def unembed(self, hidden: Tensor) -> Tensor:
        """Float32 logits ``(B, T, vocab_size)`` of ``hidden (B, T, D)``."""
        raise TypeError(f"{type(self).__name__} must define unembed")

    def forward(self, ids: Tensor, cache: Any = None, controls: Any = None) -> Tensor:
        """Float32 next-token logits ``(B, T, vocab_size)`` after every position of ``ids (B, T)``."""
        return self.unembed(self.hidden_states(ids, cache, controls))

    def controls(self, rows: Sequence[tuple[Sequence[Any], Sequence[int]]]) -> Any:
        """Compile ``rows`` of (edits, all ids so far) into the plain data that ``hidden_states`` takes, or None.

        Raises:
            InvalidRequest: if there are edits and this network has nothing that they could change.
        """
        if any(edits for edits, _ in rows):
            raise InvalidRequest("This model has no sense vectors, so edits do not apply to it. Remove the edits.")

    def span(self, ids: Tensor, cache: Any) -> tuple[int, int]:
        """The first position and the number of positions of ``ids``, checked against the context length."""
        start, length = (0 if cache is None else cache.length), ids.shape[1]
        if start + length > self.context_length:
            raise InvalidRequest(
                f"The sequence has {start + length:,} tokens, but this model's context holds {self.context_length:,}. "
                "Shorten the text."
            )
        return start, length
