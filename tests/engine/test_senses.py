"""The engine's answers about senses: the library's, over a network's seam, stoppable and remembered within a bound."""

import dataclasses
import json

import pytest
import torch
from sense_models import TEXT, write_sense_models

import playground as pg
from playground.engine.local import open_engine
from playground.engine.requests import Loading, ModelsRequest, Prefill
from playground.engine.sense_requests import (
    AlphaRequest,
    LedgerRequest,
    NearestRequest,
    Progress,
    PromotersRequest,
    SenseFactsRequest,
    SensesRequest,
    WordPairRequest,
)
from playground.errors import InvalidRequest
from playground.networks.backpack import Encoder, SenseNetwork
from playground.senses import vocabulary
from playground.senses.edit_documents import read_edits
from playground.settings import Settings

PRESETS = [
    {
        "id": "one", "title": "T", "watch": "W", "prompt": " the sea", "topic": ["sea"], "sampling": {},
        "edits": [{"kind": "scale_sense", "word": " sea", "sense": 1, "factor": 0}], "measured": None,
    }
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory, models_folder):
    folder = write_sense_models(tmp_path_factory.mktemp("senses"))
    (folder / "gpt2" / "presets.json").write_text(json.dumps({"presets": PRESETS}))
    (folder / "levanter" / "presets.json").write_text('{"presets": [{"id": "bro')
    (folder / "shard").symlink_to(models_folder / "shard")
    (folder / "silent").symlink_to(models_folder / "backpack")
    return folder


def is_plain(value):
    """Whether nothing but what could cross a network is in ``value``."""
    if dataclasses.is_dataclass(value):
        return all(is_plain(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(one) for key, one in value.items())
    if isinstance(value, tuple | list):
        return all(map(is_plain, value))
    return value is None or type(value) in (str, int, float, bool)


def test_the_answers_are_the_librarys(lab, name, model):
    assert lab.answer(SensesRequest(name, "sea", 5, TEXT)) == pg.inspect_senses(model, "sea", 5, TEXT)
    assert lab.answer(WordPairRequest(name, "he", "she")) == pg.compare_words(model, "he", "she")
    assert lab.answer(NearestRequest(name, "sea", 3, 5)) == pg.nearest_by_sense(model, "sea", 3, 5)
    assert lab.answer(PromotersRequest(name, "sea", 7)) == pg.promoters_of(model, "sea", 7)


def test_the_ledger_adds_up_to_the_logits(lab, name, model):
    documents = [
        {"kind": "scale_sense", "word": " sea", "sense": 1, "factor": -1},
        {"kind": "add_sense", "word": " ship", "sense": 0, "weight": 0.5},
    ]
    ids = model.tokenizer.encode(TEXT)
    for edits in ((), documents):
        answer = lab.answer(LedgerRequest(name, TEXT, 6, ("he", " she", 7), edits, top=9))
        logits = model.logits(ids, read_edits(list(edits), model.network, model.tokenizer))[6]
        assert [one.text for one in answer.candidates] == [" he", " she", model.tokenizer.token_text(7)]
        for one in answer.candidates:
            cells = sum(sum(row) for row in one.contributions)
            assert cells + one.added == pytest.approx(one.total, abs=1e-4)
            assert one.logit == pytest.approx(float(logits[one.token_id]), abs=1e-4)
            assert one.difference == pytest.approx(one.total - one.logit, abs=1e-9)
            assert abs(one.difference) < 1e-3
            assert one.logprob == pytest.approx(float(logits.log_softmax(-1)[one.token_id]), abs=1e-4)
            assert (len(one.contributions), len(one.contributions[0])) == (7, model.network.num_senses)
            assert (one.added != 0) is bool(edits)
        expected = pg.ledger(model, TEXT, 6, edits)
        assert answer.candidates[0].contributions[3] == pytest.approx(expected.contributions(4)[3].tolist(), abs=1e-5)
        best = logits[: model.sampled_size].topk(9).indices.tolist()
        assert [one.token_id for one in answer.choices] == best
        assert [piece.token_id for piece in answer.tokens] == ids
        assert (answer.position, answer.written.token_id) == (6, ids[7])
        assert answer.weights[2] == pytest.approx(model.sense_weights(ids)[:, 6, 2].tolist(), abs=1e-6)
    last = lab.answer(LedgerRequest(name, TEXT))
    assert (last.position, last.written) == (len(ids) - 1, None)
    assert [one.token_id for one in last.candidates] == [one.token_id for one in last.choices[:2]]


def test_why_one_rather_than_another_is_a_difference_of_ledgers(lab, name, model):
    he, she = lab.answer(LedgerRequest(name, TEXT, candidates=("he", "she"))).candidates
    difference = torch.tensor(he.contributions) - torch.tensor(she.contributions)
    logits = model.logits(model.tokenizer.encode(TEXT))[-1]
    assert float(difference.sum()) == pytest.approx(float(logits[4] - logits[5]), abs=1e-3)


def test_alpha_as_maps(lab, name, model):
    ids = model.tokenizer.encode(TEXT)
    answer = lab.answer(AlphaRequest(name, TEXT, (2, 0)))
    assert answer.senses == (2, 0)
    torch.testing.assert_close(torch.tensor(answer.maps), model.sense_weights(ids)[[2, 0]], atol=1e-6, rtol=0)
    assert len(lab.answer(AlphaRequest(name, TEXT)).maps) == model.network.num_senses


def test_facts_and_presets(lab):
    facts = lab.answer(SenseFactsRequest("gpt2"))
    assert (facts.senses, facts.context) == (16, 32)
    assert list(facts.presets) == [preset | {"seed": None} for preset in PRESETS]
    assert lab.answer(SenseFactsRequest("levanter")).presets == ()  # a damaged file


def test_everything_could_cross_a_network(lab):
    for request in (
        SenseFactsRequest("gpt2"), SensesRequest("gpt2", "sea", text=TEXT), WordPairRequest("gpt2", "he", "she"),
        NearestRequest("gpt2", "sea", 1), PromotersRequest("gpt2", "sea"), LedgerRequest("gpt2", TEXT),
        AlphaRequest("gpt2", TEXT),
    ):  # fmt: skip
        for event in lab.run(request):
            assert is_plain(event), event


def test_what_was_computed_is_remembered(lab, monkeypatch):
    asked = (
        NearestRequest("gpt2", "king", 5, 3), PromotersRequest("gpt2", "king", 3), AlphaRequest("gpt2", TEXT + " hill"),
        LedgerRequest("gpt2", TEXT + " hill", 3), SensesRequest("gpt2", "king", text=TEXT + " hill"),
    )  # fmt: skip
    first = [list(lab.run(request)) for request in asked]
    assert [type(event) for event in first[0][:-1]] == [Progress]
    assert type(first[2][0]) is Prefill
    monkeypatch.setattr(Encoder, "forward", lambda *_: pytest.fail("the model ran"))
    monkeypatch.setattr(vocabulary, "_chunks", lambda *_: pytest.fail("the vocabulary was swept"))
    for request, events in zip(asked, first, strict=True):
        assert list(lab.run(request)) == events[-1:]
    assert len(lab.answer(PromotersRequest("gpt2", "king", 9)).pairs) == 9
    assert lab.answer(NearestRequest("gpt2", "sea", 5, 3)).words


def test_what_is_remembered_stays_within_its_bound(folder):
    engine = open_engine(Settings(checkpoints=folder, models=(), memory_gb=0.01))
    memo = engine.memo
    for sense in range(16):
        engine.answer(NearestRequest("gpt2", "sea", sense))
        engine.answer(LedgerRequest("gpt2", (*range(1, 3 + sense),)))
        assert 0 < memo.bytes <= memo.most_bytes == 500_000
    engine.close()


@pytest.mark.parametrize("request_", [NearestRequest("gpt2", "ship", 7), PromotersRequest("gpt2", "ship")])
def test_a_sweep_stops_at_once(lab, request_, monkeypatch):
    monkeypatch.setattr(vocabulary, "CHUNK", (16, 16))
    lab.answer(SenseFactsRequest("gpt2"))
    events, runs, plain = lab.run(request_), [], SenseNetwork.features
    monkeypatch.setattr(SenseNetwork, "features", lambda *given: runs.append(1) or plain(*given))
    told = next(events)
    assert (told.done, told.total, len(runs)) == (16, 211, 1)
    events.close()
    assert all(state.in_use == 0 for state in lab.answer(ModelsRequest()).models)
    assert len(runs) == 1
    assert next(lab.run(request_)).done == 16  # nothing half was kept


def test_a_model_that_is_not_loaded_is_loaded(folder):
    engine = open_engine(Settings(checkpoints=folder, models=(), memory_gb=1.0))
    events = list(engine.run(SensesRequest("levanter", "sea")))
    engine.close()
    assert any(isinstance(event, Loading) for event in events)


def test_a_checkpoint_without_a_tokenizer_takes_ids(lab):
    assert lab.answer(SensesRequest("silent", "17", 3, "5 17 9")).occurrences == 1
    edits = [{"kind": "scale_sense", "word": "17", "sense": 0, "factor": 0}]
    answer = lab.answer(LedgerRequest("silent", "5 17", candidates=("3",), edits=edits))
    assert [sum(row[:1]) for row in answer.candidates[0].contributions][1] == 0
    assert [piece.text for piece in answer.tokens] == ["5", "17"]


REFUSED = [
    (SensesRequest("shard", "sea"), "shard has no sense vectors"),
    (SenseFactsRequest("shard"), "no sense vectors"),
    (SensesRequest("silent", "sea"), "ships no tokenizer"),
    (SensesRequest("gpt2", "sea", piece=1), "pieces 0 to 0"),
    (SensesRequest("gpt2", "sea", text=" sea" * 33), "context holds 32"),
    (NearestRequest("gpt2", "sea", 16), "senses go from 0 to 15"),
    (NearestRequest("gpt2", "sea", -1), "senses go from 0 to 15"),
    (AlphaRequest("gpt2", TEXT, (16,)), "senses go from 0 to 15"),
    (LedgerRequest("gpt2", TEXT, 11), "choose 0 to 10"),
    (LedgerRequest("gpt2", TEXT, candidates=(211,)), "0 to 210"),
    (LedgerRequest("gpt2", TEXT, candidates=("she he",)), "is 2 tokens"),
    (LedgerRequest("gpt2", TEXT, edits=({"kind": "add_sense", "word": " sea", "sense": 16, "weight": 1},)), "sense 16"),
    (LedgerRequest("gpt2", (1, 999)), "999"),
]


@pytest.mark.parametrize(("request_", "said"), REFUSED)
def test_what_does_not_suit_the_model_is_refused_in_a_line(lab, request_, said):
    with pytest.raises(InvalidRequest, match=said) as caught:
        list(lab.run(request_))
    assert "\n" not in str(caught.value)


def test_too_many_maps_are_refused_with_what_would_do(lab, monkeypatch):
    monkeypatch.setattr("playground.limits.ALPHA_CELLS", 500)
    with pytest.raises(InvalidRequest, match=r"16 senses over 11 tokens have 1,936 cells, but at most 500 .* 5 tokens"):
        list(lab.run(AlphaRequest("gpt2", TEXT)))
    assert lab.answer(AlphaRequest("gpt2", TEXT, (0, 1, 2, 3))).maps
