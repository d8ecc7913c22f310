import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground import limits
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions

FIELDS = {field.name: field for field in dataclasses.fields(SamplingOptions)}
NUMBERS = [name for name, field in FIELDS.items() if isinstance(field.default, int | float)]
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=70),
    st.binary(max_size=3),
    st.lists(st.one_of(st.text(max_size=70), st.integers(), st.booleans(), st.floats(), st.none()), max_size=10),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.sampled_from([10**5000, -(10**5000), 2**64, math.inf, -0.0, object(), 1 + 2j, np.float32(0.5), np.int64(3)]),
)


def test_fields_describe_themselves_and_defaults_lie_inside_their_limits():
    for name, field in FIELDS.items():
        assert set(field.metadata) == {"description", "minimum", "maximum", "step"}
        assert field.metadata["description"].endswith(".")
        if name in NUMBERS:
            assert field.metadata["minimum"] <= field.default <= field.metadata["maximum"]
            assert field.metadata["step"] > 0
    assert FIELDS["temperature"].metadata["maximum"] == limits.TEMPERATURE[1]
    assert FIELDS["max_new_tokens"].metadata["maximum"] == limits.NEW_TOKENS


@given(st.sampled_from(sorted(FIELDS)), ANYTHING)
def test_any_value_is_either_taken_or_refused_in_one_line(name, value):
    try:
        options = SamplingOptions(**{name: value})
    except InvalidRequest as error:
        refused = str(error)
    else:
        refused = None
    if refused is not None:
        assert refused.startswith((name, "A stop string"))
        assert len(refused.splitlines()) == 1
        assert len(refused) < 200
        return
    taken = getattr(options, name)
    if name in NUMBERS:
        assert type(taken) is type(FIELDS[name].default)
        assert FIELDS[name].metadata["minimum"] <= taken <= FIELDS[name].metadata["maximum"]
        assert taken == value
    json.dumps(dataclasses.asdict(options), allow_nan=False)
    hash(options)


@pytest.mark.parametrize("name", NUMBERS)
def test_just_outside_the_limits_is_refused_with_both_numbers(name):
    low, high = FIELDS[name].metadata["minimum"], FIELDS[name].metadata["maximum"]
    whole = isinstance(FIELDS[name].default, int)
    assert getattr(SamplingOptions(**{name: low}), name) == low
    assert getattr(SamplingOptions(**{name: high}), name) == high
    for value in (low - 1, high + 1) if whole else (low - 1e-9, high + 1e-9):
        with pytest.raises(InvalidRequest) as caught:
            SamplingOptions(**{name: value})
        assert name in str(caught.value)
        assert repr(value) in str(caught.value)
        assert f"{low:,}" in str(caught.value)
        assert f"{high:,}" in str(caught.value)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [True, math.nan, math.inf, -math.inf, "1", None, [1], 1j])
def test_what_is_no_number_is_refused(name, value):
    with pytest.raises(InvalidRequest, match=name):
        SamplingOptions(**{name: value})


def test_whole_numbers_stay_whole():
    with pytest.raises(InvalidRequest, match="whole number"):
        SamplingOptions(top_k=5.0)
    assert SamplingOptions(temperature=1).temperature == 1.0
    assert type(SamplingOptions(temperature=1).temperature) is float


def test_lists_become_tuples_and_one_string_is_one_stop():
    options = SamplingOptions(stop=["\n", "end"], stop_ids=[3, np.int64(4)])
    assert (options.stop, options.stop_ids) == (("\n", "end"), (3, 4))
    assert all(type(token) is int for token in options.stop_ids)
    assert SamplingOptions(stop="end").stop == ("end",)
    assert SamplingOptions(stop_ids=()).stop_ids == ()
    assert SamplingOptions().stop_ids is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stop", [""]),
        ("stop", ["x" * (limits.STOP_CHARACTERS + 1)]),
        ("stop", ["x"] * (limits.STOP_STRINGS + 1)),
        ("stop", [1]),
        ("stop", b"x"),
        ("stop_ids", [-1]),
        ("stop_ids", [True]),
        ("stop_ids", [1.0]),
        ("stop_ids", "12"),
        ("stop_ids", 3),
        ("stop_ids", np.array(3)),
        ("stop_ids", np.zeros((2, 2), int)),
    ],
)
def test_bad_stops_are_refused(name, value):
    with pytest.raises(InvalidRequest):
        SamplingOptions(**{name: value})


def test_options_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SamplingOptions().seed = 1


@pytest.mark.parametrize("value", ["tokens", "", None, 1, ["token"]])
def test_unknown_dice_are_refused(value):
    with pytest.raises(InvalidRequest, match="'token' or 'position'"):
        SamplingOptions(dice=value)
    assert SamplingOptions(dice="position").dice == "position"
