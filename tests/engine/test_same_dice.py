"""Which dice columns share, and that they draw with them."""

import shutil
from dataclasses import replace

import pytest

from playground import limits
from playground.engine.requests import ColumnEvent, ColumnFailed, Ended, GenerateRequest, Loading, Started, Token
from playground.engine.same_dice import Dice, choose_dice, compare
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions

OPTIONS = SamplingOptions(max_new_tokens=10, seed=4)


def column(model, prompt="Once upon", **changes):
    return GenerateRequest(model, prompt, (replace(OPTIONS, **changes),))


def drawn(events):
    """The token ids of each column, what dice were named, and what failed."""
    ids, dice, failed = {}, [], {}
    for event in events:
        if isinstance(event, Dice):
            dice.append(event)
        elif isinstance(event, ColumnFailed):
            failed[event.column] = event.message
        elif isinstance(event.event, Token):
            assert dice, "nothing is drawn before the dice are named"
            ids.setdefault(event.column, []).append(event.event.step.token_id)
    return ids, dice, failed


def alone(engine, request):
    return [event.step.token_id for event in engine.run(request) if isinstance(event, Token)]


def test_one_model_shares_the_noise_of_each_token(shared_engine):
    requests = [column("shard"), column("shard", temperature=1.3), column("shard")]
    ids, dice, failed = drawn(compare(shared_engine, requests, same=True))
    assert dice == [Dice("token", True, (4, 4, 4))]
    assert not failed
    assert [ids[n] for n in range(3)] == [alone(shared_engine, request) for request in requests]
    assert ids[0] == ids[2] != ids[1]


def test_different_tokenizers_share_one_number_for_each_new_token(shared_engine):
    requests = [column("shard"), column("pixel_100m")]
    ids, dice, _ = drawn(compare(shared_engine, requests, same=True))
    assert dice == [Dice("position", False, (4, 4))]
    for number, model in enumerate(("shard", "pixel_100m")):
        assert ids[number] == alone(shared_engine, column(model, dice="position"))
        assert ids[number] != alone(shared_engine, column(model))


def test_own_dice_count_the_seed_on(shared_engine):
    top = limits.SEED[1]
    requests = [column("shard", seed=top)] * 2
    ids, dice, _ = drawn(compare(shared_engine, requests, same=False))
    assert dice == [Dice("own", True, (top, 0))]
    assert ids[0] == alone(shared_engine, column("shard", seed=top))
    assert ids[1] == alone(shared_engine, column("shard", seed=0))
    assert ids[0] != ids[1]


def test_models_are_loaded_and_prompts_read_before_anything_is_drawn(open_over):
    engine = open_over()
    events = list(compare(engine, [column("shard"), column("pixel_100m")], same=True))
    at = next(i for i, event in enumerate(events) if isinstance(event, Dice))
    before = [(event.column, type(event.event)) for event in events[:at]]
    assert [number for number, kind in before if kind is Started] == [0, 1]
    assert {number for number, kind in before if kind is Loading} == {0, 1}
    assert not any(kind is Token for _, kind in before)
    assert not any(isinstance(event.event, Loading) for event in events[at + 1 :])


def test_a_column_that_fails_early_leaves_the_others_with_their_numbers(shared_engine):
    requests = [column("pixel-mae"), column("shard"), column("gelu-gpt"), column("shard", temperature=1.3)]
    events = list(compare(shared_engine, requests, same=True))
    ids, dice, failed = drawn(events)
    assert set(failed) == {0, 2}
    assert "cannot generate" in failed[0]
    assert "ships no tokenizer" in failed[2]
    assert dice == [Dice("token", True, (4, 4, 4, 4))]  # of those that go on
    assert {number: ids[number] for number in (1, 3)} == {n: alone(shared_engine, requests[n]) for n in (1, 3)}
    assert {event.column for event in events if isinstance(event, ColumnEvent) and isinstance(event.event, Ended)} == {
        1,
        3,
    }


def test_when_all_fail_nothing_is_drawn(shared_engine):
    ids, dice, failed = drawn(compare(shared_engine, [column("pixel-mae"), column("no such")], same=True))
    assert (ids, dice, set(failed)) == ({}, [], {0, 1})


def test_closing_frees_the_models(open_over):
    engine = open_over()
    for after in (1, 30):
        events = compare(engine, [column("endless", max_new_tokens=500), column("shard")], same=True)
        for _ in range(after):
            next(events)
        events.close()
        assert not any(state.in_use for state in engine._models().models)


def test_what_two_models_must_share_to_be_of_one_tokenizer(models_folder, open_over, tmp_path):
    def started(engine, name, prompt="Once"):
        return next(event for event in engine.run(column(name, prompt)) if isinstance(event, Started))

    folder = tmp_path / "models"
    shutil.copytree(models_folder / "shard", folder / "shard")
    engine = open_over(checkpoints=folder)
    one, longer = started(engine, "shard"), started(engine, "shard", "Once upon")
    assert choose_dice([one, one], 0, 2, True).kind == "token"
    # The same tokenizer, but a begin token for one of the two: places would not be the same places.
    assert choose_dice([one, longer], 0, 2, True) == Dice("position", True, (0, 0))
    copy = replace(one, card=replace(one.card, name="another", fingerprint="f" * 64))
    assert choose_dice([one, copy], 0, 2, True) == Dice("token", True, (0, 0))  # other weights, the same tokenizer
    other = replace(one, card=replace(one.card, tokenizer_fingerprint="0" * 12))
    assert choose_dice([one, other], 0, 2, True) == Dice("position", False, (0, 0))
    # Without tokenizers only the very same model is known to name its tokens alike.
    bare, strange = (replace(each, card=replace(each.card, tokenizer_fingerprint=None)) for each in (one, copy))
    assert choose_dice([bare, bare], 0, 2, True).one_tokenizer
    assert not choose_dice([bare, strange], 0, 2, True).one_tokenizer
    assert choose_dice([one, other], 7, 2, False).seeds == (7, 8)


@pytest.mark.parametrize("count", [0, 5])
def test_columns_that_cannot_be_compared_are_refused(shared_engine, count):
    with pytest.raises(InvalidRequest, match="columns"):
        list(compare(shared_engine, [column("shard")] * count, same=True))
