"""A browser for the tests of the page: found on this machine, or installed. Having none is a failure, never a skip."""

import functools
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright
from playwright.sync_api import Error as PlaywrightError

VARIABLE = "TEST_BROWSER"
COMMANDS = (
    "google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome", "microsoft-edge", "msedge",
)  # fmt: skip
MAC_APPLICATIONS = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
WINDOWS_PROGRAMS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
FLAGS = (
    "--disable-background-networking",  # tests talk to this machine alone
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
INSTALL_SECONDS = 1200
UPDATE = ["apt-get", "update", "-qq"]
INSTALL = ["apt-get", "install", "-y", "-qq"]


class NoBrowser(Exception):
    """No browser was found and none could be installed."""


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser without a window, closed in the end.

    Raises:
        NoBrowser: with what was tried and what to do.
    """
    find_browser()  # before Playwright starts: it may need something installed itself
    with sync_playwright() as playwright, launch(playwright) as browser:
        yield browser


@functools.cache
def find_browser() -> str:
    """The executable of a Chrome, Chromium or Edge that starts, installed first if there is none.

    Raises:
        NoBrowser: with what was tried and what to do.
    """
    make_playwright_start()
    named = os.environ.get(VARIABLE)
    if named:
        if starts(named):
            return named
        raise NoBrowser(f"{VARIABLE} is {named!r}, which does not start as a browser. Name another, or unset it.")
    found = first_that_starts()
    failures = []
    for attempt in () if found else installers():
        print(f"No browser was found; installing one: {' '.join(attempt[-1])}", file=sys.stderr, flush=True)
        failures += run_all(attempt)
        found = first_that_starts()
        if found:
            break
    if found is None:
        raise NoBrowser(
            f"The tests of the page need Chrome, Chromium or Edge, and installing one failed ({'; '.join(failures)}). "
            f"Install one by hand, or name its executable in {VARIABLE}."
        )
    return found


def launch(playwright: Playwright) -> Browser:
    """Start the browser without a window; :func:`open_browser` does that and the rest."""
    sandboxed = not is_root()  # Chrome refuses to start as root with its sandbox on
    try:
        return playwright.chromium.launch(executable_path=find_browser(), chromium_sandbox=sandboxed, args=[*FLAGS])
    except PlaywrightError as error:
        if not sandboxed or "sandbox" not in str(error).lower():
            raise
        # Some systems keep user namespaces from unknown programs. The tests only open the project's own pages.
        return playwright.chromium.launch(executable_path=find_browser(), chromium_sandbox=False, args=[*FLAGS])


def make_playwright_start() -> None:
    """Install what Playwright's own program needs and the smallest Debian lacks."""
    if playwright_starts():
        return
    failures = ["not root, or no apt-get"]
    if is_root() and shutil.which("apt-get"):
        print("Installing libatomic1, which Playwright needs.", file=sys.stderr, flush=True)
        failures = run_all([UPDATE, [*INSTALL, "libatomic1"]])
    if not playwright_starts():
        raise NoBrowser(
            f"Playwright does not start, and what it lacks could not be installed ({'; '.join(failures)}). "
            "Run python -m playwright --version to see why; on Debian and Ubuntu it is mostly the package libatomic1."
        )


def playwright_starts() -> bool:
    command = [sys.executable, "-m", "playwright", "--version"]
    return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0


def first_that_starts() -> str | None:
    return next((path for path in candidates() if starts(path)), None)


def candidates() -> Iterator[str]:
    """Executables that may be a browser, those packed as a snap last: they see only a part of the disk."""
    on_path = [path for path in map(shutil.which, COMMANDS) if path]
    snaps = [path for path in on_path if path.startswith("/snap/")]
    yield from (path for path in on_path if path not in snaps)
    folders: list[tuple[str | Path, tuple[str, ...]]] = []
    if sys.platform == "darwin":
        folders = [(root, MAC_APPLICATIONS) for root in ("/Applications", Path.home() / "Applications")]
    elif sys.platform == "win32":
        roots = (os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"))
        folders = [(root, WINDOWS_PROGRAMS) for root in roots if root]
    for root, programs in folders:
        yield from (str(Path(root, program)) for program in programs)
    yield own_download()
    yield from snaps


def own_download() -> str:
    """Where Playwright keeps a browser that it downloaded, whether it did or not."""
    # In a process of its own: asked inside a running Playwright, the synchronous interface refuses.
    code = "from playwright.sync_api import sync_playwright as p\nwith p() as q: print(q.chromium.executable_path)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def starts(path: str) -> bool:
    """Whether ``path`` runs. Ubuntu's ``chromium-browser``, for one, may only be a note about the snap."""
    if not Path(path).is_file() or not os.access(path, os.X_OK):
        return False
    if sys.platform == "win32":
        return True  # asked for its version there, Chrome opens a window
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def installers() -> Iterator[list[list[str]]]:
    """Ways to install a browser on this machine, each as commands to run one after the other."""
    system = distribution()
    own = [sys.executable, "-m", "playwright", "install"]
    if is_root() and shutil.which("apt-get"):
        if "ubuntu" not in system:  # there the package only points to a snap, which does not run in containers
            yield [UPDATE, [*INSTALL, "chromium"]]
        yield [[*own, "--with-deps", "chromium"]]
    yield [[*own, "chromium"]]


def distribution() -> set[str]:
    """The names of this Linux distribution and of those it is made from, e.g. {"ubuntu", "debian"}."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return set()
    return {release.get("ID", ""), *release.get("ID_LIKE", "").split()}


def run_all(commands: list[list[str]]) -> list[str]:
    """Run commands until one fails; return what failed, in a line each, or nothing."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in commands:
        line = " ".join(command)
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, errors="replace", timeout=INSTALL_SECONDS,
                check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return [f"{line}: {error}"]
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or [f"exit status {done.returncode}"]
            return [f"{line}: {said[-1]}"]
    return []


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


if __name__ == "__main__":  # ./check does this first, where one sees what is being installed
    try:
        print(f"The tests of the page use {find_browser()}.", file=sys.stderr)
    except NoBrowser as error:
        sys.exit(str(error))
