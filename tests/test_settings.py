"""Settings come from the environment, a ``.env`` file and flags; what is wrong with one fits in a line."""

import sys

import pytest

from playground.errors import InvalidRequest
from playground.settings import PROJECT, Settings, load_settings, on_desktop

SIGNS = (
    "SPACE_ID", "SSH_CONNECTION", "SSH_TTY", "CI", "KUBERNETES_SERVICE_HOST", "DISPLAY", "WAYLAND_DISPLAY",
)  # fmt: skip


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No variable and no ``.env`` of the machine that runs the tests."""
    for name in (*(f"PLAYGROUND_{field.upper()}" for field in Settings.model_fields), *SIGNS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults():
    settings = load_settings()
    assert settings.checkpoints == PROJECT / "checkpoints"
    assert (settings.models, settings.memory_gb, settings.threads, settings.port) == ((), None, None, None)
    assert (settings.generations, settings.waiting, settings.host, settings.browser) == (1, 32, "127.0.0.1", None)


def test_every_setting_says_what_it_is():
    assert all(field.description for field in Settings.model_fields.values())


def test_the_environment_and_flags_over_it(monkeypatch):
    monkeypatch.setenv("PLAYGROUND_MEMORY_GB", "2.5")
    monkeypatch.setenv("PLAYGROUND_PORT", "9000")
    monkeypatch.setenv("PLAYGROUND_BROWSER", "0")
    monkeypatch.setenv("PLAYGROUND_UNHEARD_OF", "1")
    settings = load_settings(port=9001, host=None)
    assert (settings.memory_gb, settings.port, settings.browser) == (2.5, 9001, False)
    assert settings.host == "127.0.0.1"


def test_a_file_below_the_environment(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("PLAYGROUND_PORT=9000\nPLAYGROUND_THREADS=3\nOTHER_PROGRAM=x\n", encoding="utf-8")
    monkeypatch.setenv("PLAYGROUND_PORT", "9001")
    assert (load_settings().port, load_settings().threads) == (9001, 3)


@pytest.mark.parametrize(
    ("value", "models"),
    [
        ('["/data/models", "owner/name"]', ("/data/models", "owner/name")),
        ("/data/my models", ("/data/my models",)),
        ("owner/name", ("owner/name",)),
        ("[]", ()),
        ("", ()),
    ],
)
def test_models_are_a_list_or_one_of_them(monkeypatch, value, models):
    monkeypatch.setenv("PLAYGROUND_MODELS", value)
    assert load_settings().models == models
    assert load_settings(models=("/other",)).models == ("/other",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memory_gb", "0"), ("memory_gb", "-1"), ("memory_gb", "nan"), ("memory_gb", "inf"), ("memory_gb", "much"),
        ("threads", "0"), ("threads", "1025"), ("threads", "1.5"), ("generations", "0"), ("generations", "x" * 999),
        ("waiting", "0"), ("port", "0"), ("port", "65536"), ("port", "eighty"), ("browser", "perhaps"),
        ("models", "[1"), ("models", "[1]"), ("models", '[["a"]]'),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_in_a_line(monkeypatch, name, value):
    monkeypatch.setenv(f"PLAYGROUND_{name.upper()}", value)
    with pytest.raises(InvalidRequest) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(f"The setting {name} is ")
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize("flags", [{"port": 0}, {"threads": "many"}, {"models": (1,)}])
def test_a_wrong_flag_is_named_too(flags):
    with pytest.raises(InvalidRequest, match=next(iter(flags))):
        load_settings(**flags)


def test_a_broken_file_is_named_in_a_line(tmp_path):
    (tmp_path / ".env").write_bytes(b"PLAYGROUND_PORT=80\xff\n")
    with pytest.raises(InvalidRequest, match=r"\.env"):
        load_settings()


@pytest.mark.parametrize(
    ("host", "space", "local"),
    [
        ("127.0.0.1", False, True),
        ("localhost", False, True),
        ("::1", False, True),
        ("0.0.0.0", False, False),
        ("192.168.1.5", False, False),
        ("127.0.0.1", True, False),
    ],
)
def test_only_a_page_for_this_machine_is_local(monkeypatch, host, space, local):
    if space:
        monkeypatch.setenv("SPACE_ID", "owner/space")
    assert load_settings(host=host).local is local


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, False),  # a bare server
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": ":10", "SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, False),
        ("linux", {"DISPLAY": ":0", "SSH_TTY": "/dev/pts/0"}, False),
        ("linux", {"DISPLAY": ":0", "CI": "true"}, False),
        ("linux", {"DISPLAY": ":0", "SPACE_ID": "owner/space"}, False),
        ("linux", {"DISPLAY": ":0", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, False),
        ("darwin", {}, True),
        ("win32", {}, True),
        ("darwin", {"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, False),
    ],
)
def test_who_sits_in_front_of_a_screen(monkeypatch, platform, environment, expected):
    monkeypatch.setattr(sys, "platform", platform)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert on_desktop() is expected
