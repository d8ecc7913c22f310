"""The bias probe against probabilities of ordinary forward passes, and its factor against a search by brute force."""

import pytest
import torch
from sense_models import write_sense_models

import playground as pg
from playground.engine.requests import ModelsRequest
from playground.engine.sense_requests import BiasAnswer, BiasRequest, BiasRow, BiasSearchRequest, Progress
from playground.errors import InvalidRequest
from playground.senses.edit_documents import read_edits
from playground.senses.edits import ScaleSense

TEMPLATES, WORDS, A, B = (" the {} said that", "{} said"), ("nurse", "king"), ("he", "king"), ("she",)
SHIFT = [{"kind": "add_sense", "word": " ship", "sense": 3, "weight": 0.8}]
NEUTRAL = " the nurse was big and the ship said that the nurse was"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_sense_models(tmp_path_factory.mktemp("bias"))


def probabilities(model, text, edits=()):
    """p(A), p(B) by an ordinary forward pass; " he" is 4, " she" 5, " king" 8."""
    shares = model.logits(model.prompt_ids(text), edits)[-1].double().softmax(-1)
    return float(shares[4] + shares[8]), float(shares[5])


def test_every_word_in_every_template_before_and_after(lab, name, model):
    templates = (" the {} said that", " that {}")
    *events, answer = lab.run(BiasRequest(name, templates, WORDS, A, B, SHIFT))
    rows = [event for event in events if isinstance(event, BiasRow)]
    assert answer.rows == tuple(rows)
    assert [(row.word, row.template) for row in rows] == [(word, one) for word in WORDS for one in templates]
    edits = read_edits(SHIFT, model.network, model.tokenizer)
    for row in rows:
        text = row.template.replace("{}", row.word)
        a, b = probabilities(model, text)
        a_after, b_after = probabilities(model, text, edits)
        assert (row.a, row.b, row.a_after, row.b_after) == pytest.approx((a, b, a_after, b_after), rel=1e-3)
        assert (row.ratio, row.ratio_after) == pytest.approx((a / b, a_after / b_after), rel=1e-3)
    expected = [sum(max(ratio, 1 / ratio) for ratio in ratios) / len(rows) for ratios in (
        [row.ratio for row in rows], [row.ratio_after for row in rows]
    )]  # fmt: skip
    assert [answer.bias, answer.bias_after] == pytest.approx(expected)
    assert answer == pg.probe_bias(model, templates, WORDS, A, B, SHIFT)


def test_a_sense_of_the_word_in_the_slot_is_scaled(lab, name, model):
    answer = lab.answer(BiasRequest(name, TEMPLATES[:1], WORDS, A, B, sense=2, factor=-1.0))
    for row, token in zip(answer.rows, (7, 8), strict=True):
        text = TEMPLATES[0].replace("{}", row.word)
        after = probabilities(model, text, [ScaleSense(token, 2, -1.0)])
        assert (row.a_after, row.b_after) == pytest.approx(after, rel=1e-3)
        assert (row.a, row.b) == pytest.approx(probabilities(model, text), rel=1e-3)


def objective(model, words, sense, factor, templates, edits=()):
    total = 0.0
    for word in words:
        token = {"nurse": 7, "king": 8, "hill": 3}[word]
        biases = []
        for template in templates:
            a, b = probabilities(model, template.replace("{}", word), [*edits, ScaleSense(token, sense, factor)])
            biases.append(max(a / b, b / a))
        total += sum(biases) / len(biases) + abs(1 - factor)
    return total / len(words)


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize("sense", [0, 5, 9])
def test_the_factor_is_the_best_there_is(lab, name, model, sense, common):
    templates, words = (" the {} said that", " that big {}"), ("nurse", "hill")
    answer = lab.answer(BiasSearchRequest(name, templates, words, A, B, SHIFT, sense, NEUTRAL, common))
    edits = read_edits(SHIFT, model.network, model.tokenizer)
    assert answer.words == words
    assert len(set(answer.factors)) <= (1 if common else 2)
    for group in [words] if common else [(word,) for word in words]:
        found = answer.factors[words.index(group[0])]
        values = [objective(model, group, sense, i / 20, templates, edits) for i in range(21)]
        assert 0 <= found <= 1
        assert objective(model, group, sense, found, templates, edits) <= min(values) + 1e-3
    tokens = {"nurse": 7, "hill": 3}
    new = [ScaleSense(tokens[w], sense, f) for w, f in zip(words, answer.factors, strict=True) if f != 1]
    assert list(read_edits(list(answer.edits), model.network, model.tokenizer)) == new
    after = [
        pg.probe_bias(model, templates, words, A, B, [*edits, *new]),
        pg.probe_bias(model, templates, words, A, B, edits),
    ]
    assert [answer.bias_after, answer.bias] == pytest.approx([one.bias_after for one in after], rel=1e-3)
    costs = [pg.score(model, NEUTRAL, [*edits, *more]).bits_per_byte for more in ((), new)]
    assert [answer.bits, answer.bits_after] == pytest.approx(costs, rel=1e-4)
    assert answer.touched == 2 * any(edit.token_id == 7 for edit in new)
    if not common:
        factors = pg.find_factors(model, templates, words, A, B, sense, SHIFT)
        assert list(factors.values()) == pytest.approx(list(answer.factors), abs=1e-4)


def test_a_search_without_a_neutral_text_has_no_cost(lab):
    answer = lab.answer(BiasSearchRequest("gpt2", TEMPLATES[:1], ("nurse",), A, B, sense=1))
    assert (answer.bits, answer.bits_after, answer.touched) == (None, None, 0)


def test_a_probe_tells_how_far_it_is_and_stops_at_once(lab):
    events = lab.run(BiasRequest("gpt2", TEMPLATES[:1], WORDS, A, B))
    assert isinstance(next(events), BiasRow)
    events.close()
    events = lab.run(BiasSearchRequest("gpt2", TEMPLATES[:1], WORDS, A, B, sense=1, neutral=NEUTRAL))
    stages = [event.stage for event in events if isinstance(event, Progress)]
    assert list(dict.fromkeys(stages)) == ["Reading the prompts", "Comparing", "Measuring the cost on the neutral text"]
    assert all(state.in_use == 0 for state in lab.answer(ModelsRequest()).models)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"group_b": ("he", "she")}, "' he' is in both groups"),
        ({"group_a": ("he she",)}, "is 2 tokens"),
        ({"words": ("nurse king",), "sense": 1}, "'nurse king' is no single token in"),
        ({"sense": 16}, "senses go from 0 to 15"),
        ({"templates": (" the {}" + " sea" * 40,)}, "context holds 32"),
    ],
)
def test_what_does_not_suit_is_refused_in_a_line(lab, asked, said):
    given = {"templates": TEMPLATES[:1], "words": WORDS, "group_a": A, "group_b": B} | asked
    for kind in (BiasRequest, BiasSearchRequest):
        if kind is BiasSearchRequest:
            given = {"sense": 0} | given
        with pytest.raises(InvalidRequest, match=said) as caught:
            list(lab.run(kind("gpt2", **given)))
        assert "\n" not in str(caught.value)


def test_words_of_several_tokens_can_be_probed_but_not_scaled(lab):
    answer = lab.answer(BiasRequest("gpt2", (" the {} said",), ("big nurse",), A, B))
    assert isinstance(answer, BiasAnswer)
    assert torch.tensor(answer.bias).isfinite()
