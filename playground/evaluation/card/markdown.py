"""Text from models in Markdown: quoted so that it is shown as it is, and read back from the quote."""

import re

SPECIAL = re.compile(r"([\\`*_<>\[\]#|~&$])")
LEADING = re.compile(r"^(\d+(?=[.)])|(?=[-+=]))", re.MULTILINE)
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def escape(text: str) -> str:
    """``text`` with a backslash before whatever Markdown would take for markup."""
    return LEADING.sub(r"\1\\", SPECIAL.sub(r"\\\1", text))


def as_shown(text: str) -> str:
    """What a quote keeps of ``text``: its lines, empty ones left out, with single blanks."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def quote(text: str) -> str:
    """A block quote of ``text``, a paragraph for each line of :func:`as_shown`."""
    return "\n>\n".join(f"> {escape(line)}" for line in as_shown(text).split("\n"))


def unquote(block: str) -> str:
    """The text, :func:`as_shown`, behind a quote that :func:`quote` made."""
    lines = [line.removeprefix(">").strip() for line in block.strip().split("\n")]
    return "\n".join(ESCAPED.sub(r"\1", line) for line in lines if line)


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(cells)} |".replace("  ", " ") for cells in (header, ["---"] * len(header), *rows))
