"""The endpoints about senses over a running app: the library's answers as JSON, and one line for what is wrong."""

import pytest
from goldens import GOLDEN
from gradio_client.exceptions import AppError

import playground as pg

IDS, TEXT = [5, 17, 9, 60, 17, 42], "5 17 9 60 17 42"  # this checkpoint ships no tokenizer, so words are ids
SCALE = {"kind": "scale_sense", "word": "17", "sense": 2, "factor": -3.0}
OBJECT = pg.ScaleSense(17, 2, -3.0)


@pytest.fixture(scope="module")
def model():
    return pg.load(GOLDEN / "backpack" / "gpt2")


def test_words_and_their_senses(client, model):
    told = client.predict("backpack", "17", 4, TEXT, api_name="/senses")
    found = pg.inspect_senses(model, "17", 4, TEXT)
    assert (told["word"]["token_id"], told["occurrences"]) == (17, 2)
    for one, sense in zip(told["senses"], found.senses, strict=True):
        assert [token["token_id"] for token in one["promotes"]] == [token.token_id for token in sense.promotes]
        assert one["norm"] == pytest.approx(sense.norm, rel=1e-5)
        assert one["use"]["weight"] == pytest.approx(sense.use.weight, abs=1e-6)
    told = client.predict("backpack", "17", 3, top=5, api_name="/nearest_by_sense")
    assert [one["token_id"] for one in told["words"]] == [
        one.token_id for one in pg.nearest_by_sense(model, "17", 3, 5).words
    ]
    told = client.predict("backpack", "17", top=5, api_name="/promoters")
    assert [(one["token_id"], one["sense"]) for one in told["pairs"]] == [
        (one.token_id, one.sense) for one in pg.promoters_of(model, "17", 5).pairs
    ]
    told = client.predict("backpack", "17", "9", api_name="/compare_senses")
    assert told["cosines"] == pytest.approx(pg.compare_words(model, "17", "9").cosines, abs=1e-5)


def test_the_ledger_and_the_weights(client, model):
    told = client.predict("backpack", TEXT, 3, ["9", 42], [SCALE], api_name="/ledger")
    logits = model.logits(IDS, [OBJECT])[3]
    for one, token in zip(told["candidates"], (9, 42), strict=True):
        assert sum(map(sum, one["contributions"])) == pytest.approx(float(logits[token]), abs=1e-3)
    told = client.predict("backpack", TEXT, [4], api_name="/sense_weights")
    assert told["maps"][0][5] == pytest.approx(model.sense_weights(IDS)[4, 5].tolist(), abs=1e-5)


def test_text_and_next_tokens_under_edits(client, model):
    told = client.predict("backpack", TEXT, max_new_tokens=6, temperature=0, edits=[SCALE], api_name="/generate")
    steps = list(pg.sample(model, IDS, pg.SamplingOptions(max_new_tokens=6, temperature=0), [OBJECT]))
    assert told["token_ids"] == [step.token_id for step in steps]
    assert told["record"]["edits"] == [SCALE]
    assert client.predict(told["record"], api_name="/replay")["same"]
    told = client.predict("backpack", TEXT, top=4, edits=[SCALE], api_name="/next_tokens")
    for side, edits in ((told, [OBJECT]), (told["before"], [])):
        best = model.logits(IDS, edits)[-1].log_softmax(-1).topk(4)
        assert [one["token_id"] for one in side["tokens"]] == best.indices.tolist()
        assert [one["logprob"] for one in side["tokens"]] == pytest.approx(best.values.tolist(), abs=1e-4)
    plain = client.predict("backpack", TEXT, top=4, api_name="/next_tokens")
    assert plain["before"] is None
    assert [one["token_id"] for one in plain["tokens"]] == [one["token_id"] for one in told["before"]["tokens"]]


def test_the_bias_probe_and_its_factor(client, model):
    given = ("backpack", ["5 {} 9"], ["17", "60"])
    told = client.predict(*given, ["42"], ["7"], sense=2, factor=0.5, api_name="/bias")
    expected = pg.probe_bias(model, ["5 {} 9"], ["17"], ["42"], ["7"], [pg.ScaleSense(17, 2, 0.5)])
    assert told["rows"][0]["ratio_after"] == pytest.approx(expected.rows[0].ratio_after, rel=1e-4)
    told = client.predict(*given, 2, ["42"], ["7"], "5 17 17 60 3", api_name="/find_factor")
    factors = pg.find_factors(model, ["5 {} 9"], ["17", "60"], ["42"], ["7"], 2)
    assert told["factors"] == pytest.approx(list(factors.values()), abs=1e-4)
    assert [edit["word"] for edit in told["edits"]] == [word for word, factor in factors.items() if factor != 1]


WRONG = {
    "/senses": (("shard", "sea"), "no sense vectors"),
    "/nearest_by_sense": (("backpack", "17", 99), "senses go from 0 to 15"),
    "/promoters": (("backpack", ""), "The word is empty"),
    "/ledger": (("backpack", TEXT, 0, None, [{"kind": "eval"}]), "kind is 'eval'"),
    "/sense_weights": (("backpack", TEXT, [99]), "senses go from 0 to 15"),
    "/bias": (("backpack", ["no slot"], ["17"]), "0 slots"),
    "/find_factor": (("backpack", ["{}"], ["17"], 99, ["42"], ["7"]), "senses go from 0 to 15"),
}


@pytest.mark.parametrize("endpoint", WRONG)
def test_what_is_wrong_is_said_in_a_line(client, endpoint):
    arguments, said = WRONG[endpoint]
    with pytest.raises(AppError, match=said) as caught:
        client.predict(*arguments, api_name=endpoint)
    assert "\n" not in str(caught.value)
