"""Files from the Hugging Face Hub: only the wanted ones, resumable, with progress, into huggingface_hub's own cache.

huggingface_hub lists, authenticates, names errors and lays out the cache (so that other programs find the files too);
it discards what a broken or cancelled download had fetched, so the transfer itself happens here and continues with a
Range request, within one call and in the next one. Code files are never fetched. In offline mode, or without a
connection, what the cache holds is used.
"""

import errno
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from filelock import Timeout
from huggingface_hub import HfApi, constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import WeakFileLock

from playground.checkpoints.reading import read_json
from playground.checkpoints.transfer import (
    TIMEOUT_SECONDS,
    Explained,
    OnProgress,
    Progress,
    RemoteFile,
    Unreachable,
    transfer,
)
from playground.errors import Cancelled, CheckpointError, DownloadError, MissingFile, Offline, name_some

log = logging.getLogger(__name__)

SMALL_BYTES = 64 * 2**20
CODE_SUFFIXES = (".py", ".pyc", ".pyo", ".pyd", ".so", ".dll", ".dylib", ".sh", ".bat", ".ps1", ".exe", ".ipynb")

FILE_SUFFIXES = (".pt", ".pth", ".bin", ".safetensors", ".json", ".model", ".txt")

Wanted = Callable[[list[str]], list[str]]

_REPO_ID = re.compile(r"[A-Za-z0-9]([\w.-]*[A-Za-z0-9_])?/[A-Za-z0-9_]([\w.-]*[A-Za-z0-9_])?", re.ASCII)


def is_repo_id(text: str) -> bool:
    """Whether ``text`` has the form of a Hub id, "owner/name"."""
    plain = isinstance(text, str) and len(text) <= 96 and _REPO_ID.fullmatch(text) is not None
    return plain and "--" not in text and ".." not in text and not text.endswith(".git")


def means_repo(ref: str | Path) -> bool:
    """Whether ``ref`` is a Hub id rather than a misspelt path: "checkpoints/x" beside a checkpoints folder is none,
    and neither is the name of a file."""
    owner, _, name = str(ref).partition("/")
    return is_repo_id(str(ref)) and not Path(owner).is_dir() and Path(name).suffix not in FILE_SUFFIXES


def is_offline() -> bool:
    """Whether HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) asks to stay off the network."""
    return constants.is_offline_mode() or os.environ.get("HF_HUB_OFFLINE", "").upper() in constants.ENV_VARS_TRUE_VALUES


def download(
    repo_id: str,
    wanted: Wanted,
    *,
    revision: str | None = None,
    on_progress: OnProgress | None = None,
    cancelled: Callable[[], bool] | None = None,
    offline: bool | None = None,
    limit_bytes: int | None = None,
) -> Path:
    """Bring files of the model repository ``repo_id`` into the local cache and return their snapshot folder.

    Args:
        wanted: chooses among the repository's file names; code files are not offered.
        revision: branch, tag or commit; the main branch by default. The returned folder is named by the commit.
        on_progress: called with (file, done, total), in bytes over all chosen files; ``done`` never falls.
        cancelled: asked between chunks; when it says yes, Cancelled is raised and what arrived is kept for next time.
        offline: use the cache only; by default HF_HUB_OFFLINE decides.
        limit_bytes: refuse any chosen file that is larger.

    Raises:
        Offline: offline, and the cache does not hold what is wanted.
        DownloadError: unknown, gated or unreachable repository, broken connection, full disk.
        MissingFile: nothing in the repository is wanted.
        Cancelled: ``cancelled`` said so.
    """
    if not is_repo_id(repo_id):
        raise DownloadError(f"{str(repo_id)[:120]!r} is not a Hub id; it should look like owner/name")
    branch = revision or constants.DEFAULT_REVISION
    if ".." in branch or not re.fullmatch(r"\w[\w./-]{0,127}", branch, re.ASCII):
        raise DownloadError(f"{branch[:120]!r} is not a branch, tag or commit")
    if is_offline() if offline is None else offline:
        return _from_cache(repo_id, branch, wanted)
    check = _checker(repo_id, cancelled)
    try:
        check()
        commit, names = _list_files(repo_id, branch)
        chosen = _choose(repo_id, names, wanted)
        folder = _fetch(repo_id, commit, chosen, on_progress or (lambda *_: None), check, limit_bytes)
        _remember(repo_id, branch, commit, names)
        return folder
    except Unreachable as error:
        try:
            folder = _from_cache(repo_id, branch, wanted)
        except Offline:
            raise DownloadError(
                f"cannot reach {constants.ENDPOINT} ({error}) to load {repo_id!r}; check the network and try again"
            ) from None
        log.warning("No connection to the Hub (%s); using the cached files of %s", error, repo_id)
        return folder


def fetch_small(
    repo_id: str, names: Iterable[str], *, revision: str | None = None, offline: bool | None = None
) -> Path:
    """Those of ``names`` (configs, tokenizers) that ``repo_id`` has, each up to ``SMALL_BYTES``; see :func:`download`.

    Pass the returned folder's name as ``revision`` to a later :func:`download` to stay on the same commit.
    """
    names = list(names)
    return download(
        repo_id,
        lambda found: [name for name in names if name in found],
        revision=revision,
        offline=offline,
        limit_bytes=SMALL_BYTES,
    )


def _checker(repo_id: str, cancelled: Callable[[], bool] | None) -> Callable[[], None]:
    def check() -> None:
        if cancelled is not None and cancelled():
            raise Cancelled(f"the download of {repo_id!r} was cancelled; what has arrived is kept for the next time")

    return check


def _storage(repo_id: str) -> Path:
    return Path(constants.HF_HUB_CACHE).expanduser() / repo_folder_name(repo_id=repo_id, repo_type="model")


def _from_cache(repo_id: str, branch: str, wanted: Wanted) -> Path:
    """The cached snapshot of ``branch``, if it has what ``wanted`` chooses; else Offline."""
    storage = _storage(repo_id)
    reference = storage / "refs" / branch
    commit = reference.read_text(errors="replace").strip() if reference.is_file() else branch
    folder = storage / "snapshots" / commit
    if re.fullmatch(r"[\w-]+", commit, re.ASCII) and folder.is_dir():
        present = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
        listing = _listing(storage, commit)
        try:
            # Without a listing (another program filled the cache) what is there is all that can be chosen from.
            names = (read_json(listing).get("files") if listing.is_file() else None) or present
            absent = [name for name in _choose(repo_id, names, wanted) if name not in present]
            if not absent:
                return folder
            detail = f"the local cache lacks {name_some(absent, 4)}"
        except CheckpointError as error:
            detail = f"the local cache holds only {name_some(present, 4) or 'none'} of its files ({error})"
    else:
        detail = f"{repo_id!r} at {branch!r} is not in the local cache"
    raise Offline(f"offline mode is on and {detail}; go online once to download {repo_id!r}, or give a local folder")


def _listing(storage: Path, commit: str) -> Path:
    """Where the names of a commit's files are noted; unlike huggingface_hub's own note, in a format of ours."""
    return storage / "listings" / f"{commit}.json"


def _list_files(repo_id: str, branch: str) -> tuple[str, list[str]]:
    """(commit, file names without code) of the repository."""
    api = HfApi()
    with Explained(repo_id, branch, parsing=True):
        info = api.model_info(repo_id, revision=branch, timeout=TIMEOUT_SECONDS)
        commit = info.sha
        if not isinstance(commit, str) or not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", commit):
            raise ValueError("no commit in its answer")
        names = [item.rfilename for item in info.siblings or ()] or list(api.list_repo_files(repo_id, revision=commit))
    return commit, [name for name in names if _is_plain_name(name)]


def _is_plain_name(name: str) -> bool:
    """Whether a listed name stays inside its folder and is not code."""
    parts = name.split("/")
    inside = not any(part in ("", ".", "..") for part in parts) and not re.search(r"[\\:\0-\x1f]", name)
    return inside and not name.lower().endswith(CODE_SUFFIXES)


def _choose(repo_id: str, names: list[str], wanted: Wanted) -> list[str]:
    offered = [name for name in names if _is_plain_name(name)]
    chosen = list(dict.fromkeys(wanted(list(offered))))
    absent = [name for name in chosen if name not in offered]
    if absent or not chosen:
        needed = f"has no {name_some(absent)}" if absent else "holds nothing that is needed"
        raise MissingFile(f"{repo_id!r} {needed}; its files are {name_some(offered) or 'none'}")
    return chosen


def _fetch(
    repo_id: str, commit: str, chosen: list[str], on_progress: OnProgress, check: Callable, limit_bytes: int | None
) -> Path:
    """Download what the cache lacks of ``chosen``; returns the snapshot folder."""
    storage = _storage(repo_id)
    folder = storage / "snapshots" / commit
    sizes: dict[str, int] = {}
    missing: list[RemoteFile] = []
    for name in chosen:
        check()
        if (folder / name).is_file():
            sizes[name] = (folder / name).stat().st_size
            continue
        remote = _describe(repo_id, commit, name)
        sizes[name] = remote.size or 0
        if limit_bytes is not None and sizes[name] > limit_bytes:
            raise DownloadError(f"{name!r} of {repo_id!r} has {sizes[name]:,} bytes; at most {limit_bytes:,} expected")
        missing.append(remote)
    total = sum(sizes.values())
    progress = Progress(total, total - sum(sizes[remote.name] for remote in missing), on_progress)
    try:
        _check_disk(storage, missing)
        for remote in missing:
            _fetch_one(repo_id, storage, remote, progress, check)
            with Explained(repo_id, remote.name):
                local = hf_hub_download(repo_id, remote.name, revision=commit)  # finds the blob, makes the link
            folder = Path(local).parents[len(PurePosixPath(remote.name).parts) - 1]
        progress.report(chosen[-1], 0)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DownloadError(f"the disk of {storage.parent} is full; free {total:,} bytes and try again") from None
        raise DownloadError(f"the cache {storage.parent} cannot be written: {error.strerror or error}") from None
    return folder


def _describe(repo_id: str, commit: str, name: str) -> RemoteFile:
    url = hf_hub_url(repo_id, name, revision=commit)
    with Explained(repo_id, name, parsing=True):
        metadata = get_hf_file_metadata(url, timeout=TIMEOUT_SECONDS)
        # The etag becomes a file name in the cache.
        if metadata.commit_hash is None or not re.fullmatch(r"\w[\w.-]{0,127}", metadata.etag or "", re.ASCII):
            raise ValueError(f"no commit or etag for {name!r}")
    return RemoteFile(repo_id, name, url, metadata.etag, metadata.size)


def _check_disk(storage: Path, missing: list[RemoteFile]) -> None:
    storage.mkdir(parents=True, exist_ok=True)
    needed = sum((r.size or 0) - _size_or_zero(_partial(storage, r)) for r in missing if not _blob(storage, r).exists())
    free = shutil.disk_usage(storage).free
    if needed > free:
        raise DownloadError(f"the download needs {needed:,} bytes, but the disk of {storage.parent} has {free:,} free")


def _blob(storage: Path, remote: RemoteFile) -> Path:
    return storage / "blobs" / remote.etag


def _partial(storage: Path, remote: RemoteFile) -> Path:
    return storage / "blobs" / f"{remote.etag}.incomplete"


def _size_or_zero(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _fetch_one(repo_id: str, storage: Path, remote: RemoteFile, progress: Progress, check: Callable) -> None:
    """Fill the blob of ``remote``, continuing a partial one; one process or thread at a time."""
    blob, partial = _blob(storage, remote), _partial(storage, remote)
    blob.parent.mkdir(parents=True, exist_ok=True)
    lock = storage.parent / ".locks" / storage.name / f"{remote.etag}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        while True:
            check()
            try:
                stack.enter_context(WeakFileLock(lock, timeout=0.5))
                break
            except Timeout:
                continue
        if not blob.exists():
            continued = _size_or_zero(partial) > 0
            transfer(remote, partial, progress, check)
            if continued and not _matches(partial, remote.etag):
                log.warning("The kept part of %s does not fit the rest; downloading it afresh", remote.name)
                partial.unlink()
                transfer(remote, partial, progress, check)
            os.replace(partial, blob)
    progress.finish(remote.name, blob.stat().st_size)


def _matches(path: Path, etag: str) -> bool:
    """Whether the content has the SHA-256 that the etag of a large file is; other etags tell nothing."""
    if not re.fullmatch(r"[0-9a-f]{64}", etag):
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == etag


def _remember(repo_id: str, branch: str, commit: str, names: list[str]) -> None:
    """Note which commit the branch is, as huggingface_hub does, and what it holds, so that it is found offline."""
    storage = _storage(repo_id)
    notes = {_listing(storage, commit): json.dumps({"files": names})}
    if branch != commit:
        notes[storage / "refs" / branch] = commit
    try:
        for path, text in notes.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    except OSError as error:
        log.warning("Cannot note the revision of %s in the cache: %s", repo_id, error)
