"""``python -m playground.training.grammar --stories N --seed S --out FILE`` writes stories for training.

Stories are parted by lines ``<|endoftext|>``; a FILE that ends in ``.xz`` is compressed.
"""

import lzma
import sys
from pathlib import Path
from typing import Annotated

import typer

from playground.errors import InvalidRequest, PlaygroundError
from playground.training.grammar import stories

MARKER = "<|endoftext|>"
STEP = 1000  # stories between two progress lines


def write(count: int, seed: int, out: Path) -> None:
    """Write ``count`` stories of ``seed`` to ``out``; the same call writes the same text.

    Raises:
        InvalidRequest: if the name is not .txt or .txt.xz, or the file cannot be written.
    """
    if not out.name.endswith((".txt", ".txt.xz")):
        raise InvalidRequest(f"{out.name} is neither .txt nor .txt.xz. Choose one of these endings for --out.")
    try:
        with (lzma.open if out.suffix == ".xz" else open)(out, "wt", encoding="utf-8", newline="\n") as file:
            for number, text in enumerate(stories(count, seed), 1):
                file.write(text if number == 1 else f"\n{MARKER}\n{text}")
                if number % STEP == 0 or number == count:
                    print(f"\r{number} of {count} stories", end="", file=sys.stderr, flush=True)
            file.write("\n")
    except OSError as error:
        raise InvalidRequest(f"{out} cannot be written ({error.strerror}). Choose another place for --out.") from error
    print(file=sys.stderr)


def main(
    stories: Annotated[int, typer.Option(min=1, help="How many stories.")],
    out: Annotated[Path, typer.Option(help="A .txt or .txt.xz file.")],
    seed: Annotated[int, typer.Option(help="Another seed gives other stories.")] = 0,
) -> None:
    """Write STORIES different stories to OUT."""
    try:
        write(stories, seed, out)
    except PlaygroundError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)
