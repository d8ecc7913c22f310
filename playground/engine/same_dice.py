"""Columns compared fairly: first it is seen what each model makes of the prompt, then which dice all of them can share.

- Columns that read the prompt as the same tokens of one tokenizer give every token the same noise at each position.
- Other columns share one number for each new token (see :func:`playground.generation.noise.quantile`).
- Without same dice each column draws with a seed of its own, one after the other.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from playground import limits
from playground.engine.requests import ColumnEvent, ColumnFailed, CompareRequest, GenerateRequest, Started
from playground.errors import PlaygroundError

OWN = "own"


@dataclass(frozen=True)
class Dice:
    """What the columns draw with, before the first of them begins.

    Attributes:
        kind: "token" or "position" as in ``SamplingOptions.dice``, where all columns share their dice; else "own".
        one_tokenizer: whether all columns are known to have the same one.
        seeds: of each column.
    """

    kind: str
    one_tokenizer: bool
    seeds: tuple[int, ...]


def compare(
    engine: Any, columns: Sequence[GenerateRequest], same: bool
) -> Generator[ColumnEvent | ColumnFailed | Dice, None, None]:
    """Run ``columns``, of one row each, side by side; the first one's seed is everybody's, or the first of several.

    Loads the models one after the other and asks each what it reads (:class:`Started` tells), names the
    :class:`Dice`, then yields what a :class:`CompareRequest` does. A column that fails early takes no further part.

    Raises:
        PlaygroundError: columns that do not make a :class:`CompareRequest`.
    """
    columns = CompareRequest(tuple(columns)).columns
    begun: dict[int, Started] = {}
    for number, request in enumerate(columns):
        try:
            with closing(engine.run(request)) as events:
                for event in events:
                    yield ColumnEvent(number, event)
                    if isinstance(event, Started):  # nothing has been computed yet
                        begun[number] = event
                        break
        except PlaygroundError as error:
            yield ColumnFailed(number, str(error))
    if not begun:
        return
    dice = choose_dice(list(begun.values()), columns[0].rows[0].seed, len(columns), same)
    yield dice
    ready = tuple(_with_dice(columns[number], dice, number) for number in begun)
    with closing(engine.run(CompareRequest(ready))) as events:
        for event in events:
            yield replace(event, column=list(begun)[event.column])


def choose_dice(begun: Sequence[Started], seed: int, count: int, same: bool) -> Dice:
    """The dice for ``count`` columns of which ``begun`` read the prompt."""
    one = len({_tokenizer(each) for each in begun}) == 1
    if not same:
        return Dice(OWN, one, tuple((seed + number) % (limits.SEED[1] + 1) for number in range(count)))
    alike = one and len({each.prompt_ids for each in begun}) == 1  # noise belongs to a place: it must be the same one
    return Dice("token" if alike else "position", one, (seed,) * count)


def _tokenizer(started: Started) -> tuple[str, ...]:
    """What two columns with the same tokenizer have in common, and no others."""
    card = started.card
    known = card.tokenizer_fingerprint
    return ("tokenizer", known) if known else ("model", card.name, card.fingerprint)


def _with_dice(request: GenerateRequest, dice: Dice, number: int) -> GenerateRequest:
    """``request`` with its seed and its kind of dice."""
    kind = "token" if dice.kind == OWN else dice.kind
    return replace(request, rows=tuple(replace(row, seed=dice.seeds[number], dice=kind) for row in request.rows))
