"""What all tests share."""

import os

import pytest
import torch

from playground.checkpoints import calibration
from playground.decode import paths

# Tiny models gain nothing from a second thread, and lose much when another process wants the core.
torch.set_num_threads(1)

# Tests are of the readable networks; those of other ways to compute a step ask for them by name.
os.environ["PLAYGROUND_DECODE"] = "plain"
paths.prefer("plain")


@pytest.fixture(autouse=True)
def checks(monkeypatch):
    """What loading finds out about checkpoints is remembered in this, not in the user's cache."""
    kept = {}
    monkeypatch.setattr(calibration, "remembered", lambda key, shelf: kept.get((shelf, key)))
    monkeypatch.setattr(calibration, "remember", lambda key, value, shelf: kept.update({(shelf, key): value}))
    return kept
