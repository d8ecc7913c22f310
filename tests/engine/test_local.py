"""The engine over real small checkpoints: plain events, leases that end with the stream, errors in a line."""

import dataclasses
import itertools
import json
import threading
import time
import types
from collections.abc import Mapping

import pytest
from model_folder import COPIES, ENDLESS

from playground.engine.requests import (
    CardRequest,
    Ended,
    GenerateRequest,
    Loaded,
    Loading,
    LoadRequest,
    Models,
    ModelsRequest,
    Prefill,
    Score,
    ScoreRequest,
    Started,
    Token,
    UnloadRequest,
)
from playground.errors import (
    DoesNotFit,
    InvalidRequest,
    MissingFile,
    ModelBusy,
    PlaygroundError,
    TokenizerError,
)
from playground.generation.options import SamplingOptions
from playground.senses.edits import ScaleSense

PLAIN = (str, int, float, bool, types.NoneType)
LONG = SamplingOptions(max_new_tokens=4096)


def state(engine, name):
    return next(state for state in engine.answer(ModelsRequest()).models if state.name == name)


def all_plain(value, where="event"):
    """Every object inside ``value`` is a frozen dataclass, a tuple, list or mapping, or a plain value."""
    if dataclasses.is_dataclass(value):
        assert type(value).__dataclass_params__.frozen, where
        for field in dataclasses.fields(value):
            all_plain(getattr(value, field.name), f"{where}.{field.name}")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            assert type(key) is str, where
            all_plain(inner, f"{where}[{key}]")
    elif isinstance(value, tuple | list):
        for index, inner in enumerate(value):
            all_plain(inner, f"{where}[{index}]")
    else:
        assert type(value) in PLAIN, f"{where} is a {type(value).__name__}"


def texts(engine, request):
    """The text of each row."""
    rows = {}
    for event in engine.run(request):
        if isinstance(event, Token):
            rows[event.step.row] = rows.get(event.step.row, "") + event.step.text
    return rows


class Stream(threading.Thread):
    """Reads a stream of events until told to stop; keeps what came and how it ended."""

    def __init__(self, engine, request, stop_after=10**9):
        super().__init__(daemon=True)
        self.engine, self.request, self.stop_after = engine, request, stop_after
        self.tokens, self.error = 0, None
        self.began, self.halt = threading.Event(), threading.Event()
        self.start()

    def run(self):
        events = self.engine.run(self.request)
        try:
            for event in events:
                self.tokens += isinstance(event, Token)
                if self.tokens == 1:
                    self.began.set()
                if self.halt.is_set() or self.tokens >= self.stop_after:
                    break
        except PlaygroundError as error:
            self.error = error
        finally:
            events.close()
            self.began.set()


@pytest.fixture
def writing(engine):
    """A long generation under way in another thread."""
    stream = Stream(engine, GenerateRequest(ENDLESS, "Once upon a time", (LONG,)))
    assert stream.began.wait(60)
    assert stream.tokens >= 1, stream.error
    yield stream
    stream.halt.set()
    stream.join(10)
    assert not stream.is_alive()


def test_generating_tells_of_loading_prefill_tokens_and_the_end(engine):
    options = SamplingOptions(max_new_tokens=5, temperature=0.0)
    events = list(engine.run(GenerateRequest("pixel_100m", "hello there", (options,))))
    kinds = [type(event) for event in events]
    order = [kind for i, kind in enumerate(kinds) if i == 0 or kinds[i - 1] is not kind]
    assert order == [Loading, Started, Prefill, Token, Ended]
    tokens = [event for event in events if isinstance(event, Token)]
    assert [event.step.index for event in tokens] == list(range(5))
    assert all(0 <= a.seconds <= b.seconds for a, b in itertools.pairwise(tokens))
    end = events[-1]
    assert (end.row, end.reason, end.tokens) == (0, "token limit", 5) == (0, tokens[-1].step.end, 5)
    assert end.seconds == pytest.approx(tokens[-1].seconds - tokens[0].seconds)
    assert end.tokens_per_second == pytest.approx(4 / end.seconds)
    again = list(engine.run(GenerateRequest("pixel_100m", "hello there", (options,))))
    assert not any(isinstance(event, Loading) for event in again)
    assert [e.step for e in again if isinstance(e, Token)] == [event.step for event in tokens]


def test_a_single_token_has_no_speed(engine):
    *_, end = engine.run(GenerateRequest("shard", "a", (SamplingOptions(max_new_tokens=1),)))
    assert (end.tokens, end.tokens_per_second) == (1, None)


def test_rows_run_side_by_side_and_each_ends_by_itself(engine):
    rows = tuple(SamplingOptions(max_new_tokens=n, seed=n) for n in (3, 12, 7))
    events = list(engine.run(GenerateRequest("shard", "the", rows)))
    ends = {event.row: event for event in events if isinstance(event, Ended)}
    assert {row: end.tokens for row, end in ends.items()} == {0: 3, 1: 12, 2: 7}
    together = texts(engine, GenerateRequest("shard", "the", rows))
    alone = {i: texts(engine, GenerateRequest("shard", "the", (row,)))[0] for i, row in enumerate(rows)}
    assert together == alone


def test_every_event_is_plain_data(engine):
    """It could cross a network: no tensor, module, lock or path anywhere, and JSON takes it."""
    rows = (SamplingOptions(max_new_tokens=3), SamplingOptions(max_new_tokens=2, seed=1))
    requests = [
        GenerateRequest("shard", "Once", rows),
        ScoreRequest("pixel_100m", "the cat sat"),
        ScoreRequest("gelu-gpt", (1, 2, 3)),
        LoadRequest("shard", "bfloat16", None, {"rope_pairing": "half"}),
        *(CardRequest(name) for name in COPIES),
        ModelsRequest(),
        UnloadRequest("shard"),
    ]
    seen = set()
    for request in requests:
        for event in engine.run(request):
            all_plain(event, type(event).__name__)
            json.dumps(dataclasses.asdict(event), allow_nan=False)
            seen.add(type(event))
    assert seen == {Loading, Started, Prefill, Token, Ended, Score, Loaded, Models}


def test_closing_the_stream_frees_the_model_at_once(engine):
    events = engine.run(GenerateRequest(ENDLESS, "Once", (LONG,)))
    for event in events:
        if isinstance(event, Token) and event.step.index == 3:
            break
    assert state(engine, ENDLESS).in_use == 1
    began = time.perf_counter()
    events.close()
    assert state(engine, ENDLESS).in_use == 0
    assert time.perf_counter() - began < 0.5
    engine.answer(UnloadRequest(ENDLESS))


def test_closing_the_stream_stops_a_load(open_over):
    engine = open_over()
    events = engine.run(GenerateRequest(ENDLESS, "Once", (LONG,)))
    assert isinstance(next(events), Loading)
    events.close()
    deadline = time.monotonic() + 10
    while state(engine, ENDLESS).state == "loading":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert state(engine, ENDLESS).state in ("not loaded", "loaded")
    assert state(engine, ENDLESS).in_use == 0


def test_a_dropped_stream_frees_the_model_too(engine):
    """A consumer that fails, or forgets to close, leaves no lease behind."""
    events = engine.run(GenerateRequest(ENDLESS, "Once", (LONG,)))
    next(event for event in events if isinstance(event, Token))
    del events
    assert state(engine, ENDLESS).in_use == 0


def test_unloading_a_model_in_use_is_refused(engine, writing):
    with pytest.raises(ModelBusy, match=ENDLESS):
        engine.answer(UnloadRequest(ENDLESS))
    with pytest.raises(ModelBusy, match=ENDLESS):
        engine.answer(LoadRequest(ENDLESS, "bfloat16"))
    assert state(engine, ENDLESS).in_use == 1
    writing.halt.set()
    writing.join(10)
    models = engine.answer(UnloadRequest(ENDLESS))
    assert next(s for s in models.models if s.name == ENDLESS).state == "not loaded"


def test_four_generations_at_once_all_finish(engine):
    request = GenerateRequest("shard", "the", (SamplingOptions(max_new_tokens=30),))
    streams = [Stream(engine, request) for _ in range(4)]
    for stream in streams:
        stream.join(60)
    assert [stream.tokens for stream in streams] == [streams[0].tokens] * 4
    assert streams[0].tokens > 0
    assert state(engine, "shard").in_use == 0


def test_cards_tell_what_is_loaded(engine):
    shard = engine.answer(CardRequest("shard"))
    assert (shard.model, shard.card.name, shard.card.family) == ("shard", "shard", "shard")
    assert (shard.card.parameters, shard.card.dtype) == (214_592, "float32")
    assert state(engine, "shard").card == shard.card
    assert engine.answer(CardRequest("pixel-mae")).card.abilities == ("reconstruct",)
    gelu = engine.answer(CardRequest("gelu-gpt")).card
    assert gelu.tokenizer is None
    assert any("no tokenizer" in note for note in gelu.notes)


def test_models_are_listed_with_what_they_take(engine):
    before = engine.answer(ModelsRequest())
    assert {state.name for state in before.models} >= {*COPIES, ENDLESS, "sage002/pixel"}
    assert all(state.state == "not loaded" and state.memory_bytes == 0 for state in before.models)
    assert (before.used, before.reserved, before.budget) == (0, 0, 10**9)
    card = engine.answer(CardRequest("shard")).card
    after = engine.answer(ModelsRequest())
    loaded = next(state for state in after.models if state.name == "shard")
    assert (loaded.state, loaded.memory_bytes, loaded.in_use) == ("loaded", card.memory_bytes, 0)
    assert after.used == card.memory_bytes == 4 * card.parameters


def test_loading_anew_with_choices_changes_the_model(engine):
    default = engine.answer(LoadRequest("shard")).card
    half = engine.answer(LoadRequest("shard", "bfloat16", None, {"rope_pairing": "half", "rope_base": 5e5})).card
    assert (default.dtype, half.dtype) == ("float32", "bfloat16")
    assert half.memory_bytes * 2 == default.memory_bytes
    assert (half.sizes["rope_pairing"], half.sizes["rope_base"]) == ("half", 5e5)
    assert engine.answer(CardRequest("shard")).card == half  # asking for a card changes nothing
    assert engine.answer(LoadRequest("shard")).card == default


def test_a_tokenizer_can_be_given(engine, models_folder):
    tokenizer = str(models_folder / "shard" / "models" / "tokenizer.json")
    with pytest.raises(TokenizerError, match="do not belong together"):
        engine.answer(LoadRequest("gelu-gpt", tokenizer=tokenizer))
    assert state(engine, "gelu-gpt").state == "failed"
    assert "do not belong together" in state(engine, "gelu-gpt").error
    engine.answer(LoadRequest("gelu-gpt"))
    assert (state(engine, "gelu-gpt").state, state(engine, "gelu-gpt").error) == ("loaded", None)


@pytest.mark.parametrize(
    ("request_", "kind", "words"),
    [
        (GenerateRequest("nothing", "a"), InvalidRequest, "nothing"),
        (GenerateRequest("shrad", "a"), InvalidRequest, "shard"),  # close names are offered
        (CardRequest("../../etc/passwd"), InvalidRequest, "no model"),
        (UnloadRequest("nothing"), InvalidRequest, "nothing"),
        (GenerateRequest("gelu-gpt", "some text"), InvalidRequest, "no tokenizer"),
        (ScoreRequest("pixel-mae", "some text"), InvalidRequest, "reconstruct"),
        (GenerateRequest("pixel-mae", "some text"), InvalidRequest, "reconstruct"),
        (GenerateRequest("shard", "a " * 300), InvalidRequest, "256"),
        (GenerateRequest("shard", (400,)), InvalidRequest, "400"),
        (GenerateRequest("shard", ()), InvalidRequest, "empty"),
        (ScoreRequest("shard", (1, 10**30)), InvalidRequest, "399"),
        (GenerateRequest("shard", "a\ud800b"), InvalidRequest, "surrogate"),
        (GenerateRequest("shard", "a", edits=(ScaleSense(1, 0, 2.0),)), InvalidRequest, "edits"),
        (GenerateRequest("backpack", (1, 2), edits=(ScaleSense(1, 99, 2.0),)), InvalidRequest, "99"),
        (LoadRequest("shard", "int8"), InvalidRequest, "int8"),
        (LoadRequest("shard", choices={"colour": "red"}), InvalidRequest, "colour"),
        (LoadRequest("shard", tokenizer="/nowhere/at all"), MissingFile, "nowhere"),
        (LoadRequest("shard", tokenizer="x" * 300), PlaygroundError, "xxx"),
        (LoadRequest("shard", tokenizer="a\0b"), PlaygroundError, "tokenizer"),
    ],
    ids=lambda value: None if not dataclasses.is_dataclass(value) else type(value).__name__,
)
def test_errors_are_one_line_and_leave_nothing_behind(shared_engine, request_, kind, words):
    engine = shared_engine
    with pytest.raises(kind) as caught:
        list(engine.run(request_))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert all(state.in_use == 0 for state in engine.answer(ModelsRequest()).models)
    assert texts(engine, GenerateRequest("shard", "a", (SamplingOptions(max_new_tokens=2),)))[0] is not None


def test_an_unknown_request_is_a_bug_not_a_message(engine):
    with pytest.raises(TypeError):
        engine.run("generate")


def test_what_cannot_fit_is_refused_with_both_sizes(open_over):
    engine = open_over(memory_gb=1e-4)  # 100 kB
    with pytest.raises(DoesNotFit, match="100 kB"):
        engine.answer(CardRequest("shard"))
    assert state(engine, "shard").state == "failed"


def test_idle_models_make_room_for_others(open_over):
    engine = open_over(memory_gb=0.0012)  # shard takes 0.86 MB, pixel_100m 0.38 MB: not both
    engine.answer(CardRequest("shard"))
    engine.answer(CardRequest("pixel_100m"))
    assert state(engine, "shard").state == "not loaded"
    assert state(engine, "pixel_100m").state == "loaded"


def test_a_folder_that_does_not_exist_is_refused(open_over, tmp_path):
    with pytest.raises(MissingFile, match="nowhere"):
        open_over(models=(str(tmp_path / "nowhere"),))
    with pytest.raises(MissingFile, match="no checkpoint"):
        open_over(models=(str(tmp_path),))


def test_a_closed_engine_answers_in_a_line(open_over):
    engine = open_over()
    engine.answer(CardRequest("shard"))
    engine.close()
    with pytest.raises(PlaygroundError, match="closing"):
        list(engine.run(GenerateRequest("shard", "a")))
