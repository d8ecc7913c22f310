"""The shares of every (word, sense) add up to the logit, and each is the product it is said to be."""

import pytest
import torch
from goldens import GOLDEN
from hypothesis import given, settings
from hypothesis import strategies as st
from sense_models import TEXT

import playground as pg
from playground.errors import InvalidRequest
from playground.senses.edit_documents import read_edits
from playground.senses.edits import AddSense, ScaleSense, SwapDirection, TopicBoost

DOCUMENTS = [
    {"kind": "scale_sense", "word": " sea", "sense": 2, "factor": -1.5},
    {"kind": "swap_direction", "word": " nurse", "out": " she", "in": " he"},
    {"kind": "add_sense", "word": " ship", "sense": 1, "weight": 0.5},
    {"kind": "topic_boost", "words": [" ship", " hill"], "strength": 3},
]


@pytest.mark.parametrize("count", range(5))
def test_shares_sum_to_the_models_logit(model, count):
    ids = model.tokenizer.encode(TEXT)
    edits = DOCUMENTS[:count]
    for position in (0, 5, -1):
        taken = pg.ledger(model, TEXT, position, edits)
        logits = model.logits(ids, read_edits(edits, model.network, model.tokenizer))[position]
        for token in (0, 4, 5, 82):
            cells = taken.contributions(token)
            assert cells.shape == (position % len(ids) + 1, model.network.num_senses)
            assert float(cells.sum()) + taken.beside(token) == pytest.approx(float(logits[token]), abs=1e-3)
            assert taken.total(token) == pytest.approx(float(logits[token]), abs=1e-3)
        assert (taken.beside(4) != 0) is (count >= 3)


def test_a_share_is_weight_times_the_senses_own_logit(model):
    ids = model.tokenizer.encode(TEXT)
    taken = pg.ledger(model, ids, 6)
    alpha, senses = model.sense_weights(ids), model.sense_vectors(ids)
    cells = taken.contributions(4)
    for place, k in ((0, 0), (3, 1), (6, 2)):
        own = float(senses[place, k] @ model.network.word_vectors[4]) / model.network.sense_divisor
        assert float(cells[place, k]) == pytest.approx(float(alpha[k, 6, place]) * own, abs=1e-5)
    torch.testing.assert_close(taken.alpha, alpha[:, 6, :7].T)
    assert taken.ids == tuple(ids)


def test_scaling_a_sense_scales_its_share_and_no_other(model):
    before = pg.ledger(model, TEXT).contributions(4)
    after = pg.ledger(model, TEXT, edits=[ScaleSense(1, 2, -3.0, position=5)]).contributions(4)
    assert float(after[5, 2]) == pytest.approx(-3 * float(before[5, 2]), abs=1e-5)
    after[5, 2] = before[5, 2]
    torch.testing.assert_close(after, before)


@pytest.mark.parametrize("variant", ["gpt2", "levanter"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_random_texts_of_the_goldens(variant, data):
    model = golden(variant)
    token = st.integers(0, model.network.vocab_size - 1)
    ids = data.draw(st.lists(token, min_size=1, max_size=model.network.context_length))
    position = data.draw(st.integers(-len(ids), len(ids) - 1))
    sense = st.integers(0, model.network.num_senses - 1)
    factor = st.floats(-4, 4)
    kinds = (
        st.builds(ScaleSense, st.sampled_from(ids), sense, factor),
        st.builds(AddSense, token, sense, factor),
        st.builds(SwapDirection, st.sampled_from(ids), token, token),
        st.builds(TopicBoost, st.tuples(token)),
    )
    edits = data.draw(st.lists(st.one_of(*kinds), max_size=3))
    taken, logits = pg.ledger(model, ids, position, edits), model.logits(ids, edits)[position]
    for candidate in {*ids[:3], int(logits.argmax())}:
        largest = float(taken.contributions(candidate).abs().sum())
        assert taken.total(candidate) == pytest.approx(float(logits[candidate]), abs=1e-3, rel=1e-6 * max(1, largest))


GOLDENS = {}


def golden(variant):
    if variant not in GOLDENS:
        GOLDENS[variant] = pg.load(GOLDEN / "backpack" / variant)
    return GOLDENS[variant]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"position": 99}, "choose 0 to 10, or -1"),
        ({"position": -12}, "Position -12"),
        ({"text": [1, 83]}, "outside the vocabulary"),
        ({"text": [1] * 257}, "context holds 256"),
        ({"text": "x" * 20_001}, "at most 20,000"),
        ({"edits": [{"kind": "scale_sense"}]}, "lacks 'word'"),
        ({"edits": "hostile"}, "list of edits"),
        ({"edits": [{}] * 65}, "65 edits"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(plain, asked, said):
    with pytest.raises(InvalidRequest, match=said):
        pg.ledger(plain, **{"text": TEXT} | asked)


@pytest.mark.parametrize("token", [-1, 83, True, 1.5, "4"])
def test_only_ids_of_the_vocabulary_have_shares(plain, token):
    with pytest.raises(InvalidRequest, match="0 to 82"):
        pg.ledger(plain, TEXT).contributions(token)
