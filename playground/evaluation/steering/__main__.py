"""``python -m playground.evaluation.steering search|measure …``: find steering presets, or measure a list again.

Both need the Backpack's checkpoint and a reference model that says what fluent text is; names and paths are as in
``pg.load``. Progress goes to stderr.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from playground.checkpoints.catalog import build_catalog
from playground.checkpoints.loader import load_model
from playground.checkpoints.reading import read_json
from playground.errors import InvalidRequest, PlaygroundError
from playground.evaluation.steering.goals import PROMISED, summary
from playground.evaluation.steering.levers import lever_of
from playground.evaluation.steering.measure import measure as measure_edits
from playground.evaluation.steering.search import STRIDE, Found, Search
from playground.evaluation.steering.topics import TopicPlan, read_topics
from playground.evaluation.steering.words import Topic
from playground.generation.options import SamplingOptions
from playground.senses.edit_documents import REQUIRED, edited_words
from playground.senses.presets import Preset, read_presets
from playground.settings import load_settings

app = typer.Typer(help="Steering presets of a Backpack.", no_args_is_help=True, add_completion=False)

Checkpoint = Annotated[str, typer.Argument(help="The Backpack: a catalogue name, folder, file or Hub id.")]
Reference = Annotated[str, typer.Option(help="The model whose bits per byte say how fluent a text is.")]
Seed = Annotated[int, typer.Option(min=0, help="The first seed.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads; torch decides without it.")]


@app.command()
def search(
    checkpoint: Checkpoint,
    topics: Annotated[Path, typer.Option(help="The topics file.")],
    out: Annotated[Path, typer.Option(help="The presets file to write; it grows topic by topic.")],
    reference: Reference = "demo-shard",
    seed: Seed = 0,
    only: Annotated[list[str] | None, typer.Option(help="Ids of the topics to search; all without it.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Kinds of edit to try; all without it.")] = None,
    start: Annotated[Path | None, typer.Option(help="A presets file: try only its edits, weaker and stronger.")] = None,
    threads: Threads = None,
) -> None:
    """Look for presets that hold with seeds they were not chosen on."""
    plans = read_topics(read_json(topics))
    unknown = set(only or ()) - {plan.id for plan in plans}
    if unknown:
        raise InvalidRequest(f"There is no topic {min(unknown)!r}. Known are {', '.join(plan.id for plan in plans)}.")
    unknown = set(kind or ()) - set(REQUIRED)
    if unknown:
        raise InvalidRequest(f"There is no kind of edit {min(unknown)!r}. Known are {', '.join(REQUIRED)}.")
    begun = read_presets(read_json(start)) if start else None
    searching = Search(*_load(checkpoint, reference, threads), seed=seed, kinds=kind or tuple(REQUIRED), tell=_tell)
    presets: list[Preset] = []
    for plan in plans:
        if not only or plan.id in only:
            presets += [found.preset(searching.options, reference) for found in _finds(searching, plan, begun)]
            document = {"presets": [preset.as_json() for preset in presets]}
            out.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    _tell(f"{len(presets)} presets in {out}")


@app.command()
def measure(
    checkpoint: Checkpoint,
    presets: Annotated[Path, typer.Option(help="The presets file.")],
    reference: Reference = "demo-shard",
    seed: Seed = 0,
    samples: Annotated[int, typer.Option(min=2, help="Texts with and without the edits, each.")] = 50,
    runs: Annotated[int, typer.Option(min=1, help="How often, each time with new seeds.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Write the presets with these measures to this file.")] = None,
    threads: Threads = None,
) -> None:
    """Measure a list of presets again and print JSON; exit status 2 if one breaks what presets promise."""
    listed = read_presets(read_json(presets))
    model, scorer = _load(checkpoint, reference, threads)
    rows: list[dict[str, Any]] = []
    for preset in listed:
        edits = preset.edits_for(model.network, model.tokenizer)
        topic = Topic.of(preset.topic).without(edited_words(preset.edits))
        options = SamplingOptions(**preset.sampling)
        starts = [seed + STRIDE * number for number in range(runs)]
        found = [
            measure_edits(model, scorer, preset.prompt, options, edits, topic, range(first, first + samples))
            for first in starts
        ]
        rows.append({"id": preset.id, "holds": all(map(PROMISED.met_by, found)), **summary(found, reference)})
        _tell(f"{preset.id}: ratio {rows[-1]['ratio']}, bits per byte {rows[-1]['rise_percent']:+} percent")
    print(json.dumps({"presets": rows}, ensure_ascii=False, indent=1))
    if out:
        known = ("id", "holds")
        updated = [
            preset.as_json() | {"measured": {key: value for key, value in row.items() if key not in known}}
            for preset, row in zip(listed, rows, strict=True)
        ]
        out.write_text(json.dumps({"presets": updated}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if not all(row["holds"] for row in rows):
        raise typer.Exit(2)


def _finds(searching: Search, plan: TopicPlan, begun: tuple[Preset, ...] | None) -> list[Found]:
    if begun is None:
        return searching.topic(plan)
    levers = [lever_of(preset) for preset in begun if preset.topic == plan.lines]
    return searching.topic(plan, [lever for lever in levers if lever is not None])


def _load(checkpoint: str, reference: str, threads: int | None) -> tuple[Any, Any]:
    if threads:
        torch.set_num_threads(threads)
    settings = load_settings()
    catalog = build_catalog(settings.checkpoints, settings.models)
    model, scorer = (load_model(catalog.find(name).ref) for name in (checkpoint, reference))
    if "senses" not in model.abilities:
        raise InvalidRequest(f"{checkpoint!r} has no senses to edit. Give a Backpack.")
    return model, scorer


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Run the command line; a :class:`PlaygroundError` becomes one line on stderr and exit status 1."""
    try:
        app()
    except PlaygroundError as error:
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
