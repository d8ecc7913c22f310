"""Stand-ins for a model: a tiny random Shard, a network that follows a script, and a tokenizer of bytes."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from playground.networks.language import LanguageNetwork
from playground.networks.shard import Shard, ShardConfig


class ByteTokenizer:
    """Ids 0 to 255 are bytes, 256 is the begin token and 257 the end token."""

    size = 258
    kind = "bytes"

    @property
    def special_ids(self):
        return {"<begin>": 256, "<end>": 257}

    def encode(self, text):
        return list(text.encode())

    def decode(self, ids):
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", errors="replace")

    def token_bytes(self, token):
        assert 0 <= token < self.size
        return bytes([token]) if token < 256 else b""

    def token_text(self, token):
        assert 0 <= token < self.size
        names = {value: name for name, value in self.special_ids.items()}
        return names.get(token) or (chr(token) if token < 128 else f"<0x{token:02X}>")


@dataclass
class StandIn:
    """The model object as the token loop sees it."""

    network: LanguageNetwork
    tokenizer: Any = field(default_factory=ByteTokenizer)
    stop_ids: tuple[int, ...] = (257,)
    sampled_size: int = 258
    begin_id: int | None = None
    abilities: frozenset[str] = frozenset({"generate"})

    def prompt_ids(self, text):
        if self.tokenizer is None:
            return [int(part) for part in text.split()]
        return ([] if self.begin_id is None else [self.begin_id]) + self.tokenizer.encode(text)

    def logits(self, ids):
        with torch.inference_mode():
            return self.network(torch.tensor([list(ids)]))[0]


class Script(LanguageNetwork):
    """Puts logit 9 on the token that ``script`` (ids or text) has at the next position; all others get 0.

    ``calls`` lists the shape of every forward, ``edits_seen`` what ``controls`` was asked for.
    """

    def __init__(self, script, vocab_size=258, context_length=64):
        super().__init__(vocab_size, context_length)
        self.script = list(script.encode() if isinstance(script, str) else script)
        self.calls, self.edits_seen = [], []

    class Cache:
        length = 0
        selected = ()

        def select(self, rows):
            self.selected += (list(rows),)

    def new_cache(self):
        self.cache = Script.Cache()
        return self.cache

    def hidden_states(self, ids, cache=None, controls=None, tail=None):
        start, length = self.span(ids, cache)
        self.calls.append(tuple(ids.shape))
        cache.length += length
        positions = torch.arange(start, start + length)[-(tail or length) :]
        return positions.repeat(ids.shape[0], 1)[..., None].float()

    def unembed(self, hidden):
        logits = torch.zeros(*hidden.shape[:2], self.vocab_size)
        for place, position in enumerate(hidden[0, :, 0].long().tolist()):
            if position + 1 < len(self.script):
                logits[:, place, self.script[position + 1]] = 9.0
        return logits

    def controls(self, rows):
        self.edits_seen.append([(tuple(edits), len(ids)) for edits, ids in rows])


@pytest.fixture
def scripted():
    """Make a model that follows a script; keyword arguments go to the network, the rest to the model."""

    def make(script, vocab_size=258, context_length=64, **model):
        return StandIn(Script(script, vocab_size, context_length), **model)

    return make


@pytest.fixture(scope="session")
def tiny_model():
    """A random Shard whose distributions are far from uniform, with a window shorter than the tests' texts."""
    torch.manual_seed(5)
    config = ShardConfig(
        vocab_size=264, dim=32, n_layers=3, n_heads=2, head_dim=16, mlp_hidden=48, max_seq_len=512, sliding_window=8
    )
    network = Shard(config).eval().requires_grad_(False)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            parameter.normal_(0, 0.3)
    return StandIn(network)
