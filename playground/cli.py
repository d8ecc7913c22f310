"""The command line: generate, replay, score, evaluate, models and card, over the same engine as the page."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playground import limits
from playground.benchmarks.command import add_benchmark_command
from playground.commands_pixels import add_pixel_commands
from playground.commands_senses import EditsOption, add_sense_commands, read_edits_file
from playground.errors import DamagedFile, InvalidRequest, MissingFile, PlaygroundError
from playground.generation.options import SamplingOptions
from playground.settings import load_settings

# The engine is imported where it is used: torch takes a second to import, and --help need not wait for it.
if TYPE_CHECKING:
    from playground.engine.requests import Ended, GenerateRequest

app = typer.Typer(
    help="A playground for small and unusual language models. Without a command, see python app.py for the page.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
HELP = {option.name: option.metadata["description"] for option in fields(SamplingOptions)}
DEFAULT = SamplingOptions()

ModelOption = Annotated[str, typer.Option("--model", "-m", help="A catalogue name, folder, file or Hub id.")]
TokenizerOption = Annotated[
    str | None, typer.Option(help="A tokenizer file, folder or Hub id, where the checkpoint ships none.")
]
DtypeOption = Annotated[str | None, typer.Option(help="float32 (default), bfloat16 or float16.")]
ChoiceOption = Annotated[
    list[str] | None, typer.Option(help="A choice of the family, as name=value, e.g. rope_pairing=half.")
]
ModelsOption = Annotated[list[str] | None, typer.Option("--models", help="More checkpoints: a folder or a Hub id.")]
DecodeOption = Annotated[
    str | None,
    typer.Option(
        help="How steps are computed: plain, torch, compiled, int8 or graph; by default the fastest exact one."
    ),
]
DeviceOption = Annotated[str | None, typer.Option(help="Where language models compute: cpu, cuda or auto.")]
ThreadsOption = Annotated[int | None, typer.Option(help="Threads for computing; by default torch's own choice.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def main() -> None:
    """Run the command line; a :class:`PlaygroundError` becomes one line on stderr and exit status 1."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a model may write what the terminal cannot show
    try:
        app()
    except PlaygroundError as error:
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:  # the reader of a pipe has left
        sys.stderr.close()
        raise SystemExit(1) from None


@contextmanager
def _engine(
    models: Sequence[str] | None = None,
    threads: int | None = None,
    decode: str | None = None,
    device: str | None = None,
) -> Iterator[Any]:
    from playground.engine.local import open_engine

    given = tuple(models) if models else None
    engine = open_engine(load_settings(models=given, threads=threads, decode=decode, device=device))
    try:
        yield engine
    finally:
        engine.close()


def _open(engine: Any, ref: str, tokenizer: str | None, dtype: str | None, choices: Sequence[str] | None) -> str:
    """Load the model, telling the stages on stderr; return its catalogue name."""
    from playground.engine.requests import LoadRequest

    name = engine.catalog.find(ref).name
    request = LoadRequest(name, dtype, tokenizer, dict(_choice(text) for text in choices or ()))
    for event in engine.run(request):
        _tell(event)
    return name


def _tell(event: Any) -> None:
    from playground.engine.requests import Loading

    if isinstance(event, Loading):
        _progress(event.stage, event.fraction)
    else:
        _progress()


def _progress(stage: str = "", fraction: float | None = None) -> None:
    """Show a stage in the terminal's last line, or wipe it; into a file or pipe nothing is written."""
    if sys.stderr.isatty():
        percent = "" if fraction is None else f" {fraction:.0%}"
        print(f"\r\033[K{stage}{percent} …" if stage else "\r\033[K", end="", file=sys.stderr, flush=True)


def _choice(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidRequest(f"--choice {text!r} must have the form name=value.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _prompt(text: str | None, ids: str | None) -> str | tuple[int, ...]:
    """The prompt: ids, text, or what comes through a pipe when the text is "-"."""
    if (text is None) == (ids is None):
        raise InvalidRequest("Give either text or --ids, and not both.")
    if ids is not None:
        try:
            return tuple(int(part) for part in ids.replace(",", " ").split())
        except ValueError:
            raise InvalidRequest(f"--ids must be whole numbers such as '17 4 99', not {ids[:40]!r}.") from None
    if text != "-":
        return text
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"What came through the pipe is no text: {error}.") from None


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, allow_nan=False), flush=True)


@app.command()
def generate(
    model: ModelOption,
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="The text to continue; - reads a pipe.")] = None,
    ids: Annotated[str | None, typer.Option(help="The prompt as token ids, e.g. '17 4 99'.")] = None,
    max_new_tokens: Annotated[int, typer.Option(help=HELP["max_new_tokens"])] = 128,
    temperature: Annotated[float, typer.Option(help=HELP["temperature"])] = DEFAULT.temperature,
    top_p: Annotated[float, typer.Option(help=HELP["top_p"])] = 0.95,
    top_k: Annotated[int, typer.Option(help=HELP["top_k"])] = DEFAULT.top_k,
    min_p: Annotated[float, typer.Option(help=HELP["min_p"])] = DEFAULT.min_p,
    repetition_penalty: Annotated[float, typer.Option(help=HELP["repetition_penalty"])] = DEFAULT.repetition_penalty,
    seed: Annotated[int, typer.Option(help=HELP["seed"])] = DEFAULT.seed,
    stop: Annotated[list[str] | None, typer.Option(help=HELP["stop"] + " May be repeated.")] = None,
    dice: Annotated[str, typer.Option(help=HELP["dice"] + " token or position.")] = DEFAULT.dice,
    samples: Annotated[
        int, typer.Option(help=f"Draw so many at once, up to {limits.ROWS}, with the seeds seed, seed + 1, …")
    ] = 1,
    edits: EditsOption = None,
    tokenizer: TokenizerOption = None,
    dtype: DtypeOption = None,
    choice: ChoiceOption = None,
    models: ModelsOption = None,
    threads: ThreadsOption = None,
    decode: DecodeOption = None,
    device: DeviceOption = None,
    as_json: JsonOption = False,
    save: Annotated[Path | None, typer.Option(help="Save the run to this file, for the replay command.")] = None,
) -> None:
    """Continue a prompt, token by token."""
    from playground.engine.records import record_run
    from playground.engine.requests import Ended, GenerateRequest, Loading, Started, Token
    from playground.engine.samples import seeded_rows

    options = SamplingOptions(
        max_new_tokens, temperature, top_p, top_k, min_p, repetition_penalty, seed, tuple(stop or ()), dice=dice
    )
    if samples != 1 and save is not None:
        raise InvalidRequest(f"--save keeps one run, but {samples} samples were asked for. Leave one of the two out.")
    text, documents = _prompt(prompt, ids), read_edits_file(edits)
    if samples != 1:
        rows = seeded_rows(options, samples)
        with _engine(models, threads, decode, device) as engine:
            name = _open(engine, model, tokenizer, dtype, choice)
            _draw(engine, GenerateRequest(name, text, rows, documents), as_json)
        return
    with _engine(models, threads, decode, device) as engine:
        name = _open(engine, model, tokenizer, dtype, choice)
        shown = as_json or not isinstance(text, str)
        request, started, steps = GenerateRequest(name, text, (options,), documents), None, []
        for event in engine.run(request):
            if not shown and not isinstance(event, Loading | Started):  # the model takes the prompt
                print(text, end="", flush=True)
                shown = True
            if isinstance(event, Started):
                started = event
            elif isinstance(event, Token):
                steps.append(event.step)
                if as_json:
                    _print_json(asdict(event.step))
                else:
                    print(event.step.text, end="", flush=True)
            elif isinstance(event, Ended):
                if as_json:
                    _print_json(asdict(event))
                else:
                    print(f"\n\n[{ended_line(event)}]", file=sys.stderr)
    if save is not None:
        _save(save, record_run(request, started, steps))


def _draw(engine: Any, request: "GenerateRequest", as_json: bool) -> None:
    """Draw all rows at once and print them one after another, each as soon as it and those before it are complete."""
    from playground.engine.requests import Token
    from playground.engine.samples import begin_samples

    samples, printed = begin_samples(request.rows), 0
    prompt = request.prompt if isinstance(request.prompt, str) else ""
    for event in engine.run(request):
        if isinstance(event, Token):
            samples[event.step.row].add(event.step)
        while not as_json and printed < len(samples) and samples[printed].end:
            sample = samples[printed]
            printed += 1
            print(f"[{printed} of {len(samples)}: {sample.line()}]\n{prompt}{sample.text}\n", flush=True)
    if as_json:
        _print_json([sample.as_json() for sample in samples])


def _save(file: Path, document: Any) -> None:
    try:
        file.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidRequest(f"{file} cannot be written: {error.strerror or error}. Choose another file.") from None


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="What generate --save wrote, or the page's download.")],
    models: ModelsOption = None,
) -> None:
    """Draw a recorded run again and say whether it is the same, token for token."""
    from playground.engine.records import read_record
    from playground.engine.requests import ReplayRequest, Token

    document = _read_json(file)
    record = read_record(document)
    with _engine(models) as engine:
        engine.catalog.find(record.model)
        print(record.prompt or "", end="", flush=True)
        for event in engine.run(ReplayRequest(document)):
            _tell(event)
            if isinstance(event, Token):
                print(event.step.text, end="", flush=True)
    print(file=sys.stderr)
    if not event.same:
        number, tokens = event.first_difference + 1, len(record.token_ids)
        raise PlaygroundError(
            f"The run differs from new token {number} of {tokens} on; other versions or another machine?"
        )
    print(f"[The same {len(record.token_ids)} tokens]", file=sys.stderr)


def _read_json(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > limits.RECORD_BYTES:
            raise InvalidRequest(f"{file} has over {limits.RECORD_BYTES:,} bytes; no recorded run is so long.")
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise MissingFile(f"{file} cannot be read: {error.strerror or error}. Check the path.") from None
    except (ValueError, RecursionError):
        raise DamagedFile(f"{file} is no JSON. Choose a file that generate --save wrote.") from None
    if not isinstance(document, dict):
        raise DamagedFile(f"{file} holds no JSON object. Choose a file that generate --save wrote.")
    return document


def ended_line(event: "Ended") -> str:
    """Why a generation ended and how fast it was, in words."""
    speed = "" if event.tokens_per_second is None else f", {event.tokens_per_second:,.0f} tokens/s"
    return f"{event.tokens} token{'s' * (event.tokens != 1)}{speed}, ended by {event.reason}"


@app.command()
def score(
    model: ModelOption,
    text: Annotated[str | None, typer.Option("--text", "-t", help="The text to score; - reads a pipe.")] = None,
    ids: Annotated[str | None, typer.Option(help="Token ids to score, e.g. '17 4 99'.")] = None,
    tokenizer: TokenizerOption = None,
    dtype: DtypeOption = None,
    choice: ChoiceOption = None,
    models: ModelsOption = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """The log-probability of every token of a text, given those before it."""
    from playground.engine.requests import ScoreRequest

    wanted = _prompt(text, ids)
    with _engine(models, threads) as engine:
        name = _open(engine, model, tokenizer, dtype, choice)
        result = engine.answer(ScoreRequest(name, wanted))
    if as_json:
        _print_json(asdict(result))
        return
    for token, piece, logprob in zip(result.token_ids, result.texts, result.logprobs, strict=True):
        print(f"{token:>7}  {'' if logprob is None else f'{logprob:9.4f}':>9}  {piece!r}")
    rate = "" if result.bits_per_byte is None else f", {result.bits_per_byte:.4f} bits per byte"
    print(f"{result.total_bits:,.2f} bits in all{rate}")


@app.command()
def evaluate(
    checkpoint: Annotated[str, typer.Argument(help="A catalogue name, folder, file or Hub id.")],
    data: Annotated[
        list[Path] | None, typer.Option(help="Text to measure on: .txt, .txt.xz, or .jsonl with a field text; repeat.")
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(help="What parts the texts of a file: line, blank, marker (<|endoftext|>) or sentence."),
    ] = None,
    most: Annotated[
        int | None, typer.Option(help="At most so many texts of each file, or of each of its sources.")
    ] = None,
    similarity: Annotated[
        list[Path] | None, typer.Option(help="Word pairs with human scores, for a Backpack's senses; repeat.")
    ] = None,
    tokenizer: TokenizerOption = None,
    dtype: DtypeOption = None,
    choice: ChoiceOption = None,
    models: ModelsOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Measure a checkpoint on text that you bring, and print JSON."""
    from playground.evaluation.evaluate import evaluate as measure

    with _engine(models, threads) as engine:
        name = _open(engine, checkpoint, tokenizer, dtype, choice)
        with engine.manager.lease(name) as model:
            try:
                measured = measure(model, data or (), separator, most, similarity or (), _progress)
            finally:
                _progress()
    _print_json(measured)


@app.command(name="models")
def list_models(models: ModelsOption = None, as_json: JsonOption = False) -> None:
    """Every known checkpoint."""
    from playground.engine.requests import ModelsRequest

    with _engine(models) as engine:
        known = engine.answer(ModelsRequest())
    if as_json:
        _print_json(asdict(known))
        return
    width = max((len(state.name) for state in known.models), default=0)
    for state in known.models:
        print(f"{state.name:<{width}}  {state.kind:<6}  {state.description}")


@app.command()
def card(
    model: ModelOption,
    tokenizer: TokenizerOption = None,
    dtype: DtypeOption = None,
    choice: ChoiceOption = None,
    models: ModelsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load a checkpoint and say what it is."""
    from playground.engine.requests import CardRequest

    with _engine(models) as engine:
        name = _open(engine, model, tokenizer, dtype, choice)
        found = engine.answer(CardRequest(name)).card
    if as_json:
        _print_json(asdict(found))
        return
    for label, text in found.lines():
        print(f"{label + ':':<12} {text}")
    for note in found.notes:
        print(f"- {note}")


add_pixel_commands(app, _engine, _open, _prompt)
add_sense_commands(app, _engine, _open, _prompt)
add_benchmark_command(app)
