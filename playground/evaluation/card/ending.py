"""The end of a card: the author's own sections, what the model cannot do, its text, and how to make it again."""

from collections.abc import Iterable

from playground.evaluation.card.corpora import corpora_in
from playground.evaluation.card.facts import fill
from playground.evaluation.card.markdown import table
from playground.evaluation.card.opening import counted
from playground.evaluation.card.section import Part, Section, Subject

SEPARATED = {
    "marker": "documents parted by a line `<|endoftext|>`",
    "blank": "documents parted by blank lines",
    "line": "one sentence a line",
}
CHANGES = (
    "All texts were shortened to plain text, quotation marks made straight, and {}. None of the authors endorses this "
    "model."
)


def write_more(subject: Subject, _: None) -> Part:
    sections = "\n\n".join(f"## {title}\n\n{text}" for title, text in subject.facts.sections.items())
    return Part(*fill(sections, counted(subject)))


def write_limits(subject: Subject, _: None) -> Part:
    return Part(*fill(f"## What it cannot do\n\n{subject.facts.cannot}", counted(subject)))


def write_data(subject: Subject, _: None) -> Part:
    pictures = subject.reads_pictures
    rows, thanks = [], []
    for source in subject.split.sources:
        corpora = corpora_in(source.folders)
        licences = dict.fromkeys(corpus.licence for corpus in corpora)
        text = "; ".join(corpus.text for corpus in corpora)
        rows.append([text, f"{100 * source.weight:.0f} %", "; ".join(licences)])
        thanks += [corpus.attribution for corpus in corpora if corpus.attribution]
    thanks.append(CHANGES.format("drawn as strips of pictures" if pictures else "cut into windows of tokens"))
    header = ["corpus", "share of strips" if pictures else "share of windows", "licence"]
    return Part(
        f"## Text it was trained on\n\n{table(header, rows)}\n\n**Attributions.** {' '.join(dict.fromkeys(thanks))}"
    )


def write_again(subject: Subject, _: None) -> Part:
    recipe, facts = subject.split.recipe, subject.facts
    folders: dict[str, list[str]] = {}
    for source in subject.split.sources:
        folders.setdefault(source.separator, []).extend(source.folders)
    held = ", ".join(f"{_listed(dict.fromkeys(names))} ({SEPARATED[kind]})" for kind, names in folders.items())
    command = f"python -m playground.training {recipe} --data DIR --out RUN {facts.flags}".rstrip()
    text = (
        f"## How to make it again\n\n```\n{command}\n```\n\n`DIR` holds the corpora as folders of `.txt` or `.txt.xz` "
        f"files: {held}. The recipe is `{recipe}` in `playground/training/recipes.py`. The finished checkpoint is "
        "`RUN/checkpoint`; a run that was stopped goes on when the same command is given again, and `--minutes` fits "
        f"the whole run into a given time. {facts.again}".rstrip()
    )
    return Part(*fill(text, counted(subject)))


def _listed(names: Iterable[str]) -> str:
    *first, last = (f"`{name}`" for name in names)
    return f"{', '.join(first)} and {last}" if first else last


MORE, LIMITS, DATA, AGAIN = Section(write_more), Section(write_limits), Section(write_data), Section(write_again)
