"""Rank correlations against their definition, and the table against cosines taken one by one."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground.errors import InvalidRequest
from playground.evaluation.similarity import average_ranks, similarity, similarity_table, spearman
from playground.evaluation.word_pairs import WordPair

WORDS = ["sun", "moon", "star", "hat", "coat", "shoe", "run", "walk", "jump", "zero"]
D, K = 6, 3


class Spaced:
    """ " word" is one id, other words are two; one known word is written back as another."""

    def encode(self, text):
        word = text.removeprefix(" ")
        if word == "strange":
            return [0]
        return [WORDS.index(word)] if text[0] == " " and word in WORDS else [1, 2]

    def decode(self, ids):
        return " " + " ".join(WORDS[i] for i in ids)


class Senses:
    num_senses = K

    def __init__(self):
        draw = torch.Generator().manual_seed(4)
        self.word_vectors = torch.zeros(1)
        self.table = torch.randn(len(WORDS), D, generator=draw)
        self.senses = torch.randn(len(WORDS), K, D, generator=draw)
        self.senses[-1, 0] = 0.0  # a vector without a direction is like nothing
        self.encoder = SimpleNamespace(wte=lambda ids: self.table[ids])

    def sense_vectors(self, ids):
        return self.senses[ids]


@pytest.fixture
def model():
    card = SimpleNamespace(family="made up")
    return SimpleNamespace(network=Senses(), tokenizer=Spaced(), abilities={"senses"}, card=card)


def defined(first, second):
    """Spearman's coefficient from the definition: a rank is 1 plus those below plus half of the equal others."""

    def ranks(values):
        return [1 + sum(w < v for w in values) + (sum(w == v for w in values) - 1) / 2 for v in values]

    a, b = ranks(first), ranks(second)
    mean = (len(a) + 1) / 2
    top = sum((x - mean) * (y - mean) for x, y in zip(a, b, strict=True))
    bottom = math.sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))
    return top / bottom if bottom else None


def test_ranks_by_hand():
    assert average_ranks(np.array([30, 10, 20.0, 40])).tolist() == [3, 1, 2, 4]
    assert average_ranks(np.array([5, 1, 5, 5, 9.0])).tolist() == [3, 1, 3, 3, 5]


def test_correlations_by_hand():
    up = np.array([1.0, 2, 3, 4, 5])
    assert spearman(up, up**3) == pytest.approx(1)
    assert spearman(up, -up) == pytest.approx(-1)
    assert spearman(up, np.array([2.0, 1, 4, 3, 5])) == pytest.approx(1 - 6 * 4 / (5 * 24))  # 1 - 6 sum d^2 / n(n^2-1)
    assert spearman(up[:3], np.array([1.0, 1, 2])) == pytest.approx(math.sqrt(3) / 2)  # ranks 1.5 1.5 3
    assert spearman(up, np.ones(5)) is None
    assert spearman(up[:1], up[:1]) is None
    assert spearman(up[:0], up[:0]) is None


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=30))
def test_correlations_by_definition(pairs):
    first, second = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    wanted = defined(first.tolist(), second.tolist())
    found = spearman(first, second)
    assert (found is None) == (wanted is None)
    assert found is None or found == pytest.approx(wanted, abs=1e-12)


def cosine(a, b):
    a, b = a.double(), b.double()
    norm = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / norm if norm else 0.0


def test_the_table_is_made_of_cosines(model, monkeypatch):
    monkeypatch.setattr("playground.evaluation.similarity.PAIRS_AT_A_TIME", 7)
    dice = np.random.default_rng(0)
    known = [
        WordPair(a, b, float(dice.integers(0, 9))) for i, a in enumerate(WORDS) for b in WORDS[i + 1 :]
    ]  # 45 of them
    unknown = [WordPair("sun", "sunlight", 9), WordPair("strange", "sun", 1), WordPair("cloud", "rain", 5)]
    result = similarity(model, [unknown[0], *known[:20], *unknown[1:], *known[20:]])
    assert (result.pairs, result.of) == (45, 48)

    network, human = model.network, [pair.score for pair in known]
    ids = [(WORDS.index(pair.first), WORDS.index(pair.second)) for pair in known]
    embedding = defined([cosine(network.table[a], network.table[b]) for a, b in ids], human)
    by_sense = [[cosine(network.senses[a, k], network.senses[b, k]) for a, b in ids] for k in range(K)]
    assert result.embedding == pytest.approx(embedding, abs=1e-9)
    assert list(result.senses) == pytest.approx([defined(column, human) for column in by_sense], abs=1e-9)
    least = [min(column) for column in zip(*by_sense, strict=True)]
    assert result.minimum == pytest.approx(defined(least, human), abs=1e-9)
    assert result.best == max(range(K), key=lambda k: result.senses[k])
    assert result.as_json() == {
        "pairs": 45, "of": 48, "embedding": result.embedding, "senses": list(result.senses), "minimum": result.minimum,
        "best": {"sense": result.best, "correlation": max(result.senses)},
    }  # fmt: skip


def test_human_scores_made_from_a_sense_find_that_sense(model):
    senses = model.network.senses[:, 1]
    pairs = [
        WordPair(a, WORDS[j], cosine(senses[i], senses[j]))
        for i, a in enumerate(WORDS)
        for j in range(i + 1, len(WORDS))
    ]
    result = similarity(model, pairs)
    assert result.best == 1
    assert result.senses[1] == pytest.approx(1)
    assert result.embedding < 0.9


def test_too_few_pairs_have_no_correlation(model):
    result = similarity(model, [WordPair("sun", "moon", 3), WordPair("cloud", "rain", 5)])
    assert (result.pairs, result.of, result.best, result.embedding) == (1, 2, None, None)
    assert similarity(model, [WordPair("cloud", "rain", 5)]).as_json() == {
        "pairs": 0, "of": 1, "embedding": None, "senses": [None] * K, "minimum": None, "best": None,
    }  # fmt: skip


def test_files_become_a_table_by_name(model, tmp_path):
    (tmp_path / "SimLex-999.txt").write_text("sun moon 5\nsun hat 1\nrun walk 4\n")
    (tmp_path / "verbs.txt").write_text("run jump 5\nrun hop 1\n")
    table = similarity_table(model, [tmp_path / "SimLex-999.txt", tmp_path / "verbs.txt"])
    assert {name: (one.pairs, one.of) for name, one in table.items()} == {"SimLex-999": (3, 3), "verbs": (1, 2)}
    with pytest.raises(InvalidRequest, match="called verbs"):
        similarity_table(model, [tmp_path / "verbs.txt", tmp_path / "verbs.txt"])


def test_only_senses_of_words_can_be_compared(model):
    model.tokenizer = None
    with pytest.raises(InvalidRequest, match="no tokenizer"):
        similarity(model, [WordPair("sun", "moon", 3)])
    model.abilities = {"generate"}
    with pytest.raises(InvalidRequest, match="made up model has none"):
        similarity(model, [WordPair("sun", "moon", 3)])
