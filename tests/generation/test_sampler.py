import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_networks import language

from playground import limits
from playground.errors import InvalidRequest, PlaygroundError
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample, sample_rows
from playground.generation.steps import CONTEXT_FULL, END_TOKEN, STOP_STRING, TOKEN_LIMIT, Prefill, Row, Step

GREEDY = SamplingOptions(temperature=0, max_new_tokens=12)


def text_of(steps):
    return "".join(step.text for step in steps)


def test_greedy_follows_the_likeliest_tokens(scripted):
    steps = list(sample(scripted("Hello there, you"), "Hel", GREEDY))
    assert text_of(steps) == "lo there, yo"
    assert [step.index for step in steps] == list(range(12))
    assert [step.position for step in steps] == list(range(3, 15))
    assert [step.end for step in steps] == [None] * 11 + [TOKEN_LIMIT]
    assert {step.row for step in steps} == {0}
    assert {step.probability for step in steps} == {1.0}


def test_greedy_is_the_argmax_of_the_full_forward(tiny_model):
    ids = [1, 2, 3]
    for step in sample(tiny_model, ids, dataclasses.replace(GREEDY, max_new_tokens=30)):
        assert step.token_id == int(tiny_model.logits(ids)[-1, :258].argmax())
        ids.append(step.token_id)
    assert len(ids) == 33


def test_equal_logits_give_the_lowest_id(scripted):
    steps = list(sample(scripted([], vocab_size=300), [9], dataclasses.replace(GREEDY, max_new_tokens=2)))
    assert [step.token_id for step in steps] == [0, 0]
    assert [other.token_id for other in steps[0].alternatives] == list(range(10))


def test_alternatives_that_tie_come_in_order_of_ids(scripted):
    model = scripted([], vocab_size=5_000, tokenizer=None, sampled_size=5_000)
    for better in (0, 4, 12):  # of the rest, a third are equally good
        logits = torch.randint(0, 3, (5_000,), generator=torch.Generator().manual_seed(better))
        logits[torch.arange(better) * 401 % 5_000] = 7
        model.network.unembed = lambda hidden, logits=logits: logits.float().expand(1, 1, -1)
        [step] = sample(model, [0], dataclasses.replace(GREEDY, max_new_tokens=1))
        expected = sorted(range(5_000), key=lambda token, logits=logits: (-int(logits[token]), token))[:10]
        assert [other.token_id for other in step.alternatives] == expected
        assert step.token_id == expected[0]


def test_logprobs_sum_to_the_teacher_forced_score(tiny_model):
    prompt = [7, 8, 9]
    options = SamplingOptions(max_new_tokens=60, temperature=1.5, top_k=40, seed=4, stop_ids=())
    steps = list(sample(tiny_model, prompt, options))
    ids = prompt + [step.token_id for step in steps]
    forced = tiny_model.logits(ids[:-1]).double().log_softmax(-1)[2:]
    expected = forced.gather(1, torch.tensor(ids[3:])[:, None]).sum().item()
    assert len(steps) == 60
    assert sum(step.logprob for step in steps) == pytest.approx(expected, abs=1e-4)


def test_alternatives_are_the_ten_best_with_both_probabilities(tiny_model):
    options = SamplingOptions(max_new_tokens=20, temperature=2.0, top_k=4, seed=1, stop_ids=())
    ids = [65, 66]
    for step in sample(tiny_model, ids, options):
        logprobs = tiny_model.logits(ids)[-1].double().log_softmax(-1)
        best = logprobs[:258].topk(10)
        assert [other.token_id for other in step.alternatives] == best.indices.tolist()
        assert [other.logprob for other in step.alternatives] == pytest.approx(best.values.tolist(), abs=1e-5)
        warped = (logprobs[best.indices[:4]] / 2).softmax(-1).tolist()
        assert [other.probability for other in step.alternatives] == pytest.approx([*warped, *[0.0] * 6], abs=1e-5)
        assert step.alternatives[0].text == tiny_model.tokenizer.token_text(step.alternatives[0].token_id)
        drawn = next(other for other in step.alternatives if other.token_id == step.token_id)
        assert (drawn.logprob, drawn.probability) == (step.logprob, step.probability)
        ids = [*ids, step.token_id]


def test_a_drawn_token_beyond_the_ten_best_still_has_its_numbers(scripted):
    options = SamplingOptions(max_new_tokens=50, temperature=5.0, seed=2, stop_ids=())
    steps = list(sample(scripted([]), [1], options))
    assert any(step.token_id > 9 for step in steps)
    for step in steps:
        assert step.logprob == pytest.approx(-math.log(258), abs=1e-5)
        assert step.probability == pytest.approx(1 / 258, rel=1e-5)


def test_forbidden_tokens_are_no_alternatives(scripted):
    model = scripted([], vocab_size=4, sampled_size=3)
    plain = model.network.unembed
    model.network.unembed = lambda hidden: plain(hidden) + torch.tensor([0.0, -torch.inf, 0.0, 0.0])
    [step] = sample(model, [0], SamplingOptions(max_new_tokens=1, stop_ids=()))
    assert [other.token_id for other in step.alternatives] == [0, 2]
    assert step.logprob == pytest.approx(-math.log(3))


def test_ids_beyond_the_tokenizer_are_never_sampled(scripted):
    model = scripted([], sampled_size=7)
    steps = list(sample(model, [200], SamplingOptions(max_new_tokens=60, temperature=5.0, stop_ids=())))
    assert {step.token_id for step in steps} == set(range(7))
    assert all(other.token_id < 7 for step in steps for other in step.alternatives)


def test_frequencies_are_the_warped_probabilities(scripted):
    """Chi-square through the whole loop: 4,000 draws from four survivors."""
    model = scripted([], vocab_size=6, context_length=5_000, tokenizer=None, stop_ids=(), sampled_size=6)
    logits = torch.tensor([0.0, 1.0, 2.0, -1.0, 0.5, -4.0])
    model.network.unembed = lambda hidden: logits.expand(*hidden.shape[:2], 6)
    options = SamplingOptions(max_new_tokens=4_000, temperature=0.7, top_k=4, seed=3)
    drawn = torch.bincount(torch.tensor([step.token_id for step in sample(model, [0], options)]), minlength=6)
    expected = (logits[[0, 1, 2, 4]] / 0.7).softmax(-1) * 4_000
    assert drawn[[3, 5]].sum() == 0
    assert ((drawn[[0, 1, 2, 4]] - expected) ** 2 / expected).sum() < 16.3  # the 0.001 point, 3 degrees of freedom


def test_the_same_seed_gives_the_same_text_and_another_seed_another(tiny_model):
    def drawn(seed):
        return [step.token_id for step in sample(tiny_model, "Once", SamplingOptions(seed=seed, temperature=1.2))]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_going_on_from_a_part_of_the_text_draws_what_came_before(tiny_model):
    """Noise belongs to the absolute position, so a continuation with the same seed retraces the text."""
    options = SamplingOptions(max_new_tokens=20, temperature=1.2, seed=9, stop_ids=())
    ids = [step.token_id for step in sample(tiny_model, [1, 2], options)]
    again = sample(tiny_model, [1, 2, *ids[:8]], dataclasses.replace(options, max_new_tokens=12))
    assert [step.token_id for step in again] == ids[8:]


def renamed(model, order):
    """The same model with other ids for its tokens: new id ``i`` is the old ``order[i]``."""
    old = model.network.unembed
    model.network.unembed = lambda hidden: old(hidden)[..., order]
    return model


def test_dice_of_the_position_are_the_same_for_other_vocabularies(scripted):
    """Two models that agree but for the tokens' names take the same choices; a longer prompt changes nothing."""
    logits = torch.tensor([0.0, 1.0, 2.0, -1.0, 0.5, -4.0])
    order = [3, 0, 5, 1, 4, 2]
    options = SamplingOptions(max_new_tokens=60, temperature=1.3, seed=4, dice="position")

    def drawn(rename, prompt, options=options):
        model = scripted([], vocab_size=6, context_length=90, tokenizer=None, stop_ids=(), sampled_size=6)
        model.network.unembed = lambda hidden: logits.expand(*hidden.shape[:2], 6)
        model = renamed(model, order) if rename else model
        ids = [step.token_id for step in sample(model, prompt, options)]
        return [order[i] for i in ids] if rename else ids

    assert drawn(True, [0]) == drawn(False, [0]) == drawn(False, [0, 1, 2, 3])
    assert len(set(drawn(False, [0]))) > 3
    token = dataclasses.replace(options, dice="token")
    assert drawn(True, [0], token) != drawn(False, [0], token)


def test_dice_of_the_position_follow_the_distribution(scripted):
    model = scripted([], vocab_size=3, context_length=5_000, tokenizer=None, stop_ids=(), sampled_size=3)
    logits = torch.tensor([0.0, 1.0, 2.0])
    model.network.unembed = lambda hidden: logits.expand(*hidden.shape[:2], 3)
    options = SamplingOptions(max_new_tokens=4_000, temperature=1.0, seed=3, dice="position")
    drawn = torch.bincount(torch.tensor([step.token_id for step in sample(model, [0], options)]), minlength=3)
    expected = logits.softmax(-1) * 4_000
    assert ((drawn - expected) ** 2 / expected).sum() < 13.8  # the 0.001 point, 2 degrees of freedom


# Ends


def test_an_end_token_is_a_step_without_text(scripted):
    model = scripted([*b"Hi you", 257, *b"more"])
    steps = list(sample(model, "Hi", GREEDY))
    assert text_of(steps) == " you"
    assert (steps[-1].token_id, steps[-1].text, steps[-1].end) == (257, "", END_TOKEN)
    assert model.network.calls == [(1, 2), *[(1, 1)] * 4]


@pytest.mark.parametrize(("stop_ids", "last"), [((), TOKEN_LIMIT), (None, END_TOKEN), ((ord("o"),), END_TOKEN)])
def test_options_replace_the_models_end_tokens(scripted, stop_ids, last):
    options = dataclasses.replace(GREEDY, stop_ids=stop_ids, max_new_tokens=8)
    assert list(sample(scripted([*b"Hi you", 257, *b"more"]), "Hi", options))[-1].end == last


def test_a_token_at_the_limit_that_ends_the_text_is_reported_as_its_end(scripted):
    model = scripted([*b"Hi you", 257, *b"more"])
    assert list(sample(model, "Hi", dataclasses.replace(GREEDY, max_new_tokens=5)))[-1].end == END_TOKEN


@pytest.mark.parametrize(
    ("stop", "text"),
    [("y", " "), (" yo", ""), ("you", " "), ("ou ar", " y"), ("zz", " you are here"), ("e", " you ar")],
)
def test_stop_strings_end_the_text_before_them(scripted, stop, text):
    options = dataclasses.replace(GREEDY, stop=(stop,), max_new_tokens=13)
    steps = list(sample(scripted("Hi you are here now"), "Hi", options))
    assert text_of(steps) == text
    assert steps[-1].end == (TOKEN_LIMIT if stop == "zz" else STOP_STRING)
    assert all(step.end is None for step in steps[:-1])


def test_text_held_back_for_a_stop_string_comes_with_the_end(scripted):
    steps = list(sample(scripted([*b"Hi <en", 257]), "Hi", dataclasses.replace(GREEDY, stop=("<end>",))))
    assert [step.text for step in steps] == [" ", "", "", "", "<en"]
    assert steps[-1].end == END_TOKEN


def test_a_full_context_ends_the_text(scripted):
    model = scripted("Hello you", context_length=6)
    steps = list(sample(model, "Hel", GREEDY))
    assert text_of(steps) == "lo "
    assert steps[-1].end == CONTEXT_FULL
    assert steps[-1].position == 5


def test_characters_come_whole(scripted):
    steps = list(sample(scripted("Hi ü 🙂!"), "Hi", dataclasses.replace(GREEDY, max_new_tokens=9)))
    assert [step.text for step in steps] == [" ", "", "ü", " ", "", "", "", "🙂", "!"]


def test_a_character_cut_by_the_limit_is_shown_as_cut(scripted):
    steps = list(sample(scripted("Hi 🙂"), "Hi", dataclasses.replace(GREEDY, max_new_tokens=3)))
    assert text_of(steps) == " \N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("seed", range(20))
def test_the_texts_join_to_the_final_decode(tiny_model, seed):
    options = SamplingOptions(temperature=5.0, max_new_tokens=30, seed=seed)
    steps = list(sample(tiny_model, "Hi", options))
    ids = [step.token_id for step in steps if step.end != END_TOKEN]
    tokenizer = tiny_model.tokenizer
    assert "Hi" + text_of(steps) == tokenizer.decode([*tokenizer.encode("Hi"), *ids])


def test_without_a_tokenizer_the_text_is_the_ids(scripted):
    model = scripted([5, 17, 230, 4], tokenizer=None, stop_ids=())
    steps = list(sample(model, [5], dataclasses.replace(GREEDY, max_new_tokens=3)))
    assert text_of(steps).split() == ["17", "230", "4"]
    assert steps[0].alternatives[0].text == "17"


# Stopping


def test_closing_the_generator_stops_the_work(scripted):
    model = scripted("Hello there")
    steps = sample(model, "He", GREEDY)
    assert next(steps).text == "l"
    assert next(steps).text == "l"
    before = list(model.network.calls)
    steps.close()
    assert list(steps) == []
    assert model.network.calls == before == [(1, 2), (1, 1)]


def test_a_long_prompt_can_be_stopped_between_chunks(scripted):
    model = scripted([], context_length=1_000)
    events = sample_rows(model, [1] * 600, [Row(GREEDY)])
    assert next(events) == Prefill(512, 600)
    events.close()
    assert model.network.calls == [(1, 512)]
    events = sample_rows(model, [1] * 600, [Row(dataclasses.replace(GREEDY, max_new_tokens=1))])
    assert [event if isinstance(event, Prefill) else type(event) for event in events] == [
        Prefill(512, 600), Prefill(600, 600), Step,
    ]  # fmt: skip


def test_inference_mode_does_not_leak_between_steps(tiny_model):
    for _ in sample(tiny_model, [1], GREEDY):
        assert not torch.is_inference_mode_enabled()
        assert torch.is_grad_enabled()


# Refusals


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("", "0 tokens"),
        ([], "0 tokens"),
        ("x" * 64, "64 tokens.*holds 64"),
        ("x" * 65, "65 tokens.*holds 64"),
        ([1] * 64, "64 tokens.*holds 64"),
        ("x" * (limits.PROMPT_CHARACTERS + 1), "20,001 characters.*20,000"),
        ([1] * (limits.PROMPT_TOKENS + 1), "16,385 tokens.*16,384"),
        ([1, 258], "258.*257"),
        ([-1], "-1"),
        ([10**5000], "digits"),
        ([True], "True"),
        ([1.0], "1.0"),
        (["a"], "'a'"),
        (None, "None"),
        (5, "5"),
        (b"abc", "list of token ids"),
        (np.array(3), "array"),
        ("half a \ud83d pair", "Character 8 of 13"),
    ],
)
def test_prompts_that_cannot_be_continued_are_refused_at_once(scripted, prompt, message):
    with pytest.raises(InvalidRequest, match=message):
        sample(scripted("x"), prompt, GREEDY)


def test_ids_that_the_model_itself_makes_of_a_text_are_checked_too(scripted):
    model = scripted([5, 17], tokenizer=None)
    assert next(sample(model, "5", GREEDY)).token_id == 17
    with pytest.raises(InvalidRequest, match=r"258.*257"):
        sample(model, "5 258", GREEDY)


def test_a_model_that_generates_nothing_is_refused(scripted):
    with pytest.raises(InvalidRequest, match="reconstruct"):
        sample(scripted("x", abilities=frozenset({"reconstruct"})), "Hi", GREEDY)


@pytest.mark.parametrize("unknown", [258, pytest.param(10**5000, id="huge")])
def test_an_unknown_stop_token_is_refused(scripted, unknown):
    with pytest.raises(InvalidRequest, match=r"stop_ids holds the token id .*, but ids are from 0 to 257"):
        sample(scripted("x"), "Hi", SamplingOptions(stop_ids=(unknown,)))


def test_an_end_token_of_the_model_beyond_its_vocabulary_does_no_harm(scripted):
    assert text_of(sample(scripted("Hi!", stop_ids=(999,)), "Hi", dataclasses.replace(GREEDY, max_new_tokens=1))) == "!"


def test_edits_for_a_network_without_senses_are_refused(tiny_model):
    with pytest.raises(InvalidRequest, match="no sense vectors"):
        next(sample(tiny_model, "Hi", GREEDY, edits=["anything"]))


def test_too_many_edits_are_refused(scripted):
    with pytest.raises(InvalidRequest, match=r"65 edits.*64"):
        sample(scripted("x"), "Hi", GREEDY, edits=["x"] * 65)


@pytest.mark.parametrize("count", [0, limits.ROWS + 1])
def test_the_number_of_rows_is_limited(scripted, count):
    with pytest.raises(InvalidRequest, match=f"{count} samples.*{limits.ROWS}"):
        sample_rows(scripted("x"), "Hi", [Row()] * count)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_logits_that_are_not_finite_name_the_position(scripted, bad, temperature):
    model = scripted("Hello")
    plain = model.network.unembed

    def broken(hidden):
        logits = plain(hidden)
        if hidden[0, -1, 0] == 3:
            logits[:, :, 40] = bad
        return logits

    model.network.unembed = broken
    steps = sample(model, "Hel", SamplingOptions(temperature=temperature))
    next(steps)
    with pytest.raises(PlaygroundError, match="position 4 "):
        next(steps)


@pytest.mark.parametrize("path", ["torch", "compiled"])
@pytest.mark.parametrize("name", ["shard", "gelu-gpt", "backpack", "pixel-lm of experts"])
def test_a_seed_means_the_same_text_on_every_path(name, path):
    model = SimpleNamespace(
        network=language(name), tokenizer=None, prompt_ids=None, stop_ids=(), abilities=frozenset({"generate"}),
        sampled_size=language(name).vocab_size, card=None,
    )  # fmt: skip
    for seed in range(3):
        options = SamplingOptions(max_new_tokens=40, temperature=1.1, top_p=0.95, seed=seed)
        plain, other = (list(sample(model, [3, 1, 4], options, decode=each)) for each in ("plain", path))
        assert [step.token_id for step in plain] == [step.token_id for step in other]
        assert [step.logprob for step in plain] == pytest.approx([step.logprob for step in other], abs=1e-4)
