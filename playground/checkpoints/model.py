"""A loaded model: network, tokenizer and card behind the calls of the library face."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from playground.checkpoints.card import ModelCard
from playground.checkpoints.families.base import Family
from playground.errors import InvalidRequest
from playground.text.rendering import Renderer, Strip, Text
from playground.text.tokenizers import Tokenizer


class Model:
    """What every loaded model has.

    Attributes:
        network: the torch module, in evaluation mode, without gradients.
        card: what it is.
        abilities: among "generate", "reconstruct", "senses"; views attach to these.
        tokenizer: None for a model that reads pictures, or whose checkpoint ships none.
        origin: what tells its files from any others; None for one that came from none.
    """

    def __init__(self, family: Family, network: nn.Module, tokenizer: Tokenizer | None):
        self.family = family
        self.network = network
        self.tokenizer = tokenizer
        self.card: ModelCard | None = None  # the loader sets it when everything is known
        self.origin: str | None = None  # likewise

    @property
    def abilities(self) -> frozenset[str]:
        return self.family.abilities

    @property
    def memory_bytes(self) -> int:
        """Bytes of the unique parameters."""
        return sum(parameter.numel() * parameter.element_size() for parameter in self.network.parameters())


class LanguageModel(Model):
    """A model that predicts the next token."""

    def __init__(self, family: Family, network: nn.Module, tokenizer: Tokenizer | None, end_ids: Sequence[int] = ()):
        super().__init__(family, network, tokenizer)
        named = () if tokenizer is None else (tokenizer.special_ids.get(name) for name in family.end_tokens)
        self.stop_ids = tuple(dict.fromkeys(i for i in (*named, *end_ids) if i is not None))

    @property
    def sampled_size(self) -> int:
        """Ids from here on are never sampled: no tokenizer piece stands for them."""
        known = [self.network.vocab_size]
        if self.tokenizer is not None:
            known.append(self.tokenizer.size)
        elif self.family.companion is not None:
            known.append(self.family.companion.size)
        return min(known)

    @property
    def begin_id(self) -> int | None:
        """The id that goes before a prompt, or None."""
        if self.tokenizer is None:
            return None
        begins = self.tokenizer.adds_begin if self.family.begins is None else self.family.begins
        return self.tokenizer.begin_id if begins else None

    def prompt_ids(self, text: str) -> list[int]:
        """The ids of a prompt as the family prepares it; an empty prompt becomes a begin or end token.

        Without a tokenizer the text is read as ids separated by blanks.

        Raises:
            InvalidRequest: nothing to start from, or text for a model without tokenizer.
        """
        if self.tokenizer is None:
            return self._raw_ids(text)
        ids = self.tokenizer.encode(self.family.prepare(text))
        if self.begin_id is not None:
            ids = [self.begin_id, *ids]
        if not ids:
            start = next((i for i in (self.tokenizer.begin_id, self.tokenizer.end_id) if i is not None), None)
            if start is None:
                raise InvalidRequest("The prompt is empty and this model has no begin token. Type something.")
            ids = [start]
        return ids

    def _raw_ids(self, text: str) -> list[int]:
        try:
            return [int(part) for part in text.replace(",", " ").split()]
        except ValueError:
            wanted = self.family.companion
            advice = (
                f"load it with the tokenizer {wanted.repository} or a file" if wanted else "load it with a tokenizer"
            )
            raise InvalidRequest(
                f"This checkpoint ships no tokenizer, so a prompt must be token ids such as '17 4 99'; or {advice}."
            ) from None

    def batch(self, ids: Sequence[int]) -> Tensor:
        """Checked ids as an int64 tensor ``(1, T)``, where the network is.

        Raises:
            InvalidRequest: no ids, ids outside the vocabulary, or more than the context holds.
        """
        ids = [int(i) for i in ids]
        vocabulary, context = self.network.vocab_size, self.network.context_length
        if not ids:
            raise InvalidRequest("There are no token ids to read. Give at least one.")
        outside = next((i for i in ids if not 0 <= i < vocabulary), None)
        if outside is not None:
            raise InvalidRequest(
                f"Token id {outside} is outside the vocabulary, which has ids 0 to {vocabulary - 1:,}."
            )
        if len(ids) > context:
            raise InvalidRequest(
                f"The text has {len(ids):,} tokens, but this model's context holds {context:,}. Shorten it."
            )
        weight = next(self.network.parameters(), None)
        return torch.tensor([ids], device=None if weight is None else weight.device)

    @torch.inference_mode()
    def logits(self, ids: Sequence[int], edits: Sequence[Any] = ()) -> Tensor:
        """Float32 ``(T, vocab)``: the next-token logits after every position, teacher-forced.

        Raises:
            InvalidRequest: bad ids, or edits for a model without senses.
        """
        batch = self.batch(ids)
        return self.network(batch, controls=self.network.controls([(edits, batch[0].tolist())]))[0]


class SenseModel(LanguageModel):
    """A language model with sense vectors."""

    @torch.inference_mode()
    def sense_vectors(self, ids: Sequence[int]) -> Tensor:
        """Sense vectors ``(T, k, d)`` of token ids, whatever stands around them."""
        return self.network.sense_vectors(self.batch(ids))[0]

    @torch.inference_mode()
    def sense_weights(self, ids: Sequence[int]) -> Tensor:
        """Float32 alpha ``(k, T, T)``: sense, query position, key position. Rows sum to 1."""
        return self.network.sense_weights(self.batch(ids))[0]


class PatchModel(Model):
    """A model that reconstructs hidden patches of a picture.

    Attributes:
        renderer: draws text as the checkpoint was trained on it; None if that style is not known.
    """

    def __init__(self, family: Family, network: nn.Module, renderer: Renderer | None):
        super().__init__(family, network, None)
        self.renderer = renderer

    def render(self, text: Text) -> Strip:
        """``text`` as the model's strip of patches.

        Args:
            text: a text; for models in the published styles also a tuple of two texts, or a list of words.

        Raises:
            InvalidRequest: an enormous text, or a model whose way of drawing is not known.
        """
        if self.renderer is None:
            raise InvalidRequest(
                "This checkpoint declares no known style of rendering, so text cannot be drawn for it. "
                "Give pixels to predict_patches instead."
            )
        return self.renderer.render(text)

    @torch.inference_mode()
    def predict_patches(self, pixel_values: Tensor, attention_mask: Tensor, mask: Tensor) -> Tensor:
        """Predict every patch while hiding exactly those where ``mask`` is 1.

        Args:
            pixel_values: ``(B, 3, P, P * L)``, 0 (black) to 1 (white).
            attention_mask: ``(B, L)``, 1 for text patches and separators.
            mask: ``(B, L)``, 1 = hidden.

        Returns:
            Float32 ``(B, L, P * P * 3)``, in a patch row by row, the channel fastest; per-patch standardised pixels
            where the checkpoint was trained so (``norm_pix_loss``).

        Raises:
            InvalidRequest: shapes that do not belong together.
        """
        dtype = next(self.network.parameters()).dtype
        return self.network.predict_patches(pixel_values.to(dtype), attention_mask, mask).float()


def language_class(family: Family) -> type[LanguageModel]:
    """The class that offers what a language model of the family can do."""
    return SenseModel if "senses" in family.abilities else LanguageModel
