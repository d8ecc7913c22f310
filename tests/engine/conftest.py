"""One folder of small checkpoints for all tests of the engine, and engines over it."""

import pytest
from model_folder import write_model_folder

from playground.engine.local import open_engine
from playground.face import load
from playground.settings import Settings


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory):
    return write_model_folder(tmp_path_factory.mktemp("models"))


@pytest.fixture
def open_over(models_folder):
    """Opens engines with settings of one's own, and closes them after the test."""
    opened = []

    def open_it(**settings):
        chosen = {"checkpoints": models_folder, "models": (), "memory_gb": 1.0} | settings
        opened.append(open_engine(Settings(**chosen)))
        return opened[-1]

    yield open_it
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(open_over):
    return open_over()


@pytest.fixture(scope="session")
def shared_engine(models_folder):
    """For tests that leave everything as it was."""
    engine = open_engine(Settings(checkpoints=models_folder, models=(), memory_gb=1.0))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def lab(folder):
    """An engine over the module's own ``folder`` of Backpacks."""
    engine = open_engine(Settings(checkpoints=folder, models=(), memory_gb=1.0))
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=["gpt2", "levanter"])
def name(request):
    """A Backpack of the module's ``folder``, of either published variant."""
    return request.param


@pytest.fixture(scope="module")
def model(folder, name):
    return load(folder / name)
