"""What the page's handlers do without a browser: errors become lines, streams close what they opened, words fit."""

import logging

import gradio as gr
import pytest

from playground.engine.requests import Ended, Loading
from playground.errors import InvalidRequest, PlaygroundError
from playground.generation.options import SamplingOptions
from playground.ui.boundary import checked_tokenizer, handler
from playground.ui.sampling_form import PRESETS, SHOWN_MOST, SLIDERS
from playground.ui.story import AGAIN, Stops
from playground.ui.wording import ENDS, count_words, ended_words, loading_words, size_words

BOLD = '<b>bold & "quoted"</b> ${7*7}'


def failing(error):
    def function():
        raise error

    def generator():
        yield 1
        raise error

    return function, generator


@pytest.mark.parametrize("which", [0, 1], ids=["a function", "a generator"])
def test_errors_become_lines(which, caplog):
    def message(error, **options):
        run = handler(failing(error)[which], **options)
        with pytest.raises(gr.Error) as caught:
            list(run() or ())
        assert caught.value.__cause__ is None
        assert caught.value.print_exception is False
        return caught.value.message

    assert message(PlaygroundError(BOLD)) == "&lt;b&gt;bold &amp; &quot;quoted&quot;&lt;/b&gt; ${7*7}"
    assert message(PlaygroundError(BOLD), toast=False) == BOLD
    assert message(gr.Error("as it is", print_exception=False)) == "as it is"
    caplog.clear()
    secret = message(ZeroDivisionError("with a secret"))
    assert "secret" not in secret
    name = secret.split()[2].rstrip(":")
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert name in record.getMessage()
    assert record.exc_info[0] is ZeroDivisionError


def test_a_closed_handler_closes_what_it_runs():
    closed = []

    @handler
    def generator():
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    events = generator()
    assert next(events) == 1
    events.close()
    assert closed == [True]


@pytest.mark.parametrize(
    ("given", "local", "expected"),
    [
        (None, False, None),
        ("", False, None),
        ("  ", True, None),
        (" owner/name ", False, "owner/name"),
        ("/etc/passwd", True, "/etc/passwd"),
        ("folder/below/it", True, "folder/below/it"),
    ],
)
def test_tokenizers_that_may_be_named(given, local, expected):
    assert checked_tokenizer(given, local) == expected


@pytest.mark.parametrize(
    "given", ["/etc/passwd", "../name", "./name", "~/name", "a/../b", "name", "/name", "owner/", 3]
)
def test_a_server_lets_nobody_probe_its_files(given):
    with pytest.raises(InvalidRequest, match="Hub id"):
        checked_tokenizer(given, local=False)


def test_stops_are_remembered_for_a_while():
    stops = Stops(most=3)
    for ticket in ("a", f"{AGAIN}b", None, "x" * 10_000, "", "c"):
        stops.add(ticket)
    assert ["a" in stops, "b" in stops, "c" in stops, "" in stops, "x" * 64 in stops] == [
        False,
        False,
        True,
        False,
        True,
    ]


def test_words():
    assert loading_words(Loading("m", "Reading", None, 0.0)) == "Reading …"
    assert [count_words(n, 2.0) for n in (0, 1, 2, 3001)] == [
        "0 tokens", "1 token", "2 tokens · 0 tokens/s", "3001 tokens · 1,500 tokens/s",
    ]  # fmt: skip
    assert count_words(5, 0.0) == "5 tokens"
    assert ended_words(Ended(0, "end token", 1, 0.0, None)) == "1 token · the model ended the text"
    assert set(ENDS) == {"end token", "stop string", "token limit", "context full"}
    assert [size_words(n) for n in (0, 999, 1000, 858_368, 36_000_000, 1_351_743_936)] == [
        "0 bytes", "999 bytes", "1 kB", "858 kB", "36 MB", "1.35 GB",
    ]  # fmt: skip


def test_presets_and_sliders_stay_within_the_limits():
    for options in PRESETS.values():
        SamplingOptions(**options)
    assert set(SLIDERS) >= {name for options in PRESETS.values() for name in options}
    for name, most in SHOWN_MOST.items():
        SamplingOptions(**{name: most})
