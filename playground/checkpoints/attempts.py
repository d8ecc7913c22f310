"""Running work that may fail halfway without keeping alive what it left behind."""

import copy
import errno
import logging
import traceback
from collections.abc import Callable

import torch

from playground.errors import PlaygroundError

log = logging.getLogger(__name__)


def attempt(what: str, work: Callable[[], None]) -> BaseException | None:
    """Run ``work()`` and return its error, or None if it had none.

    The error comes without its traceback: that holds the frames of the work, and they may hold half a model.
    ``what`` names the work in the log, where errors go in full that no PlaygroundError explains.
    """
    try:
        work()
        return None
    except BaseException as error:  # whatever it is, those who wait must hear of it
        if not isinstance(error, PlaygroundError) and not is_out_of_memory(error):
            # As text: a log record with the exception itself would keep the frames alive as well.
            log.error("%s failed unexpectedly:\n%s", what, traceback.format_exc())
        failure = error
    kept = detached(failure)
    del failure  # it holds this frame, which would hold it
    return kept


def detached(error: BaseException) -> BaseException:
    """A copy of ``error`` without traceback and context, or ``error`` itself stripped of them if it has no copy."""
    try:
        return copy.copy(error)
    except Exception:  # its class may demand any arguments
        error.__context__ = error.__cause__ = None
        return error.with_traceback(None)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that memory ran out, in any of the ways Python, torch and the system say it."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    # torch's allocator: "can't allocate memory"; a file that cannot be mapped: "Cannot allocate memory".
    return isinstance(error, RuntimeError) and any(f"{no} allocate memory" in str(error) for no in ("can't", "Cannot"))
