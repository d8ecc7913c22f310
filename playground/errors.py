"""The only errors a person ever sees.

Every failure that a user, a file or a network can cause is a :class:`PlaygroundError`. Its message is one line: what
was wrong, with the numbers or names on both sides, and what to do next. Anything else that escapes is a bug.
"""

from collections.abc import Iterable


class PlaygroundError(Exception):
    """Base of all errors meant for display. ``str(error)`` is always a single line."""

    def __init__(self, message: str):
        line = " ".join(str(message).split())
        super().__init__("".join(char if char.isprintable() else "\ufffd" for char in line))  # names come from files


class InvalidRequest(PlaygroundError):
    """A prompt, option or id lies outside what the playground or the model accepts."""


class CheckpointError(PlaygroundError):
    """A checkpoint cannot be used; the subclasses say why."""


class MissingFile(CheckpointError):
    """A path, or a file that a checkpoint needs, does not exist."""


class DamagedFile(CheckpointError):
    """A file is truncated, is not what its name says, or declares impossible sizes."""


class UnsafeFile(CheckpointError):
    """A pickle asks for something outside the allow-list. Nothing of it was executed."""


class UnknownFamily(CheckpointError):
    """The files match no family in the registry; the message lists what was looked for."""


class InvalidConfig(CheckpointError):
    """A configuration value is missing, negative, absurdly large or contradicts another."""


class TensorMismatch(CheckpointError):
    """Tensors are missing, unknown, misshapen or not finite."""


class TokenizerError(CheckpointError):
    """A tokenizer is unreadable or cannot belong to the checkpoint."""


class DownloadError(CheckpointError):
    """The Hub could not deliver a file: unknown repository, gated access or a broken connection."""


class Offline(DownloadError):
    """A download would be needed while offline mode is on."""


class DoesNotFit(PlaygroundError):
    """A model needs more memory than the budget leaves free."""


class ModelBusy(PlaygroundError):
    """A model cannot be unloaded or reloaded while it is in use."""


class Cancelled(PlaygroundError):
    """The caller gave up waiting."""


def name_some(names: Iterable[str], limit: int = 8) -> str:
    """Join ``names`` with commas, at most ``limit`` of them, and say how many were left out."""
    names = [str(name) for name in names]
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown
