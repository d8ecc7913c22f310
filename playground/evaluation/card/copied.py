"""How much of what a model writes stands in its training text word for word."""

import re
from collections.abc import Iterable, Sequence

RUN = 12  # words


def word_runs(text: str) -> list[str]:
    """Every run of ``RUN`` words of ``text``, in order: lower case, letters and digits only, parted by blanks."""
    words = re.findall(r"[^\W_]+", text.lower())
    return [" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1)]


def copied_share(texts: Sequence[str], training: Iterable[str]) -> float:
    """The share of word runs of ``texts``, repeated ones counted each time, that occur in a ``training`` document.

    0 if no text is as long as a run. The training documents are read once and not kept.
    """
    runs = [run for text in texts for run in word_runs(text)]
    wanted = set(runs)
    found = {run for document in training for run in word_runs(document) if run in wanted}
    return sum(run in found for run in runs) / len(runs) if runs else 0.0
