"""What all tests share."""

import torch

# Tiny models gain nothing from a second thread, and lose much when another process wants the core.
torch.set_num_threads(1)
