"""What ``python -m playground evaluate`` prints: a model's measures on files of text, by what the model can do."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import torch

from playground.errors import InvalidRequest
from playground.evaluation.bits_per_byte import TextScore, begin_token, score_texts
from playground.evaluation.read_back import ReadBack, read_back
from playground.evaluation.similarity import similarity_table
from playground.evaluation.texts import read_texts

Report = Callable[[str, float | None], None]


def silent(stage: str, fraction: float | None) -> None:
    """A report that nobody reads."""


def evaluate(
    model: Any,
    files: Sequence[Path],
    separator: str | None = None,
    most: int | None = None,
    pairs: Sequence[Path] = (),
    report: Report = silent,
) -> dict[str, Any]:
    """Plain data for JSON: the model, ``files`` by path, and for a Backpack the ``similarity`` table of ``pairs``.

    A language model's file holds ``texts, tokens, bytes, bits, bits_per_byte, nats_per_token``; a pixel-mae's what
    :func:`~playground.evaluation.read_back.read_back` measures. A file of several sources has them under ``sources``
    as well.

    Args:
        separator, most: see :func:`~playground.evaluation.texts.read_texts`.
        report: told what is being done, and the fraction of it that is, where that is known.

    Raises:
        PlaygroundError: nothing to measure, or files or a model that do not suit.
    """
    if not files and not pairs:
        raise InvalidRequest("There is nothing to measure. Give a file of text, or for a Backpack one of word pairs.")
    texts = {str(file): read_texts(file, separator, most) for file in files}  # all of them, before the long work
    result: dict[str, Any] = {"model": about(model), "files": {}}
    if pairs:
        report("word pairs", None)
        result["similarity"] = {name: table.as_json() for name, table in similarity_table(model, pairs).items()}
    for file, sources in texts.items():
        result["files"][file] = measure_file(model, sources, lambda done, file=file: report(file, done))
    return result


def about(model: Any) -> dict[str, Any]:
    """Which weights were measured, and how: what a reader needs to repeat it."""
    card = model.card
    facts = {
        "name": card.name,
        "family": card.family,
        "parameters": card.parameters,
        "fingerprint": card.fingerprint,
        "dtype": card.dtype,
        "threads": torch.get_num_threads(),
    }
    if "generate" in model.abilities and model.tokenizer is not None:
        begin = begin_token(model)
        facts["begin_token"] = None if begin is None else model.tokenizer.token_text(begin)
    return facts


def measure_file(
    model: Any, sources: Mapping[str | None, Sequence[str]], report: Callable[[float], None] = lambda done: None
) -> dict[str, Any]:
    """The measures of all texts of a file together, and under ``sources`` those of each source that has a name."""
    if "generate" in model.abilities:
        scores = score_sources(model, sources, report)
        whole = reduce(add, scores.values())
    elif "reconstruct" in model.abilities:
        scores = read_sources(model, sources, report)
        whole = pooled(list(scores.values()))
    else:
        raise InvalidRequest(
            f"There is no measure for a model that can {', '.join(sorted(model.abilities)) or 'do nothing'}. "
            "Give a language model or a pixel-mae."
        )
    parts = {name: score.as_json() for name, score in scores.items() if name is not None}
    return whole.as_json() | ({"sources": parts} if parts else {})


def score_sources(
    model: Any, sources: Mapping[str | None, Sequence[str]], report: Callable[[float], None]
) -> dict[str | None, TextScore]:
    """The score of each source's texts; ``report`` is told the fraction done."""
    scores, parts = {}, _parts({name: sum(map(len, texts)) for name, texts in sources.items()}, report)
    for name, texts in sources.items():
        scores[name] = score_texts(model, texts, lambda done, of, part=parts[name]: part(done / of))
    return scores


def read_sources(
    model: Any, sources: Mapping[str | None, Sequence[str]], report: Callable[[float], None]
) -> dict[str | None, ReadBack]:
    """What is read back of each source's texts; ``report`` is told the fraction done."""
    parts = _parts({name: len(texts) for name, texts in sources.items()}, report)
    return {name: read_back(model, texts, report=parts[name]) for name, texts in sources.items()}


def pooled(parts: Sequence[ReadBack]) -> ReadBack:
    """All hidden patches of ``parts`` as one measure."""
    hidden = {span: sum(part.hidden[span] for part in parts) for span in parts[0].hidden}

    def mean(values: Sequence[Mapping[int, float]]) -> dict[int, float]:
        weighted = list(zip(values, parts, strict=True))
        return {span: sum(v[span] * part.hidden[span] for v, part in weighted) / hidden[span] for span in hidden}

    return ReadBack(
        sum(part.texts for part in parts),
        sum(part.left_out for part in parts),
        mean([part.loss for part in parts]),
        mean([part.exact for part in parts]),
        hidden,
    )


def _parts(sizes: Mapping[Any, int], report: Callable[[float], None]) -> dict[Any, Callable[[float], None]]:
    """For each part of a work, what to tell its fraction done, so that ``report`` is told that of the whole."""
    total, before, parts = sum(sizes.values()), 0, {}
    for name, size in sizes.items():
        parts[name] = lambda done, before=before, size=size: report((before + size * done) / total)
        before += size
    return parts
