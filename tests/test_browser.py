import os
import sys

import browser
import pytest


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine without any browser, on which nothing gets installed; the list holds what was tried."""
    tried = []
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "own_download", lambda: str(tmp_path / "downloaded"))
    monkeypatch.setattr(browser, "MAC_APPLICATIONS", ())
    monkeypatch.setattr(browser, "WINDOWS_PROGRAMS", ())
    monkeypatch.setattr(browser, "run_all", lambda commands: [f"{tried.append(commands) or commands[-1][0]}: no"])
    monkeypatch.setattr(browser, "playwright_starts", lambda: True)
    browser.find_browser.cache_clear()
    yield tmp_path, tried
    browser.find_browser.cache_clear()


def program(path, status):
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)
    return str(path)


def test_the_browser_of_this_machine_shows_a_page():
    with browser.open_browser() as chrome:
        page = chrome.new_page()
        page.set_content("<p onclick='this.textContent = 6 * 7'>?</p>")
        page.click("p")
        assert page.inner_text("p") == "42"


def test_no_browser_is_an_error_that_says_what_to_do(machine):
    with pytest.raises(browser.NoBrowser, match=f"no.*by hand.*{browser.VARIABLE}"):
        browser.find_browser()
    assert machine[1]


def test_a_named_browser_that_does_not_start_is_an_error(machine, monkeypatch):
    program(machine[0] / "chromium", 0)
    monkeypatch.setenv(browser.VARIABLE, program(machine[0] / "mine", 1))
    with pytest.raises(browser.NoBrowser, match="mine"):
        browser.find_browser()
    assert machine[1] == []


def test_a_program_that_only_points_elsewhere_is_passed_over(machine):
    program(machine[0] / "chromium", 1)
    good = program(machine[0] / "chromium-browser", 0)
    assert browser.find_browser() == good
    assert machine[1] == []


def test_an_installed_browser_is_found(machine, monkeypatch):
    good = str(machine[0] / "downloaded")
    monkeypatch.setattr(browser, "run_all", lambda commands: program(machine[0] / "downloaded", 0) and [])
    assert browser.find_browser() == good


def test_what_playwright_itself_lacks_is_installed(machine, monkeypatch):
    monkeypatch.setattr(browser, "is_root", lambda: True)
    monkeypatch.setattr(browser.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(browser, "playwright_starts", lambda: bool(machine[1]))
    browser.make_playwright_start()
    assert machine[1][0][-1][-1] == "libatomic1"


def test_a_playwright_that_cannot_start_is_an_error(machine, monkeypatch):
    monkeypatch.setattr(browser, "is_root", lambda: False)
    monkeypatch.setattr(browser, "playwright_starts", lambda: False)
    with pytest.raises(browser.NoBrowser, match="python -m playwright"):
        browser.find_browser()
    assert machine[1] == []


@pytest.mark.parametrize(
    ("names", "root", "first"),
    [
        ({"debian"}, True, ["apt-get", "install", "-y", "-qq", "chromium"]),
        ({"ubuntu", "debian"}, True, [sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"]),
        ({"debian"}, False, [sys.executable, "-m", "playwright", "install", "chromium"]),
    ],
)
def test_how_a_browser_is_installed(monkeypatch, names, root, first):
    monkeypatch.setattr(browser, "distribution", lambda: names)
    monkeypatch.setattr(browser, "is_root", lambda: root)
    monkeypatch.setattr(browser.shutil, "which", lambda name: f"{os.sep}usr/bin/{name}")
    ways = list(browser.installers())
    assert ways[0][-1] == first
    assert ways[-1][-1] == [sys.executable, "-m", "playwright", "install", "chromium"]
