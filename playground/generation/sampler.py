"""The one token loop: B rows continue one prompt, each with its own seed, options, edits and end.

The loop is a generator. Closing it, or no longer asking it for more, ends the work at once: nothing runs between two
events. A model object is anything with ``network``, ``tokenizer`` (or None), ``prompt_ids``, ``stop_ids``,
``sampled_size`` and ``abilities``.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

from playground import limits
from playground.decode.paths import open_decoder, resolve
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.generation.prompts import prompt_ids
from playground.generation.row_state import RowState, draw_steps
from playground.generation.steps import Prefill, Row, Step

DEFAULTS = SamplingOptions()


def sample(
    model: Any,
    prompt: str | Sequence[int],
    options: SamplingOptions = DEFAULTS,
    edits: Sequence[Any] = (),
    decode: str | None = None,
) -> Generator[Step, None, None]:
    """Continue ``prompt``, text or token ids, token by token; the last step says why it ended.

    ``decode`` names the path of the token steps: "plain", "torch", "compiled", "int8" or "graph"; by default it is the
    fastest that computes in the model's own precision.

    Raises:
        InvalidRequest: the prompt, the options or the edits do not suit the model.
        PlaygroundError: the model's logits are not finite.
    """
    return _only_steps(sample_rows(model, prompt, [Row(options, edits)], decode))


def sample_rows(
    model: Any, prompt: str | Sequence[int], rows: Sequence[Row], decode: str | None = None
) -> Generator[Prefill | Step, None, None]:
    """Continue one prompt in several rows at once. A row's tokens are those it would have alone.

    ``decode`` names the path of the token steps (see decode/paths.py); by default it is the fastest.

    Yields a :class:`Prefill` after each chunk of the prompt, then for each position one :class:`Step` per row that
    goes on, in order of rows. A row that has ended leaves the batch.

    Raises:
        InvalidRequest: as :func:`sample`, or no rows, or more than ``limits.ROWS``.
        PlaygroundError: the model's logits are not finite.
    """
    ids = prompt_ids(model, prompt)
    context = model.network.context_length
    if len(ids) >= context:
        raise InvalidRequest(
            f"The prompt has {len(ids):,} tokens, but this model's context holds {context:,} and the next token needs "
            "a place. Shorten the prompt."
        )
    if not 1 <= len(rows) <= limits.ROWS:
        raise InvalidRequest(f"{len(rows)} samples were asked for, but 1 to {limits.ROWS} can be drawn at once.")
    states = [RowState(model, number, row, ids) for number, row in enumerate(rows)]
    return _run(model, ids, states, resolve(model.network, decode))


def _run(model: Any, prompt: list[int], rows: list[RowState], path: str) -> Generator[Prefill | Step, None, None]:
    network, decoder = model.network, open_decoder(model.network, path)
    # Edits may change what the cache holds, so rows share the prefill only if they share their edits.
    readers = rows[:1] if all(row.edits == rows[0].edits for row in rows) else rows
    edited = any(row.edits for row in rows)

    def prompt_controls(length: int) -> Any:
        return network.controls([(row.edits, prompt[:length]) for row in readers])

    for done, total in decoder.prefill(prompt, prompt_controls if edited else None, rows=len(readers)):
        yield Prefill(done, total)
    if len(readers) < len(rows):
        decoder.select([0] * len(rows))

    while True:
        going_on = []
        for i, step in enumerate(draw_steps(model, rows, decoder.logits)):
            yield step
            if step.end is None:
                going_on.append(i)
        if not going_on:
            return
        if len(going_on) < len(rows):
            decoder.select(going_on)
            rows = [rows[i] for i in going_on]
        edited = any(row.edits for row in rows)
        controls = network.controls([(row.edits, row.ids) for row in rows]) if edited else None
        decoder.step([row.ids[-1] for row in rows], controls)


def _only_steps(events: Generator[Prefill | Step, None, None]) -> Generator[Step, None, None]:
    with closing(events):
        for event in events:
            if isinstance(event, Step):
                yield event
