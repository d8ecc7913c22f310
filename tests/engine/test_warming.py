"""A loaded model is made ready once, a removed one no more, and the first demo is loaded ahead."""

import threading
from collections import Counter

import pytest
from model_folder import ENDLESS

from playground.engine import local, warming
from playground.engine.local import open_engine
from playground.engine.requests import CardRequest, GenerateRequest, LoadRequest, ModelsRequest, UnloadRequest
from playground.engine.warming import TOKENS, load_first, make_ready
from playground.errors import PlaygroundError
from playground.generation.options import SamplingOptions
from playground.settings import Settings

SHORT = (SamplingOptions(max_new_tokens=2),)


@pytest.fixture
def calls(monkeypatch):
    """How often each model was made ready, by its file name; it is done all the same."""
    counted = Counter()

    def count(model):
        counted[model.card.name] += 1
        make_ready(model)

    monkeypatch.setattr(local, "make_ready", count)
    return counted


@pytest.fixture
def ready(models_folder):
    engine = open_engine(Settings(checkpoints=models_folder, models=(), memory_gb=1.0), ready=True)
    yield engine
    engine.close()


def loaded(engine):
    return [state.name for state in engine.answer(ModelsRequest()).models if state.state == "loaded"]


def test_a_model_is_made_ready_once_for_each_load(ready, calls):
    ready.answer(LoadRequest("shard"))
    assert calls.total() == 1
    for _ in range(2):
        ready.answer(GenerateRequest("shard", "Once", SHORT))
        ready.answer(CardRequest("shard"))
    assert calls.total() == 1
    ready.answer(UnloadRequest("shard"))
    ready.answer(GenerateRequest("shard", "Once", SHORT))
    assert calls.total() == 2
    ready.answer(LoadRequest("shard", dtype="bfloat16"))
    assert calls.total() == 3


def test_it_is_the_last_stage_of_a_load(ready):
    stages = [event.stage for event in ready.run(LoadRequest("shard")) if hasattr(event, "stage")]
    assert stages[-1] == warming.STAGE


def test_only_an_engine_that_is_asked_to_makes_ready(engine, calls):
    engine.answer(LoadRequest("shard"))
    assert calls.total() == 0


def test_making_ready_writes_two_tokens_and_leaves_readers_of_pictures_alone(ready, monkeypatch):
    asked = []

    def sample(model, prompt, options):
        asked.append((model.card.name, prompt, options))
        yield from ()

    monkeypatch.setattr(warming, "sample", sample)
    ready.answer(LoadRequest("pixel-mae"))
    assert asked == []
    ready.answer(LoadRequest(ENDLESS))
    assert [(prompt, options) for _, prompt, options in asked] == [([0], TOKENS)]
    assert TOKENS.max_new_tokens == 2


def test_a_model_that_cannot_write_is_loaded_all_the_same(ready, monkeypatch):
    def sample(model, prompt, options):
        raise PlaygroundError("no")

    monkeypatch.setattr(warming, "sample", sample)
    ready.answer(LoadRequest("shard"))
    assert loaded(ready) == ["shard"]


class Model:
    """Enough of a model to be made ready; ``weight`` is what its network consists of."""

    abilities = frozenset({"generate"})

    def __init__(self, weight):
        self.weight = weight

    @property
    def network(self):
        return self

    def parameters(self):
        return iter([self.weight])


@pytest.fixture
def compiling(monkeypatch):
    """A kernel that is compiled once the returned event is set, and how often a model wrote for nobody."""
    done, written = threading.Event(), []
    monkeypatch.setattr(warming, "sample", lambda *args: written.append(1) or iter(()))
    monkeypatch.setattr(warming, "is_settled", lambda network: done.is_set())
    monkeypatch.setattr(warming.compiling, "wait", lambda dtype: done.wait(30))
    return done, written


def waiters():
    return [thread for thread in threading.enumerate() if thread.name == warming.STAGE]


@pytest.mark.parametrize("removed", [False, True])
def test_who_waits_for_a_kernel_is_made_ready_again_unless_it_was_removed(compiling, removed):
    done, written = compiling
    model = Model(type("Weight", (), {"dtype": "float32"})())
    make_ready(model)
    (thread,) = waiters()
    assert len(written) == 1
    if removed:
        del model
    done.set()
    thread.join(30)
    assert len(written) == (1 if removed else 2)
    assert waiters() == []


def test_the_first_demo_that_writes_is_loaded_ahead(ready):
    load_first(ready).join(60)
    writers = [state.name for state in ready.answer(ModelsRequest()).models if "generate" in state.abilities]
    assert loaded(ready) == writers[:1]


def test_nothing_but_a_demo_is_loaded_ahead(models_folder, tmp_path):
    settings = Settings(checkpoints=tmp_path, models=(str(models_folder),), memory_gb=1.0)
    engine = open_engine(settings, ready=True)
    try:
        assert load_first(engine) is None
        assert loaded(engine) == []
    finally:
        engine.close()


def test_a_demo_that_cannot_be_loaded_ahead_disturbs_nobody(open_over):
    engine = open_over(memory_gb=1e-6)
    load_first(engine).join(60)
    assert loaded(engine) == []
