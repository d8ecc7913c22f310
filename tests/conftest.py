"""What all tests share."""

import os

import torch

from playground.decode import paths

# Tiny models gain nothing from a second thread, and lose much when another process wants the core.
torch.set_num_threads(1)

# Tests are of the readable networks; those of other ways to compute a step ask for them by name.
os.environ["PLAYGROUND_DECODE"] = "plain"
paths.prefer("plain")
