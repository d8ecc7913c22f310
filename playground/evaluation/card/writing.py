"""Write a card: measure a checkpoint section by section, then README.md, measures.json and held-out.jsonl.

Cards of models that read pictures have one more file, a picture of ten sentences.
"""

import json
from collections.abc import Sequence
from typing import Any

from playground.evaluation.card import ending, held_out, opening, patches, samples, senses, steering
from playground.evaluation.card.section import Section, Subject
from playground.evaluation.evaluate import about

README, MEASURES, HELD_OUT, ATTRIBUTION = "README.md", "measures.json", "held-out.jsonl", "ATTRIBUTION.tsv"


def sections_for(subject: Subject) -> tuple[Section, ...]:
    """The sections of a card, by what the model can do and what there is to say."""
    if subject.reads_pictures:
        middle = [patches.READ_BACK, patches.PICTURE_OF_TEN]
    else:
        middle = [held_out.SECTION, *([senses.SECTION] if subject.pairs else []), samples.SECTION]
        middle += [steering.SECTION] if steering.read(subject) else []
    more = [ending.MORE] if subject.facts.sections else []
    return (opening.SECTION, *middle, *more, ending.LIMITS, ending.DATA, ending.AGAIN)


def write_card(subject: Subject, sections: Sequence[Section] | None = None) -> dict[str, Any]:
    """Measure ``subject`` and write its card into its folder; return what measures.json holds.

    ``card`` in there are the numbers of README.md as they are written, by name; ``sample`` are the measures of
    held-out.jsonl alone.
    """
    sections = sections_for(subject) if sections is None else sections
    measured: dict[str, Any] = {"model": about(subject.model)}
    for section in sections:
        if section.measure is not None:
            subject.report(f"measuring {section.key}")
            measured[section.key] = section.measure(subject)
    subject.report("measuring the sample")
    measured["sample"] = held_out.measure_sample(subject)
    parts = [section.write(subject, measured.get(section.key)) for section in sections]
    measured["card"] = {name: number for part in parts for name, number in part.numbers.items()}
    _write(subject, README, "\n\n".join(part.text for part in parts) + "\n")
    _write(subject, MEASURES, json.dumps(measured, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    records = ({"source": source, "text": text} for source, texts in subject.sample.items() for text in texts)
    _write(subject, HELD_OUT, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
    if authors := subject.split.authors():
        _write(subject, ATTRIBUTION, "\n".join(("title\tauthor\tlicence", *authors)) + "\n")
    return measured


def _write(subject: Subject, name: str, text: str) -> None:
    (subject.folder / name).write_text(text, encoding="utf-8")
