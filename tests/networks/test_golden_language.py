"""The language networks against the numbers that the authors' own code gave, loaded from the published layouts."""

import pytest
import torch
from goldens import GOLDEN, notes, tensors

import playground as pg

BUNDLES = {
    "pixel_100m": ("pixel_100m", "pixel_100m/bundle", {}),
    "shard-dict": ("shard/cfg-dict", "shard/cfg-dict/bundle", {"rope_pairing": "interleaved", "rope_base": 10000.0}),
    "shard-dataclass": ("shard/cfg-dataclass", "shard/cfg-dataclass/bundle/models/model.pt", {"rope_pairing": "half"}),
    "gelu-gpt": ("gelu-gpt/tiny-a", "gelu-gpt/tiny-a", {}),
}
CASES = [
    (bundle, str(case["case"]) if isinstance(case["case"], str) else f"case{case['case']}")
    for bundle, (folder, _, _) in BUNDLES.items()
    for case in notes(folder)["cases"]
]


@pytest.fixture(scope="module")
def load():
    loaded = {}

    def once(bundle):
        if bundle not in loaded:
            _, path, choices = BUNDLES[bundle]
            loaded[bundle] = pg.load(GOLDEN / path, **choices)
        return loaded[bundle]

    return once


@pytest.mark.parametrize(("bundle", "case"), CASES)
def test_logits_and_greedy_continuation_match_the_authors_code(load, bundle, case):
    model, expected = load(bundle), tensors(BUNDLES[bundle][0], "expected.safetensors")
    ids, greedy = expected[f"{case}.input_ids"].tolist(), expected[f"{case}.greedy"].tolist()
    first, last = expected[f"{case}.logits_first"], expected[f"{case}.logits_last"]
    logits = model.logits([*ids, *greedy])

    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits[: len(first)], first, atol=2e-4, rtol=0)
    torch.testing.assert_close(logits[len(ids) - len(last) : len(ids)], last, atol=2e-4, rtol=0)
    assert logits[len(ids) - 1 : -1].argmax(-1).tolist() == greedy


@pytest.mark.parametrize("bundle", BUNDLES)
def test_greedy_through_the_token_loop_matches_too(load, bundle):
    model, expected = load(bundle), tensors(BUNDLES[bundle][0], "expected.safetensors")
    case = [case for name, case in CASES if name == bundle][-1]
    greedy = expected[f"{case}.greedy"].tolist()
    options = pg.SamplingOptions(max_new_tokens=len(greedy), temperature=0, stop_ids=())

    steps = list(pg.sample(model, expected[f"{case}.input_ids"].tolist(), options))

    assert [step.token_id for step in steps] == greedy


def test_every_recorded_case_is_compared():
    for folder, _, _ in BUNDLES.values():
        recorded = {name.split(".")[0] for name in tensors(folder, "expected.safetensors")}
        assert recorded == {case for bundle, case in CASES if BUNDLES[bundle][0] == folder}


def test_text_becomes_the_recorded_ids(load):
    for case in notes("pixel_100m")["cases"]:
        if "text" in case:
            tokenizer = load("pixel_100m").tokenizer
            assert [tokenizer.begin_id, *tokenizer.encode(case["text"])] == case["ids_with_bos"]
            assert tokenizer.decode(case["ids_with_bos"]) == case["roundtrip"]
    for bundle in ("shard-dict", "shard-dataclass"):
        folder = BUNDLES[bundle][0]
        expected = tensors(folder, "expected.safetensors")
        for case in notes(folder)["cases"]:
            if "text" in case:
                model, name = load(bundle), case["case"]
                assert model.prompt_ids(case["text"]) == expected[f"{name}.input_ids"].tolist()
                assert model.tokenizer.decode(expected[f"{name}.greedy"].tolist()) == case["greedy_text"]


def test_cards_count_the_parameters_that_the_authors_report(load):
    assert load("pixel_100m").card.parameters == notes("pixel_100m")["n_params_with_norms"]
    assert load("gelu-gpt").card.parameters == notes("gelu-gpt/tiny-a")["n_params"]
    windows = [load("gelu-gpt").network.config.window(i) - 1 for i in range(5)]
    assert windows == notes("gelu-gpt/tiny-a")["window_sizes"]
