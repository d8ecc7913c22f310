"""Any causal language model of the transformers library, behind the same calls as our own networks."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache

from playground.networks.language import LanguageNetwork
from playground.networks.layers import last


class NativeCache:
    """A transformers cache, or for an architecture without one the ids so far, which each step then runs again."""

    def __init__(self, config: Any):
        self.length = 0
        self.past: Any = DynamicCache(config=config)
        self.ids: Tensor | None = None

    def select(self, rows: Sequence[int]) -> None:
        """Keep, repeat or reorder rows of the batch in place."""
        if self.past is not None and self.length:
            self.past.batch_select_indices(torch.as_tensor(rows, device=self.ids.device))
        if self.ids is not None:
            self.ids = self.ids[torch.as_tensor(rows, device=self.ids.device)]


class NativeNetwork(LanguageNetwork):
    """Wraps a transformers model. Its hidden states are its logits: heads there may scale or cap in their own ways."""

    def __init__(self, model: nn.Module, context_length: int):
        super().__init__(model.get_output_embeddings().weight.shape[0], context_length)
        self.model = model
        self.config = model.config

    def new_cache(self) -> NativeCache:
        return NativeCache(self.config)

    def hidden_states(
        self, ids: Tensor, cache: NativeCache | None = None, controls: None = None, tail: int | None = None
    ) -> Tensor:
        _, length = self.span(ids, cache)
        if cache is None:
            return last(self.model(input_ids=ids, use_cache=False).logits, tail)
        cache.ids = ids if cache.ids is None else torch.cat((cache.ids, ids), dim=1)
        if cache.past is not None:
            output = self.model(input_ids=ids, past_key_values=cache.past, use_cache=True)
            logits = output.logits
            if getattr(output, "past_key_values", None) is None:
                cache.past = None  # this architecture keeps its state elsewhere
        if cache.past is None:
            logits = self.model(input_ids=cache.ids, use_cache=False).logits[:, -length:]
        cache.length += length
        return last(logits, tail)

    def unembed(self, hidden: Tensor) -> Tensor:
        return hidden.float()
