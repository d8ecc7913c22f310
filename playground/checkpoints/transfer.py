"""One file from the Hub into a partial file on disk, continued where it stopped; the Hub's errors in plain words."""

import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx2
from huggingface_hub import constants, get_session
from huggingface_hub.errors import (
    FileMetadataError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

from playground.errors import DownloadError, Offline

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 15.0
WAITS_SECONDS = (0.5, 1.0, 2.0, 4.0)  # before each further attempt that brings nothing new
PASSING_STATUS = (408, 429, 500, 502, 503, 504)

OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RemoteFile:
    """A file as the Hub describes it; ``etag`` names its content, ``size`` is in bytes (None if not announced)."""

    repo_id: str
    name: str
    url: str
    etag: str
    size: int | None


class Unreachable(Exception):
    """No answer from the Hub, as opposed to an answer that says no."""


class Progress:
    """Bytes over all files of a download, reported for each file and in steps of half a percent, never going back."""

    def __init__(self, total: int, done: int, on_progress: OnProgress):
        self.total, self.finished, self.on_progress = total, done, on_progress
        self.name, self.reported = "", done

    def report(self, name: str, of_file: int) -> None:
        done = max(min(self.finished + of_file, self.total), self.reported)
        step = done - self.reported
        if name != self.name or step >= max(self.total // 200, 1) or (step and done == self.total):
            self.name, self.reported = name, done
            self.on_progress(name, done, self.total)

    def finish(self, name: str, size: int) -> None:
        self.finished += size
        self.report(name, 0)


def transfer(remote: RemoteFile, partial: Path, progress: Progress, check: Callable[[], None]) -> None:
    """Append to ``partial`` until it is complete, asking again from where it stands when the connection breaks.

    ``check`` is called between chunks and may raise; what has arrived stays in ``partial``. Raises DownloadError when
    several attempts in a row bring nothing new.
    """
    idle = 0
    with partial.open("ab") as file:
        furthest = file.tell()
        while file.tell() != remote.size:
            check()
            try:
                with Explained(remote.repo_id, remote.name):
                    _attempt(remote, file, progress, check)
                if remote.size is None:
                    break
                reason = "the connection ended early"
            except Unreachable as error:
                reason = str(error)
            if file.tell() == remote.size:
                break
            idle = 0 if file.tell() > furthest else idle + 1
            furthest = max(furthest, file.tell())
            if idle > len(WAITS_SECONDS):
                of_size = "" if remote.size is None else f" of {remote.size:,}"
                raise DownloadError(
                    f"{remote.name!r} of {remote.repo_id!r} stopped at {file.tell():,}{of_size} bytes ({reason}); "
                    "what has arrived is kept, load it again to continue"
                )
            log.warning("%s broke off at byte %d (%s); continuing", remote.name, file.tell(), reason)
            _pause(WAITS_SECONDS[max(idle - 1, 0)], check)
        file.flush()
        os.fsync(file.fileno())


def _attempt(remote: RemoteFile, file: BinaryIO, progress: Progress, check: Callable[[], None]) -> None:
    """One GET, from the end of ``file`` on."""
    position = file.tell()
    if remote.size is None or position > remote.size:
        position = _restart(file)
    # The Hub redirects to its storage; the client follows and leaves the token behind when the host changes.
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    if position:
        headers["Range"] = f"bytes={position}-"
    with get_session().stream("GET", remote.url, headers=headers, timeout=TIMEOUT_SECONDS) as response:
        if response.status_code == 416:
            _restart(file)
            raise Unreachable("the server cannot continue the file there")
        if response.status_code >= 400:
            response.read()
        hf_raise_for_status(response)
        continues = re.match(rf"bytes {position}-", response.headers.get("Content-Range", ""))
        if position and (response.status_code != 206 or not continues):
            position = _restart(file)  # the whole file is coming
        for chunk in response.iter_bytes():
            check()
            position += len(chunk)
            if remote.size is not None and position > remote.size:
                _restart(file)
                raise DownloadError(f"{remote.name!r} brings more than the {remote.size:,} bytes announced; try again")
            file.write(chunk)
            progress.report(remote.name, position)


def _restart(file: BinaryIO) -> int:
    file.seek(0)
    file.truncate()
    return 0


def _pause(seconds: float, check: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        check()
        time.sleep(min(left, 0.1))


class Explained:
    """Turns what huggingface_hub and httpx raise inside ``with`` into DownloadError, Offline or Unreachable.

    ``parsing`` also covers the errors of an answer that is not the Hub's.
    """

    def __init__(self, repo_id: str, where: str, parsing: bool = False):
        self.repo_id, self.where, self.parsing = repo_id, where, parsing

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: object) -> None:
        repo = repr(self.repo_id)
        match error:
            case GatedRepoError():
                message = (
                    f"{repo} is gated: accept its terms at {constants.ENDPOINT}/{self.repo_id}, then log in with "
                    "'hf auth login' or set HF_TOKEN"
                )
            case RevisionNotFoundError():
                message = f"{repo} has no revision {self.where!r}; check the branch, tag or commit"
            case RemoteEntryNotFoundError():
                message = f"{repo} lists {self.where!r} but does not deliver it; try again later"
            case RepositoryNotFoundError():
                message = f"the Hub knows no repository {repo}, or it is private; check the name or run 'hf auth login'"
            case OfflineModeIsEnabled():
                raise Offline(f"{repo} needs the network, but offline mode is on (HF_HUB_OFFLINE)") from None
            case HfHubHTTPError() if error.response.status_code in PASSING_STATUS:
                raise Unreachable(f"HTTP status {error.response.status_code}") from None
            case HfHubHTTPError() if error.response.status_code in (401, 403):
                message = f"the Hub gives no access to {repo}; log in with 'hf auth login' or set HF_TOKEN"
            case HfHubHTTPError() if error.response.status_code == 404:
                message = f"the Hub has no {repo} ({self.where}); check the name"
            case HfHubHTTPError():
                message = f"the Hub refused {repo} with HTTP status {error.response.status_code}"
            case httpx2.TransportError() | LocalEntryNotFoundError():
                raise Unreachable(f"{type(error).__name__}: {error}"[:120]) from None
            case httpx2.HTTPError() | httpx2.InvalidURL() | FileMetadataError():
                message = self.not_the_hub(error)
            case ValueError() | TypeError() | KeyError() | AttributeError() if self.parsing:
                message = self.not_the_hub(error)
            case _:
                return
        raise DownloadError(message) from None

    @staticmethod
    def not_the_hub(error: BaseException) -> str:
        return (
            f"{constants.ENDPOINT} does not answer as the Hub does ({str(error)[:120]}); check HF_ENDPOINT and whether "
            "a log-in page stands between"
        )
