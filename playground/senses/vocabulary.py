"""Sweeps over the senses of a whole vocabulary, chunk by chunk, so that each can be stopped and none holds the table.

The table of all sense vectors would take 12 GB in the largest published model. A sweep computes only what is asked for:
one sense's vectors, or all senses' logits for a few words, which need no sense vectors at all. All functions are
generators that yield ``(tokens done, tokens in all)`` and return their result.
"""

from collections.abc import Generator
from contextlib import closing

import torch
from torch import Tensor

from playground.networks.backpack import Backpack

Sweep = Generator[tuple[int, int], None, Tensor]
CHUNK_FLOPS = 1e10
CHUNK = (16, 2048)
SQUARE = 2**25  # logits of a chunk of tokens for every word, held at once


def sense_directions(network: Backpack, sense: int) -> Sweep:
    """``(V, d)`` in half precision: every token's vector of one sense, scaled to length 1 (0 stays 0)."""
    config, parts = network.config, []
    each = 2 * config.n_embd**2 * (9 + config.sense_intermediate_scale)
    for ids in _chunks(network, each):
        with torch.inference_mode():
            vectors = network.sense_network.one(network.encoder.wte(ids), sense).float()
            parts.append(torch.nn.functional.normalize(vectors, dim=-1).half())
        yield int(ids[-1]) + 1, network.vocab_size
    return torch.cat(parts)


def sense_logits(network: Backpack, direction: Tensor) -> Sweep:
    """Float32 ``(V, k)``: every (token, sense)'s vector times ``direction (d,)``, a word vector or a sum of such.

    The last layer is linear, so it is applied to ``direction`` once and not to every token.
    """
    config, last, parts = network.config, network.sense_network.final_mlp.c_proj, []
    direction = direction.float()
    normalised = network.sense_network.ln_2 is not None  # then it is not linear
    with torch.inference_mode():
        through = last.weight.float().unflatten(1, (config.num_senses, -1)) @ direction  # (s * d, k)
        offset = last.bias.float().unflatten(0, (config.num_senses, -1)) @ direction  # (k,)
    senses = config.num_senses if normalised else 1
    for ids in _chunks(network, 2 * config.n_embd**2 * (8 + config.sense_intermediate_scale * (1 + senses))):
        with torch.inference_mode():
            if normalised:
                parts.append(network.sense_vectors(ids).float() @ direction)
            else:
                features = network.sense_network.features(network.encoder.wte(ids))
                parts.append(features.float() @ through + offset)
        yield int(ids[-1]) + 1, network.vocab_size
    return torch.cat(parts)


def largest_logits(network: Backpack) -> Sweep:
    """Float32 ``(V, k)``: the largest logit that each (token, sense) gives to any word. V * V * k * d multiplications:
    seconds in a demo, minutes in backpack-gpt2 and an hour or more in the largest model on a few cores.
    """
    parts = []
    cells = network.vocab_size * network.num_senses
    chunk = max(1, min(64, SQUARE // cells, int(CHUNK_FLOPS / (2 * cells * network.config.n_embd))))
    for ids in torch.arange(network.vocab_size, device=network.word_vectors.device).split(chunk):
        with torch.inference_mode():
            parts.append(network.unembed(network.sense_vectors(ids)).amax(-1))
        yield int(ids[-1]) + 1, network.vocab_size
    return torch.cat(parts)


def named(stage: str, sweep: Sweep) -> Generator[tuple[str, int, int], None, Tensor]:
    """A sweep that yields ``(stage, done, total)``."""
    with closing(sweep):
        while True:
            try:
                done, total = next(sweep)
            except StopIteration as stopped:
                return stopped.value
            yield stage, done, total


def _chunks(network: Backpack, flops: int) -> tuple[Tensor, ...]:
    """All token ids in chunks of about CHUNK_FLOPS, each token costing ``flops``."""
    size = max(CHUNK[0], min(CHUNK[1], int(CHUNK_FLOPS / flops)))
    return torch.arange(network.vocab_size, device=network.word_vectors.device).split(size)
