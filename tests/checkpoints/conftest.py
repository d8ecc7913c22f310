"""What tests of checkpoints share: fresh tiny checkpoints of every layout, and a manager with its workshop."""

import pytest
from checkpoint_files import WEIGHTS, copy
from fake_models import Workshop, quick_collections, watched

from playground.benchmarks.random_checkpoint import LAYOUTS, write_checkpoint


@pytest.fixture(scope="session")
def originals(tmp_path_factory):
    """A folder with a tiny random checkpoint of each published layout; copy one before changing it."""
    root = tmp_path_factory.mktemp("originals")
    for model in LAYOUTS:
        write_checkpoint(model, root / model)
    return root


@pytest.fixture(params=WEIGHTS)
def checkpoint(request, originals, tmp_path):
    """(folder of a fresh copy, its weights file)."""
    return copy(originals, tmp_path, request.param)


@pytest.fixture(scope="module")
def quick():
    """Garbage collections that take little time, for tests that cause many."""
    with quick_collections():
        yield


@pytest.fixture
def workshop():
    """A manager over models that are only counted, closed afterwards; a test that hangs fails."""
    made = Workshop()
    with watched():
        yield made
        made.manager.close()
