"""The commands ``senses`` and ``ledger``, and the file of edits that ``generate`` takes."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playground import limits
from playground.errors import DamagedFile, InvalidRequest, MissingFile

# The engine is imported where it is used: torch takes a second to import, and --help need not wait for it.
if TYPE_CHECKING:
    from playground.engine.sense_requests import LedgerAnswer, WordSenses

DEMO = "demo-backpack"
SHARES = 12  # largest shares of a logit that are listed

ModelOption = Annotated[
    str, typer.Option("--model", "-m", help="A Backpack: a catalogue name, folder, file or Hub id.")
]
TokenizerOption = Annotated[
    str | None, typer.Option(help="A tokenizer file, folder or Hub id, where the checkpoint ships none.")
]
DtypeOption = Annotated[str | None, typer.Option(help="float32 (default), bfloat16 or float16.")]
ModelsOption = Annotated[list[str] | None, typer.Option("--models", help="More checkpoints: a folder or a Hub id.")]
ThreadsOption = Annotated[int | None, typer.Option(help="Threads for computing; by default torch's own choice.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
EditsOption = Annotated[
    Path | None, typer.Option("--edits", help="A JSON file with a list of edits of a Backpack's senses.")
]


def read_edits_file(file: Path | None) -> tuple[dict[str, Any], ...]:
    """The edit documents in a JSON file, checked as far as no model is needed; none without a file.

    Raises:
        MissingFile, DamagedFile, InvalidRequest: one line on what is wrong with the file or with which edit.
    """
    if file is None:
        return ()
    try:
        if file.stat().st_size > limits.EDITS_BYTES:
            raise InvalidRequest(f"{file} has over {limits.EDITS_BYTES:,} bytes; no list of edits is so long.")
        documents = json.loads(file.read_bytes())
    except OSError as error:
        raise MissingFile(f"{file} cannot be read: {error.strerror or error}. Check the path.") from None
    except (ValueError, RecursionError):
        raise DamagedFile(f"{file} is no JSON. Give a file with a list of edits.") from None
    if not isinstance(documents, list):
        raise DamagedFile(f"{file} holds no JSON list. Give a list of edits, [{{...}}, ...].")
    from playground.senses.edit_documents import check_edits

    try:
        check_edits(documents)
    except InvalidRequest as error:
        raise InvalidRequest(f"{file}: {error}") from None
    return tuple(documents)


def add_sense_commands(
    app: typer.Typer,
    start: Callable[..., AbstractContextManager],
    open_model: Callable[..., str],
    read: Callable[[str | None, str | None], Any],
) -> None:
    """Add the commands to ``app``.

    Args:
        start: starts the engine, given more models and threads. open_model: loads a model into it, given the engine,
            reference, tokenizer, dtype and choices, and returns its name. read: a text or ids, or what "-" says.
    """

    @app.command()
    def senses(
        word: Annotated[str, typer.Argument(help="The word; a blank in front is tried first.")],
        model: ModelOption = DEMO,
        top: Annotated[int, typer.Option(help="Tokens listed for each sense and direction.")] = 8,
        text: Annotated[str | None, typer.Option("--text", "-t", help="Say how this text uses each sense.")] = None,
        nearest: Annotated[int | None, typer.Option(help="Also list the nearest words by this sense.")] = None,
        promoters: Annotated[
            bool, typer.Option("--promoters", help="Also list the senses of all words that promote this one most.")
        ] = False,
        as_typed: Annotated[bool, typer.Option("--as-typed", help="Put no blank in front of the word.")] = False,
        tokenizer: TokenizerOption = None,
        dtype: DtypeOption = None,
        models: ModelsOption = None,
        threads: ThreadsOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """What each sense of a word makes likelier and less likely."""
        from playground.engine.sense_requests import NearestRequest, PromotersRequest, SensesRequest

        wanted = None if text is None else read(text, None)
        with start(models, threads) as engine:
            name = open_model(engine, model, tokenizer, dtype, None)
            found = {"senses": engine.answer(SensesRequest(name, word, top, wanted, as_typed))}
            if nearest is not None:
                found["nearest"] = engine.answer(NearestRequest(name, word, nearest, top, as_typed))
            if promoters:
                found["promoters"] = engine.answer(PromotersRequest(name, word, top, as_typed))
        if as_json:
            answer = asdict(found.pop("senses"))
            _print_json(answer | {key: asdict(value) for key, value in found.items()})
            return
        _print_senses(found["senses"])
        if nearest is not None:
            print(f"\nNearest by sense {nearest}: {_listed(found['nearest'].words)}")
        if promoters:
            print("\nPromoted most by:")
            for pair in found["promoters"].pairs:
                print(f"  {pair.score:8.2f}  sense {pair.sense} of {pair.text!r}")

    @app.command()
    def ledger(
        model: ModelOption = DEMO,
        text: Annotated[str | None, typer.Option("--text", "-t", help="The text; - reads a pipe.")] = None,
        ids: Annotated[str | None, typer.Option(help="The text as token ids, e.g. '17 4 99'.")] = None,
        position: Annotated[int, typer.Option(help="The token predicted from, from 0, or from the end: -1.")] = -1,
        candidate: Annotated[
            list[str] | None, typer.Option(help="A next token to explain; repeat. By default the two likeliest.")
        ] = None,
        edits: EditsOption = None,
        tokenizer: TokenizerOption = None,
        dtype: DtypeOption = None,
        models: ModelsOption = None,
        threads: ThreadsOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """What every word and sense of a text adds to the logit of a next token."""
        from playground.engine.sense_requests import LedgerRequest

        wanted, documents = read(text, ids), read_edits_file(edits)
        with start(models, threads) as engine:
            name = open_model(engine, model, tokenizer, dtype, None)
            answer = engine.answer(LedgerRequest(name, wanted, position, tuple(candidate or ()), documents))
        if as_json:
            _print_json(asdict(answer))
        else:
            _print_ledger(answer)


def _print_senses(answer: "WordSenses") -> None:
    word = answer.word
    pieces = " ".join(repr(piece.text) for piece in word.pieces)
    print(f"{word.word!r} is read as {pieces}; looking at {word.text!r}, token {word.token_id}.")
    if answer.occurrences is not None:
        print(f"The text holds it {answer.occurrences} time{'s' * (answer.occurrences != 1)}.")
    for sense in answer.senses:
        use = "" if sense.use is None else f", mean weight {sense.use.weight:.3f}"
        if sense.use is not None and sense.use.among_top is not None:
            use += f", among the three largest shares of {sense.use.among_top:.0%} of what follows"
        print(f"\nSense {sense.sense}, length {sense.norm:.2f}{use}")
        print(f"  promotes {_listed(sense.promotes)}")
        print(f"  demotes  {_listed(sense.demotes)}")


def _listed(tokens: Sequence[Any]) -> str:
    return ", ".join(f"{token.text!r} {token.score:.2f}" for token in tokens)


def _print_ledger(answer: "LedgerAnswer") -> None:
    print(f"After token {answer.position}, {answer.tokens[answer.position].text!r}:")
    for candidate in answer.candidates:
        print(
            f"\n{candidate.text!r}: logit {candidate.logit:.4f}, shares sum to {candidate.total:.4f} "
            f"(difference {candidate.difference:+.1e}), log-probability {candidate.logprob:.4f}"
        )
        cells = [
            (share, place, sense)
            for place, row in enumerate(candidate.contributions)
            for sense, share in enumerate(row)
        ]
        largest = sorted(cells, key=lambda cell: -abs(cell[0]))[:SHARES]
        for share, place, sense in largest:
            print(f"  {share:+9.4f}  sense {sense} of {answer.tokens[place].text!r} at {place}")
        rest = candidate.total - candidate.added - sum(share for share, _, _ in largest)
        if len(cells) > len(largest):
            print(f"  {rest:+9.4f}  the other {len(cells) - len(largest):,}")
        if candidate.added:
            print(f"  {candidate.added:+9.4f}  added by edits")


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, allow_nan=False), flush=True)
