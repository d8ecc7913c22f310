"""How well a language model predicts held-out text."""

from typing import Any

from playground.evaluation.bits_per_byte import begin_token
from playground.evaluation.card.corpora import title_of
from playground.evaluation.card.markdown import table
from playground.evaluation.card.section import MOST, SAMPLE, Part, Section, Subject
from playground.evaluation.evaluate import measure_file

HEADER = ["held-out text", "texts", "bytes", "tokens", "bits per byte", "nats per token"]


def about_the_split(subject: Subject) -> str:
    """How text was held out, and where some of it lies."""
    kind = "sentences" if subject.reads_pictures else "texts"
    name = subject.name
    return (
        f"About {100 * subject.split.held_out_share:.0f} percent of all stories and sentences were held out by a hash "
        "of their normalised words (lower case, letters and digits only). The same text is held out in every corpus; "
        "stories that contain a held-out sentence, and sentences that occur in a held-out story, were left out of "
        "training as well. `curve.jsonl` is the thinned training log; its measures are quick ones, on a part of this "
        f"text and in the arithmetic of the training.\n\n`held-out.jsonl` holds the first {SAMPLE} held-out {kind} of "
        "each list, each under its corpus's licence (see below), so that everyone can repeat a measure: `python -m "
        f"playground evaluate {name} --data checkpoints/{name}/held-out.jsonl` gives what `measures.json` keeps under "
        "`sample`."
    )


def measure(subject: Subject) -> dict[str, Any]:
    return measure_file(subject.model, subject.held_out)


def measure_sample(subject: Subject) -> dict[str, Any]:
    return measure_file(subject.model, subject.sample)


def write(subject: Subject, measured: dict[str, Any]) -> Part:
    rows, numbers = [], {}
    for source in subject.split.sources:
        if score := measured["sources"].get(source.name):
            shown = {
                "texts": f"{score['texts']:,}",
                "bytes": f"{score['bytes']:,}",
                "tokens": f"{score['tokens']:,}",
                "bits per byte": f"{score['bits_per_byte']:.3f}",
                "nats per token": f"{score['nats_per_token']:.2f}",
            }
            numbers |= {f"{source.name}, {name}": number for name, number in shown.items()}
            rows.append(
                [title_of(source.folders), *(shown | {"bits per byte": f"**{shown['bits per byte']}**"}).values()]
            )
    begin = begin_token(subject.model)
    scored = "every token scored, the first at the price of a uniform guess"
    if begin is not None:
        scored = f"every token scored with `{subject.model.tokenizer.token_text(begin)}` in front"
    most = f" Of long lists the first {MOST:,} texts were taken." if _cut(subject) else ""
    return Part(
        "## How well it predicts text it has not seen\n\n"
        f"Bits per byte: {scored}, the end token not counted, divided by the UTF-8 bytes of the text. Float32 "
        f"arithmetic on the stored weights.{most}\n\n{table(HEADER, rows)}\n\n{about_the_split(subject)}",
        numbers,
    )


def _cut(subject: Subject) -> bool:
    return any(source.held_out > MOST for source in subject.split.sources)


SECTION = Section(write, "held_out", measure)
