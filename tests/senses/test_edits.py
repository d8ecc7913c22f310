"""Edits against the sum over (word, sense) written out, alone, together, and with the cache."""

import math

import pytest
import torch
from tiny_networks import BACKPACK, language

from playground.errors import InvalidRequest
from playground.networks.backpack import Backpack, BackpackConfig
from playground.senses.edits import (
    STRENGTHS,
    AddSense,
    ScaleSense,
    SwapDirection,
    TopicBoost,
    annealing,
    spoken_senses,
    topic_multipliers,
    topic_scores,
)

IDS = [5, 9, 5, 30, 7, 5, 61, 9]


@pytest.fixture(scope="module", params=["backpack", "backpack of Levanter"])
def network(request):
    return language(request.param)


def close(found, expected):
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-5)


def edited(network, edits, ids=IDS):
    with torch.inference_mode():
        return network(torch.tensor([ids]), controls=network.controls([(edits, ids)]))[0]


def written_out(network, scales, senses, ids=IDS):
    """Logits (T, V) from alpha, factors (T, k) and sense vectors (T, k, d)."""
    alpha = network.sense_weights(torch.tensor([ids]))[0]  # (k, T, T)
    divisor = network.config.num_senses if network.config.divide_by_senses else 1
    hidden = torch.einsum("kts,sk,skd->td", alpha, scales, senses) / divisor
    return hidden @ network.encoder.wte.weight.T


@torch.inference_mode()
def test_scaling_a_sense_everywhere_or_at_one_position(network):
    senses = network.sense_vectors(torch.tensor(IDS))
    scales = torch.ones(len(IDS), network.num_senses)
    scales[[0, 2, 5], 1] = 0.25
    close(edited(network, [ScaleSense(5, 1, 0.25)]), written_out(network, scales, senses))
    scales[[0, 5], 1] = 1.0
    at_two = edited(network, [ScaleSense(5, 1, 0.25, position=2)])
    close(at_two, written_out(network, scales, senses))
    close(at_two[:2], edited(network, [])[:2])  # the past does not know


@torch.inference_mode()
def test_an_added_sense_is_one_more_term_of_the_sum(network):
    """Against logits with the sense's own logits added, alone, with others, per row, with the cache and replaced."""
    divisor = network.config.num_senses if network.config.divide_by_senses else 1
    own = network.unembed(network.sense_vectors(torch.tensor([9]))[0])  # (k, V): what each sense says by itself
    plain = edited(network, [])
    close(edited(network, [AddSense(9, 1, 0.7)]), plain + 0.7 * own[1] / divisor)
    both = [AddSense(9, 1, 0.7), AddSense(9, 0, -0.2)]
    close(edited(network, both), plain + (0.7 * own[1] - 0.2 * own[0]) / divisor)
    close(edited(network, [AddSense(9, 1, 0.7), AddSense(9, 1, -0.7)]), plain)
    scaled = [ScaleSense(5, 1, 0.25)]
    close(edited(network, scaled + both[:1]), edited(network, scaled) + 0.7 * own[1] / divisor)
    rows = network.controls([(both, IDS), ([], IDS)])
    two = network(torch.tensor([IDS, IDS]), controls=rows)
    close(two[0], edited(network, both))
    close(two[1], plain)
    cache, steps = network.new_cache(), []
    for i, token in enumerate(IDS):
        steps.append(network(torch.tensor([[token]]), cache, network.controls([(both, IDS[: i + 1])]))[0])
    close(torch.cat(steps), edited(network, both))
    swap = SwapDirection(9, 4, 6)
    swapped = network.unembed(swap.vectors(network, {})[9])
    close(edited(network, [swap, AddSense(9, 1, 0.7)]), edited(network, [swap]) + 0.7 * swapped[1] / divisor)


@torch.inference_mode()
def test_factors_multiply_and_a_token_that_is_absent_changes_nothing(network):
    senses, scales = network.sense_vectors(torch.tensor(IDS)), torch.ones(len(IDS), network.num_senses)
    scales[[1, 7], 0] = 0.5 * 3.0
    scales[3, 2] = -1.0
    edits = [ScaleSense(9, 0, 0.5), ScaleSense(9, 0, 3.0), ScaleSense(30, 2, -1.0), ScaleSense(82, 0, 9.0)]
    close(edited(network, edits), written_out(network, scales, senses))
    assert torch.equal(edited(network, [ScaleSense(82, 0, 9.0)]), edited(network, []))
    assert network.controls([([], IDS)]) is None


@torch.inference_mode()
def test_swapping_directions_one_after_another(network):
    senses, table = network.sense_vectors(torch.tensor(IDS)).clone(), network.encoder.wte.weight
    for token, out, into in ((5, 11, 12), (9, 11, 12), (5, 12, 13)):
        for place, id_ in enumerate(IDS):
            if id_ == token:
                for k in range(network.num_senses):
                    c = senses[place, k] @ table[out] / (table[out] @ table[out])
                    ratio = (table[out] @ table[out]) / (table[into] @ table[into])
                    senses[place, k] += c * (ratio * table[into] - table[out])
    edits = [SwapDirection(5, 11, 12), SwapDirection(9, 11, 12), SwapDirection(5, 12, 13), ScaleSense(7, 0, 0.0)]
    scales = torch.ones(len(IDS), network.num_senses)
    scales[4, 0] = 0.0
    close(edited(network, edits), written_out(network, scales, senses))


@torch.inference_mode()
def test_rows_of_a_batch_have_their_own_edits(network):
    rows = [([ScaleSense(5, 1, 0.0)], IDS), ([], IDS), ([SwapDirection(5, 11, 12), ScaleSense(9, 0, 2.0)], IDS)]
    together = network(torch.tensor([IDS] * 3), controls=network.controls(rows))
    for row, (edits, ids) in enumerate(rows):
        close(together[row], edited(network, edits, ids))


@torch.inference_mode()
def test_edits_reach_the_cache(network):
    """Without annealing a factor depends on its own word only, so steps and the full forward agree."""
    edits = [ScaleSense(5, 1, 0.25), SwapDirection(9, 11, 12), TopicBoost((3, 4), anneal=False)]
    cache, found = network.new_cache(), []
    for start, end in ((0, 3), (3, 4), (4, 7), (7, 8)):
        controls = network.controls([(edits, IDS[:end])])
        found.append(network(torch.tensor([IDS[start:end]]), cache, controls)[0])
    close(torch.cat(found), edited(network, edits))


@torch.inference_mode()
def test_topic_scores_are_logits_of_the_targets_over_the_best_logit(network):
    scores = topic_scores(network, [3, 44], skip=8)
    assert scores.shape == (83, network.num_senses)
    for token, k in ((0, 0), (17, 1), (82, 3)):
        logits = network.sense_vectors(torch.tensor(token))[k] @ network.encoder.wte.weight.T
        torch.testing.assert_close(scores[token, k], (logits[3] + logits[44]) / logits.max(), atol=1e-4, rtol=1e-4)
    assert not scores[8].any()


@torch.inference_mode()
def test_multipliers_go_by_quantile_of_all_scores(network):
    m = (4.0, 3.0, 2.0, 0.5)
    scores, table = topic_scores(network, [3]), topic_multipliers(network, (3,), m)
    high, middle, low = (torch.quantile(scores.flatten(), q) for q in (0.95, 0.80, 0.60))
    for score, factor in zip(scores.flatten().tolist(), table.flatten().tolist(), strict=True):
        if min(abs(score - q) for q in (high, middle, low)) > 1e-6:
            assert factor == (m[0] if score > high else m[1] if score > middle else m[2] if score > low else m[3])
    shares = [(table == factor).float().mean().item() for factor in m]
    assert shares == pytest.approx([0.05, 0.15, 0.20, 0.60], abs=0.02)


def test_scores_that_tie_with_a_quantile_keep_their_weight(network, monkeypatch):
    def nothing(network, _):
        yield 83, 83
        return torch.zeros(83, network.num_senses)

    monkeypatch.setattr("playground.senses.topics.sense_logits", nothing)
    network.derived.clear()
    assert torch.equal(topic_multipliers(network, (1,), STRENGTHS[3]), torch.ones(83, network.num_senses))
    network.derived.clear()


@torch.inference_mode()
def test_a_boost_fades_with_what_has_been_said(network):
    spoken = spoken_senses(network, IDS)
    senses, table = network.sense_vectors(torch.tensor(IDS)), network.encoder.wte.weight
    by_hand = sum(max(0.0, float(senses[2, 1] @ table[x])) for x in IDS)
    assert float(spoken[2, 1]) == pytest.approx(by_hand, rel=1e-4)
    m = (3.0, 2.0, 1.5, 1.0)
    fade = 1 / (1 + math.exp(3.0 / 7.5 * by_hand - 6))
    assert float(annealing(network, IDS, m)[2, 1]) == pytest.approx(fade * 1.02, rel=1e-3)
    assert float(annealing(network, IDS, m, recency=False)[2, 1]) == pytest.approx(fade, rel=1e-3)
    boost = TopicBoost((3,), m, recency=False)
    expected = topic_multipliers(network, (3,), m)[5, 1] * fade + (1 - fade)
    assert float(boost.scales(network, IDS)[2, 1]) == pytest.approx(float(expected), rel=1e-3)


def test_targets_and_multipliers_may_be_lists(network):
    as_lists = TopicBoost([3, 44], [2.0, 1.5, 1.2, 1.0])
    assert as_lists == TopicBoost((3, 44), (2.0, 1.5, 1.2, 1.0))
    assert torch.equal(edited(network, [as_lists]), edited(network, [TopicBoost((3, 44), (2.0, 1.5, 1.2, 1.0))]))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (ScaleSense(83, 0, 1.0), "token_id is 83"),
        (ScaleSense(-1, 0, 1.0), "token_id is -1"),
        (ScaleSense("5", 0, 1.0), "token_id is '5'"),
        (ScaleSense(5, 99, 1.0), "sense is 99"),
        (ScaleSense(5, -1, 1.0), "sense is -1"),
        (ScaleSense(5, 0, float("nan")), "factor is nan"),
        (ScaleSense(5, 0, float("inf")), "factor is inf"),
        (SwapDirection(5, 83, 1), "out_token_id is 83"),
        (SwapDirection(5, 1, 1.5), "in_token_id is 1.5"),
        (TopicBoost(()), "at least one target"),
        (TopicBoost((3, 90)), "target is 90"),
        (TopicBoost((3,), (1.0, 2.0)), "4 multipliers"),
        (TopicBoost((3,), (1.0, 2.0, float("nan"), 1.0)), "4 multipliers"),
        (TopicBoost((3,), skip=99), "skip is 99"),
    ],
)
def test_what_is_outside_the_model_is_refused(network, edit, said):
    with pytest.raises(InvalidRequest) as refusal:
        network.controls([([edit], IDS)])
    assert said in str(refusal.value)


def test_an_empty_word_vector_cannot_take_a_direction():
    network = Backpack(BackpackConfig(**BACKPACK)).requires_grad_(False)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    network.encoder.wte.weight[12] = 0
    for edit in (SwapDirection(5, 11, 12), SwapDirection(5, 12, 11)):
        with pytest.raises(InvalidRequest, match="token 12"):
            network.controls([([edit], IDS)])


@pytest.mark.parametrize("name", ["shard", "gelu-gpt", "pixel-lm"])
def test_networks_without_senses_refuse_edits(name):
    with pytest.raises(InvalidRequest, match="no sense vectors"):
        language(name).controls([((ScaleSense(5, 0, 1.0),), IDS)])
