"""Opening and closing the app: what it prints, when it opens a browser, and that it leaves when it is told to."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time

import gradio as gr
import httpx
import pytest
from model_folder import ENDLESS
from running_app import environment, free_port, until_answering

from playground.settings import PROJECT, load_settings
from playground.ui.app import launch_options

SIGNS = ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY", "CI", "SPACE_ID", "KUBERNETES_SERVICE_HOST")


def start(folder, *flags, **settings):
    """``python app.py`` with flags, in a folder of its own."""
    return subprocess.Popen(
        [sys.executable, str(PROJECT / "app.py"), *map(str, flags)], cwd=folder, env=environment(folder, **settings),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


@pytest.fixture
def program(app, monkeypatch, tmp_path):
    """``app.py`` as a module, as Spaces run it, over the same checkpoints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLAYGROUND_CHECKPOINTS", str(app.models))
    monkeypatch.setenv("PLAYGROUND_MODELS", "")
    spec = importlib.util.spec_from_file_location("app", PROJECT / "app.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_spaces_find_a_page_named_demo(program):
    assert isinstance(program.demo, gr.Blocks)


def test_what_stops_it_from_opening_is_one_line(app, program, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_LOG", "loud")
    taken = int(app.url.rsplit(":", 1)[1])
    cases = [
        (lambda: program.main(port=taken, browser=False), str(taken)),
        (lambda: program.main(models=["nowhere/at/all"]), "nowhere/at/all"),
        (lambda: program.main(memory_gb=-1), "memory_gb"),
        (program.log_level, "LOUD"),
    ]
    for begin, part in cases:
        with pytest.raises(SystemExit) as left:
            begin()
        assert left.value.code.startswith("Error: ")
        assert "\n" not in left.value.code
        assert part in left.value.code


def test_ctrl_c_closes_it_in_the_middle_of_a_generation(app, tmp_path):
    port = free_port()
    log = tmp_path / "log.txt"
    process = start(tmp_path, "--port", port, "--models", app.models / ENDLESS, checkpoints=tmp_path / "none")
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            log.touch()
            until_answering(process, http, log)
            body = {"data": [ENDLESS, "Once", 4096, 0.8, 1.0, 0, 0.0, 1.0, 0, None, "token", None]}
            event = http.post("/gradio_api/call/generate", json=body).json()["event_id"]
            with http.stream("GET", f"/gradio_api/call/generate/{event}") as stream:
                for line in stream.iter_lines():
                    if '"token_ids": [' in line and '"token_ids": []' not in line:
                        break
                pressed = time.monotonic()
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=60)
        assert time.monotonic() - pressed < 20
        assert "Traceback" not in out + err
    finally:
        process.kill()


@pytest.mark.parametrize(
    ("signs", "flag", "opens"),
    [
        ({"DISPLAY": ":0"}, None, True),
        ({}, None, False),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "1"}, None, False),
        ({"DISPLAY": ":0", "SPACE_ID": "owner/space"}, None, False),
        ({"DISPLAY": ":0"}, False, False),
        ({}, True, True),
    ],
)
def test_only_a_desktop_gets_a_browser_and_an_app(monkeypatch, tmp_path, signs, flag, opens):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.chdir(tmp_path)
    for name in (
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "SSH_CONNECTION",
        "SSH_TTY",
        "CI",
        "SPACE_ID",
        "KUBERNETES_SERVICE_HOST",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in list(os.environ):
        if name.startswith("PLAYGROUND_"):
            monkeypatch.delenv(name)
    for name, value in signs.items():
        monkeypatch.setenv(name, value)
    options = launch_options(load_settings(browser=flag))
    assert (options["inbrowser"], options["pwa"]) == (opens, opens)


def test_it_listens_on_this_machine_only_and_shares_nothing(app):
    assert launch_options(load_settings())["share"] is False
    port = int(app.url.rsplit(":", 1)[1])
    addresses = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses:
        with socket.socket() as probe:
            probe.settimeout(5)
            reached = probe.connect_ex((address, port)) == 0
        assert reached is address.startswith("127.")
