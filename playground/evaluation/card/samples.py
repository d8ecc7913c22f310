"""Ten samples, not selected, and how much of them is copied."""

from typing import Any

from playground.evaluation.card.copied import RUN, copied_share
from playground.evaluation.card.markdown import quote
from playground.evaluation.card.section import Part, Section, Subject
from playground.generation.sampler import sample

SEEDS = range(10)
WORDS = {"max_new_tokens": "up to {} new tokens", "top_p": "top-p {}", "top_k": "top-k {}", "min_p": "min-p {}"}


def draw(model: Any, prompt: str, options: Any) -> str:
    """The prompt and what ``model`` writes behind it."""
    return prompt + "".join(step.text for step in sample(model, prompt, options))


def measure(subject: Subject) -> dict[str, Any]:
    facts, texts = subject.facts, []
    for seed in SEEDS:
        subject.report(f"sample {seed + 1} of {len(SEEDS)}")
        texts.append(draw(subject.model, facts.prompt, facts.sampling(seed)))
    subject.report("looking for their words in the training text")
    return {
        "prompt": facts.prompt,
        "options": facts.options,
        "seeds": list(SEEDS),
        "texts": texts,
        "copied_share": copied_share(texts, subject.split.training_documents()),
    }


def write(_: Subject, measured: dict[str, Any]) -> Part:
    options = ", ".join(
        WORDS.get(name, f"{name.replace('_', ' ')} {{}}").format(value) for name, value in measured["options"].items()
    )
    copied = f"{100 * measured['copied_share']:.0f} percent"
    quoted = [f"**Seed {seed}**\n\n{quote(text)}" for seed, text in zip(SEEDS, measured["texts"], strict=True)]
    return Part(
        f'## Ten samples, not selected\n\nPrompt "{measured["prompt"]}", {options}, seeds 0 to {SEEDS[-1]}.\n'
        f"{copied} of their runs of {RUN} words occur in the training text as well.\n\n" + "\n\n".join(quoted),
        {"copied": copied},
    )


SECTION = Section(write, "samples", measure)
