"""The ledger of a prediction: how much every (context word, sense) adds to the logit of a next token, exactly.

In a Backpack the next-token logits are a sum over the words so far and their senses, so the parts are no estimate: they
add up to the logit (Hewitt et al. 2023, section 3).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from playground import limits
from playground.errors import InvalidRequest
from playground.senses.edit_documents import resolve_edits
from playground.senses.edits import Edit
from playground.senses.reading import SenseReading, controlled, read_senses
from playground.senses.words import check_has_senses


class Ledger:
    """What one position's prediction is made of.

    Attributes:
        ids: the tokens of the whole text. position: the one predicted from, counted from 0.
        alpha: float32 ``(T, k)`` with T = position + 1, the model's own weight of each sense of each token so far.
        weights: float32 ``(T, k)``, the same with the edits' factors, divided by the number of senses in Levanter's
            variant. senses: ``(T, k, d)``, the sense vectors, those replaced by edits included. added: ``(d,)``, what
            edits add besides.
    """

    def __init__(self, network: Any, reading: SenseReading, position: int, edits: Sequence[Any] = ()):
        self.network, self.ids, self.position = network, reading.ids, position
        with torch.inference_mode():
            self.alpha = reading.weights_at(position).T
        # Edits see the whole text here, as they do in model.logits(ids, edits).
        controls = network.controls([(edits, reading.ids)])
        self.weights, self.senses, self.added = controlled(network, reading, position, controls)

    @torch.no_grad()
    def contributions(self, token_id: int) -> Tensor:
        """Float32 ``(T, k)``: what each sense of each token so far adds to the logit of ``token_id``.

        Raises:
            InvalidRequest: an id outside the vocabulary.
        """
        return self.weights * (self.senses @ self._word(token_id))

    @torch.no_grad()
    def beside(self, token_id: int) -> float:
        """What edits of the kind AddSense add to the logit besides; 0 without one."""
        return float(self.added @ self._word(token_id))

    def total(self, token_id: int) -> float:
        """The logit of ``token_id``: the sum of its contributions and what stands beside them."""
        return float(self.contributions(token_id).double().sum()) + self.beside(token_id)

    def _word(self, token_id: int) -> Tensor:
        size = self.network.vocab_size
        if isinstance(token_id, bool) or not isinstance(token_id, int) or not 0 <= token_id < size:
            raise InvalidRequest(f"{token_id!r:.40} is no token id of this model; its ids go from 0 to {size - 1:,}.")
        return self.network.word_vectors[token_id].float()


def ledger(
    model: Any, text: str | Sequence[int], position: int = -1, edits: Sequence[Edit | Mapping[str, Any]] = ()
) -> Ledger:
    """Take apart what ``model`` predicts after one position of ``text``.

    Args:
        text: text, or token ids taken as they are.
        position: the token after which is predicted, from 0, or from the end: -1 is the last.
        edits: edit objects or edit documents. As in ``model.logits(ids, edits)`` they see the whole text.

    Raises:
        InvalidRequest: a model without senses, a text or edits that do not suit it, or no such position.
    """
    check_has_senses(model)
    ids = text_ids(model, text)
    return Ledger(
        model.network, read_senses(model.network, ids), place_of(position, len(ids)), resolve_edits(model, edits)
    )


def text_ids(model: Any, text: str | Sequence[int]) -> list[int]:
    """The checked ids of a text, or of ids.

    Raises:
        InvalidRequest: nothing to read, ids outside the vocabulary, or more than the context holds.
    """
    if isinstance(text, str):
        if len(text) > limits.PROMPT_CHARACTERS:
            raise InvalidRequest(
                f"The text has {len(text):,} characters, but at most {limits.PROMPT_CHARACTERS:,} are allowed. "
                "Shorten it."
            )
        text = model.prompt_ids(text)
    return model.batch(text)[0].tolist()


def place_of(position: int, length: int) -> int:
    """``position`` counted from 0; negative ones count from the end.

    Raises:
        InvalidRequest: outside the text.
    """
    if not -length <= position < length:
        raise InvalidRequest(
            f"Position {position} was asked for, but the text has {length:,} token{'s' * (length != 1)}: choose 0 to "
            f"{length - 1}, or -1 for the last."
        )
    return position % length
