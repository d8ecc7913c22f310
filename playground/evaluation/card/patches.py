"""How well a PIXEL model's reconstructions can be read, and pictures of some."""

from itertools import zip_longest
from typing import Any

from playground.evaluation.card.corpora import title_of
from playground.evaluation.card.held_out import about_the_split, measure
from playground.evaluation.card.markdown import escape, table
from playground.evaluation.card.section import MOST, Part, Section, Subject
from playground.evaluation.pictures import sheet

INTRO = (
    "Share of hidden patches that are read back exactly: the nearest of all pairs of the 95 printable characters is "
    "the pair that was there. Spans of one, two or three patches are hidden one at a time, everything else of the "
    "sentence is seen. In brackets the mean error of the hidden patches, as the network is trained on it."
)
FILE = "reconstructions.png"
SHOWN = 10  # sentences on the picture
PICTURE = (
    "The first {shown} sentences of `held-out.jsonl`, of each list in turn. Below each stands the same with a quarter "
    "of its patches hidden (sentence i with seed i), and what the model makes of it. `python -m "
    "playground.evaluation.pictures checkpoints/{name} --data checkpoints/{name}/held-out.jsonl --out PICTURE.png` "
    "draws it again."
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


def draw(subject: Subject) -> dict[str, Any]:
    """Draw the picture into the checkpoint's folder; what it shows."""
    texts = [text for some in zip_longest(*subject.sample.values()) for text in some if text][:SHOWN]
    sheet(subject.model, texts).save(subject.folder / FILE, optimize=True)
    return {"file": FILE, "texts": texts}


def write_picture(subject: Subject, drawn: dict[str, Any]) -> Part:
    about = PICTURE.format(shown=len(drawn["texts"]), name=subject.name)
    described = escape(" / ".join(drawn["texts"]))
    return Part(f"## Ten sentences, not selected\n\n{about}\n\n![{described}]({drawn['file']})")


READ_BACK = Section(write_read_back, "held_out", measure)
PICTURE_OF_TEN = Section(write_picture, "picture", draw)
