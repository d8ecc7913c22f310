"""Windows cover the text without loss, and bits per byte agree with a plain sum."""

import math

import numpy as np
import pytest
import torch

from playground.errors import InvalidRequest
from playground.networks.shard import Shard, ShardConfig
from playground.training.corpus import Split
from playground.training.language import LanguageTask, Stream, Tokens
from playground.training.recipes import CHAT, TOKENIZERS

TEXTS = [f"The {c} cat number {n} sat on mat {n * n}." for n in range(40) for c in ("old", "new")]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    TOKENIZERS["shard"].train(TEXTS, 300, folder)
    return TOKENIZERS["shard"].open(folder)


def make_task(tokenizer, **options):
    splits = {"a": Split(TEXTS[:50], TEXTS[50:60]), "b": Split(TEXTS[60:], ["Zwölf Böcke."])}
    return LanguageTask(tokenizer, splits, {"a": 3, "b": 1}, **({"batch": 4, "context": 16, "seed": 7} | options))


def test_tokenizer_layout(tokenizer):
    assert [tokenizer.tokenizer.token_to_id(name) for name in CHAT] == [0, 1, 2, 3, 4, 5]
    for text in (TEXTS[3], "Grüße 🙂 \x00\n\tend"):
        ids = tokenizer.encode_batch([text])[0]
        assert tokenizer.tokenizer.decode(ids) == text
        assert max(ids) < 300
        assert min(ids) >= len(CHAT)


def test_an_epoch_shows_every_id_once_then_reshuffles(tokenizer):
    tokens = Tokens.encode(tokenizer, TEXTS)
    stream = Stream(tokens, 8, (1,))
    whole = len(tokens.ids) // 8
    seen = np.concatenate([stream.window(8, False, False) for _ in range(whole)])
    assert stream.epoch == 0
    texts = tokenizer.tokenizer.decode(seen.tolist(), skip_special_tokens=False).split("<|bos|>")[1:-1]
    assert set(texts) <= {text + "<|eos|>" for text in TEXTS}
    assert len(set(texts)) == len(texts) > len(TEXTS) - 3
    again = np.concatenate([stream.window(8, False, False) for _ in range(whole)])
    assert stream.epoch == 1
    assert not np.array_equal(seen, again)


def test_aligned_windows_start_at_a_document(tokenizer):
    stream = Stream(Tokens.encode(tokenizer, TEXTS), 8, (1,))
    firsts = {tokenizer.encode_batch([text])[0][0] for text in TEXTS}
    for _ in range(200):
        assert stream.window(8, True, False)[0] == 1
        assert stream.window(8, True, True)[0] in firsts


def test_batches_have_their_shape_and_longer_windows_come_late(tokenizer):
    task = make_task(tokenizer, late_context=32)
    assert task.batch(0, 0.0).shape == (4, 17)
    assert task.batch(1, 0.89).dtype == torch.int64
    assert task.batch(2, 0.91).shape == (2, 33)
    assert task.units_per_step == 64


def test_a_task_continues_where_it_stopped(tokenizer):
    task, other = make_task(tokenizer), make_task(tokenizer)
    for step in range(30):
        task.batch(step, 0.0)
    other.load_state_dict(task.state_dict())
    for step in range(30, 40):
        assert torch.equal(task.batch(step, 0.0), other.batch(step, 0.0))
    with pytest.raises(InvalidRequest, match="corpora"):
        other.load_state_dict({"c": {}})


def test_held_out_measure_is_the_plain_sum(tokenizer):
    network = Shard(ShardConfig(300, dim=16, n_layers=2, n_heads=2, head_dim=8, mlp_hidden=16, max_seq_len=64)).eval()
    measured = make_task(tokenizer, context=60).measure(network, torch.device("cpu"))
    bits = 0.0
    for text in TEXTS[50:60]:
        ids = [1, *tokenizer.encode_batch([text])[0]]
        with torch.no_grad():
            chances = network(torch.tensor([ids]))[0].softmax(-1)
        bits -= sum(math.log2(chances[t, ids[t + 1]]) for t in range(len(ids) - 1))
    assert measured["bits_per_byte/a"] == pytest.approx(bits / sum(len(t.encode()) for t in TEXTS[50:60]), rel=1e-4)
    assert set(measured) == {"bits_per_byte/a", "bits_per_byte/b"}


def test_one_token_that_begins_and_ends_stands_once_in_front(tmp_path):
    TOKENIZERS["backpack"].train(TEXTS, 300, tmp_path)
    tokenizer = TOKENIZERS["backpack"].open(tmp_path)
    tokens = Tokens.encode(tokenizer, TEXTS)
    assert tokenizer.begin == tokenizer.end == 0
    assert tokens.ids[tokens.starts[:-1]].tolist() == [0] * len(TEXTS)
    assert (tokens.ids == 0).sum() == len(TEXTS)
