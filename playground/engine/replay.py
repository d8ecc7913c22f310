"""A recorded run drawn again, part by part, and compared."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from playground.engine.records import Record
from playground.engine.requests import Ended, GenerateRequest, Replayed, Started, Token
from playground.errors import InvalidRequest

Generate = Callable[[GenerateRequest], Generator[Any, None, None]]


def replay_parts(record: Record, generate: Generate) -> Generator[Any, None, None]:
    """The events of one run: those of all parts, and a :class:`Replayed` in the end.

    Drawing stops after the first part that came out another way: the parts after it go on from what was recorded.
    """
    done, difference = 0, None
    parts = [part for part in record.parts if part[1]]  # without those that were stopped before a token came
    for number, (request, ids) in enumerate(parts):
        drawn: list[int] = []
        with closing(generate(request)) as events:
            for event in events:
                if isinstance(event, Token):
                    drawn.append(event.step.token_id)
                    event = replace(event, step=replace(event.step, index=done + event.step.index))
                elif isinstance(event, Ended):
                    difference = first_difference(ids, drawn)
                    if number + 1 < len(parts) and difference is None:
                        continue
                    event = replace(event, tokens=done + event.tokens)
                elif isinstance(event, Started) and number:
                    continue
                yield event
        if difference is not None:
            difference += done
            break
        done += len(ids)
    yield Replayed(difference is None, difference)


def check_prompt(model: Any, record: Record) -> None:
    """The text that a record calls its prompt must be that of the ids that the model read.

    Raises:
        InvalidRequest: it is another one.
    """
    ids, prompt = record.parts[0][0].prompt, record.prompt
    if prompt is None or model.tokenizer is None:
        return
    read = (model.tokenizer.decode(ids).strip(), tuple(model.prompt_ids(prompt)) if prompt else ())
    if prompt.strip() != read[0] and ids != read[1]:
        raise InvalidRequest(
            f"The recorded run's prompt is {prompt!r:.60}, but its prompt_ids stand for {read[0]!r:.60}. The file was "
            "changed: replay it as it was saved."
        )


def first_difference(recorded: Sequence[int], drawn: Sequence[int]) -> int | None:
    """The number of the first token in which ``drawn`` is not what was ``recorded``, None if there is none.

    What was recorded only up to some token is compared as far as it goes.
    """
    for index, (one, other) in enumerate(zip(recorded, drawn, strict=False)):
        if one != other:
            return index
    return None if len(drawn) >= len(recorded) else len(drawn)
