"""The top of a card: front matter for the Hub, what the model is, and a table of facts."""

from playground.evaluation.card.facts import fill
from playground.evaluation.card.markdown import table
from playground.evaluation.card.section import Part, Section, Subject


def counted(subject: Subject) -> dict[str, str]:
    """The numbers that an author's texts may name."""
    card, run = subject.model.card, subject.run
    numbers = {
        "parameters": f"{card.parameters:,}",
        "millions": f"{card.parameters / 1e6:.1f}",
        "dtype": subject.stored,
        "context": f"{card.context_length:,}",
        "seen": f"{run.seen:,}",
        "steps": f"{run.steps:,}",
        "minutes": f"{run.minutes:,.0f}",
        "hours": f"{run.minutes / 60:,.1f}",
    }
    if run.seen % run.steps == 0:
        numbers["per_step"] = f"{run.seen // run.steps:,}"
    if card.vocabulary is not None:
        numbers["vocabulary"] = f"{card.vocabulary:,}"
    return numbers


def write(subject: Subject, _: None) -> Part:
    facts, numbers = subject.facts, counted(subject)
    per_step = " of {per_step}" if "per_step" in numbers else ""
    rows = {
        "shape": facts.shape,
        "parameters": "{parameters}, stored in {dtype}",
        "tokenizer": facts.tokenizer,
        **facts.details,
        "seen in training": f"{{seen}} {subject.run.unit} in {{steps}} steps{per_step}",
        "hardware and time": facts.hardware,
        "optimisers": facts.optimisers,
    }
    grid = table(["", ""], [[label, text] for label, text in rows.items() if text])
    text, used = fill(f"# {subject.name}\n\n{facts.intro}\n\n{grid}", numbers)
    return Part(f"---\nlicense: apache-2.0\nlanguage: {facts.language}\n---\n\n{text}", used)


SECTION = Section(write)
