"""How well a PIXEL model's reconstructions can be read, and pictures of some."""

from typing import Any

from playground.errors import MissingFile
from playground.evaluation.card.corpora import title_of
from playground.evaluation.card.held_out import about_the_split, measure
from playground.evaluation.card.markdown import escape, table
from playground.evaluation.card.section import MOST, Part, Section, Subject

INTRO = (
    "Share of hidden patches that are read back exactly: the nearest of all pairs of the 95 printable characters is "
    "the pair that was there. Spans of one, two or three patches are hidden one at a time, everything else of the "
    "sentence is seen. In brackets the mean error of the hidden patches, as the network is trained on it."
)
SPAN_NAMES = {"1": "one patch", "2": "two patches", "3": "three patches"}


def write_read_back(subject: Subject, measured: dict[str, Any]) -> Part:
    lists = {"all": measured} | {
        title_of(source.folders): measured["sources"][source.name]
        for source in subject.split.sources
        if source.name in measured["sources"]
    }
    rows, numbers = [], {}
    for title, one in lists.items():
        shown = {"sentences": f"{one['texts']:,}"}
        for span, found in one["spans"].items():
            shown[f"{SPAN_NAMES.get(span, span + ' patches')}, exact"] = f"{found['exact']:.1%}"
            shown[f"{SPAN_NAMES.get(span, span + ' patches')}, loss"] = f"{found['loss']:.4f}"
        numbers |= {f"{title}, {name}": number for name, number in shown.items()}
        sentences, *rest = shown.values()
        rows.append([title, sentences, *(f"**{e}** ({loss})" for e, loss in zip(rest[::2], rest[1::2], strict=True))])
    header = ["held-out sentences", "number", *(SPAN_NAMES.get(span, f"{span} patches") for span in measured["spans"])]
    text = (
        f"## How well it reads what it does not see\n\n{INTRO} Float32 arithmetic on the stored weights, the first "
        f"{MOST:,} sentences of each list, without those that do not fit or hold other characters.\n\n"
        f"{table(header, rows)}\n\n{about_the_split(subject)}"
    )
    return Part(text, numbers)


def write_pictures(subject: Subject, _: None) -> Part:
    facts = subject.facts
    missing = next((name for name in facts.pictures if not (subject.folder / name).is_file()), None)
    if missing is not None:
        raise MissingFile(f"The facts name the picture {missing}, which is not in {subject.folder}. Draw it first.")
    shown = "\n\n".join(f"![{escape(text)}]({name})" for name, text in facts.pictures.items())
    return Part(f"## Pictures, not selected\n\n{facts.pictures_text}\n\n{shown}")


READ_BACK = Section(write_read_back, "held_out", measure)
PICTURES = Section(write_pictures)
