"""What every refusal must be: a PlaygroundError of one line, in plain words, that says what to do."""

import re

import pytest

import playground as pg

TELLS = re.compile(
    r"[Cc]heck|[Dd]ownload|[Ff]etch|[Gg]ive|[Pp]ass |[Nn]ame |[Rr]un |[Ll]oad |load it|[Ss]ave |[Uu]se |[Aa]sk |"
    r"[Tt]ake|go online|[Ss]horten|expected|must be|choices are|known are|[Ll]ooked for|Known names|do not trust"
)


def refused(ref, kind=pg.PlaygroundError, **options):
    """The message with which ``pg.load`` refuses ``ref``."""
    with pytest.raises(kind) as refusal:
        pg.load(ref, **options)
    message = str(refusal.value)
    assert isinstance(refusal.value, pg.PlaygroundError)
    assert "\n" not in message
    assert "Traceback" not in message
    assert 20 < len(message) < 1500
    assert TELLS.search(message), message
    assert refusal.value.__cause__ is None or refusal.value.__suppress_context__
    return message
