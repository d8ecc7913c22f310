"""Bits per byte against sums taken by hand from a table of bigram probabilities."""

import itertools
import math
from types import SimpleNamespace

import pytest
import torch

from playground.errors import InvalidRequest
from playground.evaluation.bits_per_byte import bits_per_byte, score_texts

SIZE = 130


class Bigrams(torch.nn.Module):
    """Predicts from the last id alone, so windows must not change a thing."""

    def __init__(self, context_length: int):
        super().__init__()
        self.vocab_size, self.context_length = SIZE, context_length
        self.table = torch.nn.Parameter(torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(3)))
        self.longest = 0

    def forward(self, ids):
        self.longest = max(self.longest, ids.shape[1])
        return self.table[ids]


class Characters:
    """ASCII letters as ids; two ids stand for each letter beyond."""

    def __init__(self, special_ids):
        self.special_ids = special_ids

    def encode(self, text):
        return [b & 127 for b in text.encode()]


def make(context=1000, begin=None, special_ids=None):
    return SimpleNamespace(network=Bigrams(context), tokenizer=Characters(special_ids or {}), begin_id=begin)


def by_hand(model, text, begin):
    ids = ([] if begin is None else [begin]) + model.tokenizer.encode(text)
    bits = 0.0 if begin is not None else math.log2(SIZE)
    for last, this in itertools.pairwise(ids):
        scores = model.network.table[last].tolist()
        bits -= math.log2(math.exp(scores[this]) / sum(map(math.exp, scores)))
    return bits


@pytest.mark.parametrize("begin", [None, 128])
@pytest.mark.parametrize("context", [1000, 16, 7, 1])
def test_sum_matches_the_table(begin, context):
    model = make(context, begin)
    texts = ["A cat sat.", "x", "Grüße, and a rather longer sentence than the window holds.", "two\nlines"]
    expected = sum(by_hand(model, text, begin) for text in texts)
    score = score_texts(model, texts)
    assert score.bits == pytest.approx(expected, rel=1e-5)
    assert score.bytes == sum(len(text.encode()) for text in texts)
    assert score.tokens == sum(len(model.tokenizer.encode(text)) for text in texts)
    assert bits_per_byte(model, texts) == pytest.approx(expected / score.bytes, rel=1e-5)
    assert model.network.longest <= context


def test_a_begin_token_is_taken_from_the_tokenizer():
    model = make(special_ids={"<|eos|>": 127, "<|bos|>": 129})
    assert score_texts(model, ["Hello"]).bits == pytest.approx(by_hand(model, "Hello", 129), rel=1e-5)


def test_a_token_between_documents_begins_a_text():
    model = make(special_ids={"<|endoftext|>": 128})
    assert score_texts(model, ["Hello"]).bits == pytest.approx(by_hand(model, "Hello", 128), rel=1e-5)
    model = make(special_ids={"<|endoftext|>": 128, "<s>": 129})  # a begin token proper comes first
    assert score_texts(model, ["Hello"]).bits == pytest.approx(by_hand(model, "Hello", 129), rel=1e-5)


TEXTS = [
    "A cat sat.",
    "x",
    "A rather longer sentence than the others.",
    "and",
    "so on",
    "until the end",
    "of",
    "it all",
]


@pytest.mark.parametrize("most_logits", [1, 6 * SIZE, 40 * SIZE, 10**9])
def test_batches_keep_within_their_size_and_change_nothing(monkeypatch, most_logits):
    monkeypatch.setattr("playground.evaluation.bits_per_byte.LOGITS", most_logits)
    model, seen = make(context=20, begin=128), []
    inner = model.network.forward
    monkeypatch.setattr(model.network, "forward", lambda ids: seen.append(ids.numel()) or inner(ids))
    reports = []
    score = score_texts(model, TEXTS, lambda done, total: reports.append((done, total)))
    assert score.bits == pytest.approx(sum(by_hand(model, text, 128) for text in TEXTS), rel=1e-5)
    assert all(count * SIZE <= most_logits or count <= 20 for count in seen)
    assert len(seen) == len(reports) >= (len(TEXTS) if most_logits == 1 else 2)
    assert reports == sorted(reports)
    assert reports[-1][0] == reports[-1][1] > score.tokens


def test_scores_add_up():
    model = make(begin=128)
    whole, first, rest = (score_texts(model, texts) for texts in (TEXTS, TEXTS[:3], TEXTS[3:]))
    both = first + rest
    assert (both.texts, both.tokens, both.bytes) == (whole.texts, whole.tokens, whole.bytes)
    assert both.bits == pytest.approx(whole.bits, rel=1e-5)
    assert whole.as_json() == {
        "texts": 8,
        "tokens": sum(map(len, TEXTS)),
        "bytes": sum(map(len, TEXTS)),
        "bits": whole.bits,
        "bits_per_byte": whole.bits / whole.bytes,
        "nats_per_token": pytest.approx(whole.bits / whole.tokens / math.log2(math.e)),
    }


def test_uniform_model_costs_its_logarithm():
    model = make(begin=128)
    torch.nn.init.zeros_(model.network.table)
    assert bits_per_byte(model, ["abcd", "efg"]) == pytest.approx(math.log2(SIZE), rel=1e-6)


def test_nothing_to_score_is_an_error():
    with pytest.raises(InvalidRequest, match="no text"):
        bits_per_byte(make(), [""])
    model = make()
    model.tokenizer = None
    with pytest.raises(InvalidRequest, match="no tokenizer"):
        bits_per_byte(model, ["a"])
