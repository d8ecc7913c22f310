"""What is told of words and their senses, against the formulas written out."""

import pytest
import torch
from sense_models import TEXT, WORDS

import playground as pg
from playground.errors import InvalidRequest
from playground.senses.edit_documents import read_edit
from playground.senses.inspection import nearest_among, word_senses
from playground.senses.reading import finished, read_senses
from playground.senses.vocabulary import sense_directions
from playground.senses.words import look_up

SEA, SIZE = 1, 83


@pytest.fixture
def table(model):
    """(V, k, d), as the senses enter the sum."""
    with torch.inference_mode():
        return model.network.sense_vectors(torch.arange(SIZE)) / model.network.sense_divisor


def test_every_sense_lists_what_it_promotes_and_demotes(model, table):
    found = pg.inspect_senses(model, "sea", top=5)
    assert (found.word.text, found.occurrences) == (" sea", None)
    assert [sense.sense for sense in found.senses] == list(range(model.network.num_senses))
    for sense in found.senses:
        scores = model.network.word_vectors @ table[SEA, sense.sense]
        ranked = sorted(range(SIZE), key=lambda id_: -float(scores[id_]))
        assert [one.token_id for one in sense.promotes] == ranked[:5]
        assert [one.token_id for one in sense.demotes] == ranked[:-6:-1]
        for one in (*sense.promotes, *sense.demotes):
            assert one.score == pytest.approx(float(scores[one.token_id]), abs=1e-4)
            assert one.text == model.tokenizer.token_text(one.token_id)
        assert sense.norm == pytest.approx(float(table[SEA, sense.sense].norm()), rel=1e-4)
        assert sense.use is None


def test_a_score_is_what_the_sense_adds_to_a_logit_at_weight_one(model):
    sense = pg.inspect_senses(model, "sea", top=1).senses[1]
    document = {"kind": "add_sense", "word": " sea", "sense": 1, "weight": 1.0}
    edit = read_edit(document, model.network, model.tokenizer)
    best = sense.promotes[0]
    moved = model.logits([5], [edit])[-1] - model.logits([5])[-1]
    assert float(moved[best.token_id]) == pytest.approx(best.score, abs=1e-4)


def test_how_a_text_uses_each_sense(model):
    """Against alpha and the contributions of all cells, by loops."""
    ids = model.tokenizer.encode(TEXT)
    places = [place for place, id_ in enumerate(ids) if id_ == SEA]
    assert len(places) == 2
    alpha, senses = model.sense_weights(ids), model.sense_vectors(ids) / model.network.sense_divisor
    found = pg.inspect_senses(model, "sea", text=TEXT)
    assert found.occurrences == 2
    tops = []
    for t in range(places[0], len(ids) - 1):
        word = model.network.word_vectors[ids[t + 1]]
        cells = {
            (j, k): float(alpha[k, t, j] * (senses[j, k] @ word))
            for j in range(t + 1)
            for k in range(model.network.num_senses)
        }
        tops.append(sorted(cells, key=cells.get)[-3:])
    for sense in found.senses:
        k = sense.sense
        weights = [float(alpha[k, t, j]) for j in places for t in range(j, len(ids))]
        assert sense.use.weight == pytest.approx(sum(weights) / len(weights), abs=1e-6)
        share = sum(any((j, k) in top for j in places) for top in tops) / len(tops)
        assert sense.use.among_top == pytest.approx(share)
    assert any(sense.use.among_top for sense in found.senses)


def test_a_text_without_the_word_or_that_ends_with_it(model):
    without = pg.inspect_senses(model, "sea", text=" the king")
    assert without.occurrences == 0
    assert {sense.use for sense in without.senses} == {None}
    ends = pg.inspect_senses(model, "sea", text=" sea")
    assert {sense.use.among_top for sense in ends.senses} == {None}
    assert [sense.use.weight for sense in ends.senses] == pytest.approx([1.0] * model.network.num_senses)


def test_nearest_words_by_a_sense(model, table):
    for k in (0, model.network.num_senses - 1):
        cosines = torch.nn.functional.cosine_similarity(table[:, k], table[SEA, k][None], dim=-1)
        ranked = [id_ for id_ in cosines.argsort(descending=True).tolist() if id_ != SEA]
        found = pg.nearest_by_sense(model, "sea", k, top=7)
        assert [one.token_id for one in found.words] == ranked[:7]
        assert [one.score for one in found.words] == pytest.approx(cosines[ranked[:7]].tolist(), abs=1e-5)
        assert len(pg.nearest_by_sense(model, "sea", k, top=200).words) == SIZE - 1
    with pytest.raises(InvalidRequest, match="Sense 99"):
        pg.nearest_by_sense(model, "sea", 99)


def test_half_precision_only_chooses(model, table):
    """A table with large errors still gives exact cosines, in order."""
    directions = finished(sense_directions(model.network, 0))
    noisy = directions + 0.3 * torch.randn(directions.shape, generator=torch.Generator().manual_seed(1)).half()
    found = nearest_among(model, look_up(model, "sea"), 0, 3, noisy)
    assert found.words == pg.nearest_by_sense(model, "sea", 0, 3).words


def test_who_promotes_a_word(model, table):
    scores = table @ model.network.word_vectors[SEA]  # (V, k)
    best = scores.flatten().topk(9)
    found = pg.promoters_of(model, "sea", top=9)
    assert [(pair.token_id, pair.sense) for pair in found.pairs] == [
        divmod(cell, model.network.num_senses) for cell in best.indices.tolist()
    ]
    assert [pair.score for pair in found.pairs] == pytest.approx(best.values.tolist(), abs=1e-4)
    own = word_senses(model, look_up(model, "sea"), 83).senses  # seen from the other side
    assert {one.token_id: one.score for one in own[0].promotes}[SEA] == pytest.approx(float(scores[SEA, 0]), abs=1e-4)


def test_two_words_sense_by_sense(model, table):
    pair = pg.compare_words(model, "sea", "ship")
    expected = [float(a @ b / a.norm() / b.norm()) for a, b in zip(table[1], table[2], strict=True)]
    assert pair.cosines == pytest.approx(expected, abs=1e-5)
    assert (pair.a.text, pair.b.text) == (" sea", " ship")
    assert pg.compare_words(model, "sea", "sea").cosines == pytest.approx([1.0] * len(expected))


def test_padding_of_the_vocabulary_is_never_listed(plain, monkeypatch):
    monkeypatch.setattr(type(plain), "sampled_size", property(lambda _: len(WORDS) + 1))
    found = pg.inspect_senses(plain, "sea", top=200)
    listed = [one for sense in found.senses for one in (*sense.promotes, *sense.demotes)]
    listed += [*pg.nearest_by_sense(plain, "sea", 0, 200).words, *pg.promoters_of(plain, "sea", 200).pairs]
    assert max(one.token_id for one in listed) == len(WORDS)


def test_texts_that_cannot_be_read(plain):
    with pytest.raises(InvalidRequest, match="context holds 256"):
        pg.inspect_senses(plain, "sea", text=" sea" * 257)
    assert read_senses(plain.network, [1] * 256).ids == (1,) * 256
