"""Ready-made edits that were seen to steer: a table of the presets that lie beside a Backpack's weights."""

from typing import Any

from playground.checkpoints.files import read_json
from playground.evaluation.card.markdown import escape, table
from playground.evaluation.card.section import Part, Section, Subject
from playground.senses.presets import Preset, read_presets

PRESETS = "presets.json"
INTRO = (
    "Each of these edits was tried on {samples} texts and more, drawn with the same seeds with and without it. The "
    "topic's words are counted without the word that the edit names; their rate grew by the factor given, half a word "
    "being added to both counts, and so many different ones came up. The last column is by how much the text's bits "
    "per byte under {reference} grew. Of several sets of seeds the worst figure stands here. `" + PRESETS + "` holds "
    "prompts, edits, words and all figures; `python -m playground.evaluation.steering measure` takes them again."
)


def read(subject: Subject) -> list[Preset]:
    """The presets in the checkpoint's folder; none if there is no such file."""
    path = subject.folder / PRESETS
    return [*read_presets(read_json(path))] if path.is_file() else []


def in_words(edit: dict[str, Any]) -> str:
    """One edit in a few words."""
    if edit["kind"] == "add_sense":
        return f"add {edit['weight']:g} of sense {edit['sense']} of `{edit['word'].strip()}`"
    if edit["kind"] == "scale_sense":
        return f"sense {edit['sense']} of `{edit['word'].strip()}` times {edit['factor']:g}"
    if edit["kind"] == "topic_boost":
        return f"boost what promotes {', '.join(f'`{word.strip()}`' for word in edit['words'])}"
    return f"`{edit['word'].strip()}`: `{edit['in'].strip()}` in place of `{edit['out'].strip()}`"


def write(subject: Subject, _: None) -> Part:
    presets, rows, numbers = read(subject), [], {}
    for preset in presets:
        found = preset.measured
        shown = [f"{found['ratio']:.1f}", str(found["distinct"]), f"{found['rise_percent']:+.1f} %"]
        numbers |= {
            f"preset {preset.id}, {name}": number
            for name, number in zip(("ratio", "distinct", "rise"), shown, strict=True)
        }
        rows.append([escape(preset.title), "; ".join(map(in_words, preset.edits)), *shown])
    intro = INTRO.format(
        samples=min(preset.measured["samples"] for preset in presets), reference=presets[0].measured["reference"]
    )
    header = ["topic", "edit", "topic's words, times", "different ones", "bits per byte"]
    return Part(f"## Edits that steer\n\n{intro}\n\n{table(header, rows)}", numbers)


SECTION = Section(write)
