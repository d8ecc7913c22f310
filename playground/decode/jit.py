"""How the kernel's functions are compiled: kept on disk, with quick arithmetic, and never raising: a thread that did
would leave the others of its step waiting."""

import os

import torch

# Before numba, which starts as many threads and lets all of them take part in the waiting.
os.environ.setdefault("NUMBA_NUM_THREADS", str(torch.get_num_threads()))

from numba import njit

compiled = njit(fastmath=True, cache=True, error_model="numpy")
compiled_parallel = njit(parallel=True, fastmath=True, cache=True, error_model="numpy")
