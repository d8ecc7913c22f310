"""Columns take turns, keep their own time, and fail and end by themselves."""

import pytest

from playground.engine.columns import take_turns
from playground.engine.requests import ColumnEvent, ColumnFailed, CompareRequest, Ended, GenerateRequest, Token
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.generation.steps import Step


def step(index, end=None):
    return Step(0, index, index + 3, 7, "x", -1.0, 0.5, (), end)


class Clock:
    """A clock that only moves when somebody works."""

    now = 0.0

    def __call__(self):
        return self.now


def writing(clock, tokens, seconds, closed=None):
    """A column that works for ``seconds`` on each of its tokens, with times that count everybody's work."""
    try:
        for index in range(tokens):
            clock.now += seconds
            yield Token(step(index), clock.now)
        yield Ended(0, "token limit", tokens, clock.now, 1.0)
    finally:
        if closed is not None:
            closed.append(seconds)


def failing(clock, after):
    yield from (Token(step(index), 0.0) for index in range(after))
    raise InvalidRequest("This column cannot go on.")


def test_columns_take_turns_and_the_longer_goes_on_alone():
    clock = Clock()
    order = [event.column for event in take_turns([writing(clock, 2, 1.0), writing(clock, 4, 1.0)], clock)]
    assert order == [0, 1, 0, 1, 0, 1, 1, 1]


def test_time_is_that_of_the_column_itself():
    clock = Clock()
    events = list(take_turns([writing(clock, 3, 1.0), writing(clock, 3, 0.25)], clock))
    times = {0: [], 1: []}
    for event in events:
        if isinstance(event.event, Token):
            times[event.column].append(event.event.seconds)
    assert times == {0: [1.0, 2.0, 3.0], 1: [0.25, 0.5, 0.75]}
    ends = [event.event for event in events if isinstance(event.event, Ended)]
    assert [(end.seconds, end.tokens_per_second) for end in ends] == [(2.0, 1.0), (0.5, 4.0)]


def test_a_single_token_has_no_speed():
    clock = Clock()
    *_, last = take_turns([writing(clock, 1, 1.0)], clock)
    assert last.event.tokens_per_second is None


def test_a_column_that_fails_leaves_the_others():
    clock = Clock()
    events = list(take_turns([failing(clock, 1), writing(clock, 3, 1.0)], clock))
    assert [event for event in events if isinstance(event, ColumnFailed)] == [
        ColumnFailed(0, "This column cannot go on.")
    ]
    assert [type(event.event).__name__ for event in events if event.column == 1] == ["Token"] * 3 + ["Ended"]


def test_closing_closes_every_column():
    clock, closed = Clock(), []
    events = take_turns([writing(clock, 9, 1.0, closed), writing(clock, 9, 2.0, closed)], clock)
    next(events)
    next(events)
    events.close()
    assert closed == [1.0, 2.0]


def test_compared_columns_write_what_they_write_alone(engine):
    options = SamplingOptions(max_new_tokens=12, seed=5)
    requests = (
        GenerateRequest("shard", "Once upon", (options,)),
        GenerateRequest("pixel_100m", "Once upon", (options,)),
        GenerateRequest("shard", "Once upon", (SamplingOptions(max_new_tokens=12, temperature=0.0),)),
    )
    columns = {0: [], 1: [], 2: []}
    for event in engine.run(CompareRequest(requests)):
        assert isinstance(event, ColumnEvent)
        if isinstance(event.event, Token):
            columns[event.column].append(event.event.step)
    for number, request in enumerate(requests):
        alone = [event.step for event in engine.run(request) if isinstance(event, Token)]
        assert columns[number] == alone
    assert all(state.in_use == 0 for state in engine._models().models)


def test_a_model_that_cannot_generate_fails_in_its_column(engine):
    options = (SamplingOptions(max_new_tokens=3),)
    requests = (GenerateRequest("pixel-mae", "a", options), GenerateRequest("shard", "a", options))
    events = list(engine.run(CompareRequest(requests)))
    failed = [event for event in events if isinstance(event, ColumnFailed)]
    assert [event.column for event in failed] == [0]
    assert "cannot generate" in failed[0].message
    assert isinstance(events[-1].event, Ended)


@pytest.mark.parametrize("columns", [(), "ab", None, (1,), tuple(GenerateRequest("a", "b") for _ in range(5))])
def test_unfit_columns_are_refused(columns):
    with pytest.raises(InvalidRequest, match="columns"):
        CompareRequest(columns)
