"""Whether a Backpack's senses find words alike that people find alike."""

from typing import Any

from playground.evaluation.card.markdown import table
from playground.evaluation.card.section import Part, Section, Subject
from playground.evaluation.similarity import similarity_table

INTRO = (
    "Spearman's rank correlation between the scores that people gave to pairs of words and the cosine of the model's "
    "vectors for them; only pairs of which both words are single tokens, with a space in front, are counted. The best "
    "single sense of each column is bold; below it stands the least cosine over all senses, as in the Backpack paper."
)


def measure(subject: Subject) -> dict[str, Any]:
    subject.report("word pairs")
    return {name: one.as_json() for name, one in similarity_table(subject.model, subject.pairs).items()}


def write(_: Subject, measured: dict[str, Any]) -> Part:
    columns, numbers = [], {}
    for name, one in measured.items():
        best = None if one["best"] is None else one["best"]["sense"]
        correlations = {"input embeddings": one["embedding"]}
        correlations |= {f"sense {sense}": correlation for sense, correlation in enumerate(one["senses"])}
        correlations |= {"least over senses": one["minimum"]}
        shown = {label: "–" if value is None else f"{value:.3f}" for label, value in correlations.items()}
        numbers |= {f"{name}, {label}": number for label, number in shown.items()}
        numbers |= {f"{name}, pairs": f"{one['pairs']:,} of {one['of']:,}"}
        cells = [f"**{number}**" if label == f"sense {best}" else number for label, number in shown.items()]
        columns.append([f"{one['pairs']:,} of {one['of']:,}", *cells])
    labels = ["pairs counted", *shown]
    rows = [[label, *cells] for label, *cells in zip(labels, *columns, strict=True)]
    text = f"## Which senses know what is alike\n\n{INTRO}\n\n{table(['', *measured], rows)}"
    return Part(text, numbers)


SECTION = Section(write, "similarity", measure)
