"""Our networks against the specified formulas written out as loops over positions, heads and experts."""

import math

import pytest
import torch
import torch.nn.functional as F
from tiny_networks import language

from playground.networks.layers import rms_norm, rotary_angles, rotate


def close(found, expected):
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-5)


def norm(x):
    return x / (x.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt()


def turned_back(x, position, base):
    """One head's vector: pairs (j, j + half) rotated by minus the angle, as complex numbers."""
    half = len(x) // 2
    angles = torch.tensor([position * base ** (-2 * j / len(x)) for j in range(half)])
    pairs = torch.complex(x[:half], x[half:]) * torch.polar(torch.ones(half), -angles)
    return torch.cat((pairs.real, pairs.imag))


def gelu_gpt_logits(network, ids):
    """The gelu-gpt spec, one position and one head at a time."""
    c, w = network.config, dict(network.named_parameters())
    e = [norm(w["wte.weight"][i]) for i in ids]
    xs = []
    for t, now in enumerate(e):
        gate = torch.sigmoid(w["smear_gate.weight"][0] @ now[:24])
        xs.append(now + (w["smear_lambda"] * gate * e[t - 1] if t else 0))
    x0s, middles, size = list(xs), None, c.n_embd // c.n_head
    for i in range(c.n_layer):
        long = i == c.n_layer - 1 or c.window_pattern[i % len(c.window_pattern)] == "L"
        window = c.sequence_len if long else max(128, math.ceil(math.ceil(c.sequence_len / 4) / 128) * 128)
        p = f"blocks.{i}."
        xs = [w["resid_lambdas"][i] * x + w["x0_lambdas"][i] * x0 for x, x0 in zip(xs, x0s, strict=True)]
        queries, keys, values = [], [], []
        for t, x in enumerate(xs):
            h = norm(x)
            q, k, v = ((w[f"{p}attn.c_{n}.weight"] @ h).view(-1, size) for n in "qkv")
            if i % 2 == (c.n_layer - 1) % 2:
                gates = 3 * torch.sigmoid(w[f"{p}attn.ve_gate.weight"] @ h[:12])
                v = v + gates[:, None] * w[f"value_embeds.{i}.weight"][ids[t]].view(-1, size)
            queries.append([1.2 * norm(turned_back(head, t, c.rope_base)) for head in q])
            keys.append([1.2 * norm(turned_back(head, t, c.rope_base)) for head in k])
            values.append(v)
        for t in range(len(xs)):
            heads = []
            for head in range(c.n_head):
                shared = head // (c.n_head // c.n_kv_head)
                sees = range(max(0, t - window), t + 1)
                scores = torch.stack([queries[t][head] @ keys[j][shared] for j in sees]) / math.sqrt(size)
                heads.append(scores.softmax(0) @ torch.stack([values[j][shared] for j in sees]))
            x = xs[t] + w[f"{p}attn.c_proj.weight"] @ torch.cat(heads)
            inner = w[f"{p}mlp.c_fc.weight"] @ norm(x)
            inner = inner.clamp(min=0) ** 2 if c.mlp == "relu2" else F.gelu(inner, approximate="tanh")
            xs[t] = x + w[f"{p}mlp.c_proj.weight"] @ inner
        if i == c.n_layer // 2:
            middles = list(xs)
    table = w["wte.weight"] if c.tie_embeddings else w["lm_head.weight"]
    final = torch.stack([norm(x - w["backout_lambda"] * m) for x, m in zip(xs, middles, strict=True)])
    return 15 * torch.tanh(final @ table[: c.vocab_size].T / 15)


@pytest.mark.parametrize(
    ("name", "length"), [("gelu-gpt", 20), ("gelu-gpt relu2 untied", 75), ("gelu-gpt full heads", 20)]
)
@torch.inference_mode()
def test_gelu_gpt_is_what_the_spec_says(name, length):
    """The longer text goes beyond the last layer's window of 65 keys."""
    network = language(name)
    ids = torch.randint(90, (1, length), generator=torch.Generator().manual_seed(3))
    close(network(ids)[0], gelu_gpt_logits(network, ids[0].tolist()))


@torch.inference_mode()
def test_each_token_uses_its_best_experts():
    network = language("pixel-lm of experts")
    layers = [layer.feed_forward for layer in network.layers]
    assert [hasattr(layer, "router") for layer in layers] == [False, True, False, True]
    x = torch.randn(2, 7, 48)
    expected = torch.zeros_like(x)
    for b in range(2):
        for t in range(7):
            scores = [float(row @ x[b, t]) for row in layers[1].router.weight]
            best = sorted(range(4), key=lambda e: -scores[e])[:2]
            total = sum(math.exp(scores[e]) for e in best)
            for e in best:
                expert = layers[1].experts[e]
                inner = F.silu(expert.gate.weight @ x[b, t]) * (expert.up.weight @ x[b, t])
                expected[b, t] += math.exp(scores[e]) / total * (expert.down.weight @ inner)
    close(layers[1](x), expected)


@pytest.mark.parametrize("name", ["backpack", "backpack of Levanter", "backpack with normalised senses"])
@torch.inference_mode()
def test_a_backpack_is_the_weighted_sum_of_its_senses(name):
    network, length = language(name), 12
    c, w = network.config, dict(network.named_parameters())
    ids = torch.randint(83, (length,), generator=torch.Generator().manual_seed(4))

    def layer_norm(x, stem):
        return F.layer_norm(x, (c.n_embd,), w[f"{stem}.weight"], w[f"{stem}.bias"], 1e-5)

    def mlp(x, stem):
        inner = F.gelu(x @ w[f"{stem}.c_fc.weight"] + w[f"{stem}.c_fc.bias"], approximate="tanh")
        return inner @ w[f"{stem}.c_proj.weight"] + w[f"{stem}.c_proj.bias"]

    width = c.n_embd // c.num_senses
    states = network.encoder(ids[None], 0, [None] * c.n_layer)[0]
    both = states @ w["sense_weight_net.weight"].T + w["sense_weight_net.bias"]  # (T, 2kh)
    e = w["encoder.wte.weight"][ids]
    r = e + layer_norm(e, "sense_network.ln")
    z = layer_norm(
        r + mlp(layer_norm(r, "sense_network.block.ln_1"), "sense_network.block.mlp"), "sense_network.block.ln_2"
    )
    senses = mlp(z, "sense_network.final_mlp").view(length, c.num_senses, c.n_embd)
    if c.normalise_senses:
        senses = layer_norm(senses, "sense_network.ln_2")
    hidden = torch.zeros(length, c.n_embd)
    for sense in range(c.num_senses):
        q = both[:, sense * width : (sense + 1) * width]
        k = both[:, (c.num_senses + sense) * width : (c.num_senses + sense + 1) * width]
        for t in range(length):
            alpha = (k[: t + 1] @ q[t] / math.sqrt(width)).softmax(0)
            torch.testing.assert_close(network.sense_weights(ids[None])[0, sense, t, : t + 1], alpha, atol=1e-5, rtol=0)
            hidden[t] += alpha @ senses[: t + 1, sense]
    if c.divide_by_senses:
        hidden = hidden / c.num_senses
    close(network.sense_vectors(ids), senses)
    close(network.hidden_states(ids[None])[0], hidden)
    table = w["encoder.wte.weight"] if c.tied else w["lm_head.weight"]
    close(network(ids[None])[0], hidden @ table.T)


def test_rotation_turns_each_pair_by_its_angle():
    x, base, start = torch.randn(1, 1, 3, 8, generator=torch.Generator().manual_seed(5)), 100.0, 11
    cos, sin = rotary_angles(start, 3, 8, base, x.device)
    for pairing, pairs in (
        ("interleaved", [(0, 1), (2, 3), (4, 5), (6, 7)]),
        ("half", [(0, 4), (1, 5), (2, 6), (3, 7)]),
    ):
        turned = rotate(x, cos, sin, pairing)[0, 0]
        for t in range(3):
            for j, (a, b) in enumerate(pairs):
                pair = torch.complex(x[0, 0, t, a], x[0, 0, t, b]) * torch.polar(
                    torch.tensor(1.0), torch.tensor((start + t) * base ** (-2 * j / 8))
                )
                torch.testing.assert_close(turned[t, a], pair.real, atol=1e-5, rtol=0)
                torch.testing.assert_close(turned[t, b], pair.imag, atol=1e-5, rtol=0)


def test_statistics_of_a_norm_are_float32_whatever_the_input():
    x = torch.full((1, 64), 300.0, dtype=torch.float16)  # its squares do not fit in 16 bit
    assert torch.equal(rms_norm(x, 1e-5), torch.ones(1, 64, dtype=torch.float16))
