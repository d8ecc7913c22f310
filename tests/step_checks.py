"""What every way to replay a step must agree with: the readable network."""

import torch

from playground.decode.plain import PlainDecoder

LENGTH = 150  # past every window: shard's 8, gelu-gpt's 65 and 129


def close(found, expected):
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def ids_for(network, length=LENGTH, seed=1):
    return torch.randint(network.vocab_size, (length,), generator=torch.Generator().manual_seed(seed)).tolist()


def rows_part_leave_and_change_places(network, make):
    """``make(network)`` is a decoder."""
    prompt, tails = ids_for(network, 12), [ids_for(network, 9, seed) for seed in (2, 3, 4)]
    decoder = make(network)
    assert list(decoder.prefill(prompt))
    decoder.select([0, 0, 0])
    for tokens in list(zip(*tails, strict=True))[:5]:
        logits = decoder.step(tokens)
    with torch.inference_mode():
        close(logits, network(torch.tensor([prompt + tail[:5] for tail in tails]))[:, -1])
        decoder.select([2, 0])
        for tokens in list(zip(tails[2], tails[0], strict=True))[5:]:
            logits = decoder.step(tokens)
        close(logits, network(torch.tensor([prompt + tails[2], prompt + tails[0]]))[:, -1])


def edits_are_those_of_the_readable_network(network, edits, make):
    """``edits`` of a Backpack's senses; ``make(network)`` is a decoder."""
    ids = [3, 4, 3, *ids_for(network, 30), 3, 9, 4]
    decoders = [PlainDecoder(network), make(network)]
    for decoder in decoders:
        list(decoder.prefill(ids[:4], lambda length: network.controls([(edits, ids[:length])])))
    for end in range(5, len(ids) + 1):
        controls = network.controls([(edits, ids[:end])])
        close(decoders[1].step(ids[end - 1 : end], controls), decoders[0].step(ids[end - 1 : end], controls))
