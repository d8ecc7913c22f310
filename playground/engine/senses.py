"""Answers to the requests of sense_requests.py that look at words and take predictions apart."""

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import torch

from playground import limits
from playground.engine.edits import resolved
from playground.engine.readings import read_text, remember, remembered
from playground.engine.sense_requests import (
    AlphaRequest,
    Candidate,
    LedgerAnswer,
    LedgerRequest,
    NearestRequest,
    NextChoice,
    Progress,
    Promoters,
    PromotersRequest,
    SenseFacts,
    SenseFactsRequest,
    SensesRequest,
    SenseWeights,
    WordPairRequest,
)
from playground.errors import InvalidRequest, PlaygroundError
from playground.generation.options import token_ids
from playground.generation.prompts import prompt_ids
from playground.senses.inspection import (
    check_sense,
    compare_words,
    nearest_among,
    promoters_steps,
    word_senses,
)
from playground.senses.ledger import Ledger, place_of
from playground.senses.presets import read_presets
from playground.senses.vocabulary import named, sense_directions
from playground.senses.words import check_has_senses, look_up, next_word, piece

PRESETS = "presets.json"  # beside the weights
PRESET_BYTES = 2**20
LIKELIEST = 2  # explained where no candidates are named
DECIMALS = 6

Events = Generator[Any, None, None]


@contextmanager
def leased(engine: Any, name: str) -> Iterator[Any]:
    """A loaded model with senses."""
    with engine.manager.lease(name) as model:
        check_has_senses(model)
        yield model


def _facts(engine: Any, request: SenseFactsRequest) -> Events:
    yield from engine.loading(request.model)
    with leased(engine, request.model) as model:
        network = model.network
        yield SenseFacts(network.num_senses, network.context_length, _presets(engine.catalog[request.model].ref))


def _presets(ref: Any) -> tuple[dict[str, Any], ...]:
    """Those in the folder of a checkpoint; a file that cannot be used is no reason to fail."""
    if not isinstance(ref, Path):
        return ()
    file = (ref if ref.is_dir() else ref.parent) / PRESETS
    try:
        if file.stat().st_size > PRESET_BYTES:
            return ()
        return tuple(preset.as_json() for preset in read_presets(json.loads(file.read_bytes())))
    except (OSError, ValueError, RecursionError, PlaygroundError):
        return ()


def _senses(engine: Any, request: SensesRequest) -> Events:
    yield from engine.loading(request.model)
    with leased(engine, request.model) as model:
        found = look_up(model, request.word, request.as_typed, request.piece)
        reading = None
        if request.text is not None and request.text != "":
            reading, _ = yield from read_text(engine, model, prompt_ids(model, request.text))
        yield word_senses(model, found, request.top, reading)


def _pair(engine: Any, request: WordPairRequest) -> Events:
    yield from engine.loading(request.model)
    with leased(engine, request.model) as model:
        yield compare_words(model, request.a, request.b, request.as_typed)


def _nearest(engine: Any, request: NearestRequest) -> Events:
    yield from engine.loading(request.model)
    with leased(engine, request.model) as model:
        found, sense = look_up(model, request.word, request.as_typed), request.sense
        check_sense(model.network, sense)
        directions = remembered(engine, model.card, ("directions", sense))
        if directions is None:
            stage = f"Computing sense {sense} of {model.network.vocab_size:,} tokens"
            directions = yield from told(stage, sense_directions(model.network, sense))
            remember(engine, model.card, ("directions", sense), directions, directions.nbytes)
        yield nearest_among(model, found, sense, request.top, directions)


def _promoters(engine: Any, request: PromotersRequest) -> Events:
    yield from engine.loading(request.model)
    with leased(engine, request.model) as model:
        found = look_up(model, request.word, request.as_typed)
        key = ("promoters", found.token_id)
        known = remembered(engine, model.card, key)
        if known is None:
            stage = f"Asking {model.network.num_senses * model.network.vocab_size:,} senses"
            known = (yield from told(stage, promoters_steps(model, found, limits.SHOWN_TOKENS))).pairs
            remember(engine, model.card, key, known, 400 * len(known))
        yield Promoters(found, known[: request.top])


def told(stage: str, steps: Generator[tuple[int, int], None, Any]) -> Generator[Progress, None, Any]:
    """What a sweep returns, its progress told in between."""
    with closing(named(stage, steps)) as events:
        while True:
            try:
                progress = next(events)
            except StopIteration as stopped:
                return stopped.value
            yield Progress(*progress)


def _ledger(engine: Any, request: LedgerRequest) -> Events:
    yield from engine.loading(request.model)
    with leased(engine, request.model) as model:
        ids = tuple(prompt_ids(model, request.text))
        position = place_of(request.position, len(model.batch(ids)[0]))
        edits = yield from resolved(model, request.model, request.edits)
        reading, _ = yield from read_text(engine, model, ids)
        key = ("logits", ids, position, edits)
        logits = remembered(engine, model.card, key)
        if logits is None:
            logits = model.logits(ids, edits)[position].clone()  # the oracle: an ordinary forward pass
            remember(engine, model.card, key, logits, logits.nbytes + 64 * len(ids))
        yield _taken_apart(model, request, Ledger(model.network, reading, position, edits), logits)


def _taken_apart(model: Any, request: LedgerRequest, ledger: Ledger, logits: torch.Tensor) -> LedgerAnswer:
    logprobs, ids = logits.double().log_softmax(-1), ledger.ids

    def choice(token_id: int) -> NextChoice:
        text = piece(model, token_id).text
        return NextChoice(token_id, text, float(logits[token_id]), float(logprobs[token_id]))

    top = min(max(request.top, LIKELIEST), model.sampled_size)
    best = [choice(id_) for id_ in logits[: model.sampled_size].topk(top).indices.tolist()]
    wanted = [_candidate_id(model, one) for one in request.candidates] or [one.token_id for one in best[:LIKELIEST]]
    candidates = []
    for token_id in dict.fromkeys(wanted):
        told, cells, added = choice(token_id), ledger.contributions(token_id), ledger.beside(token_id)
        total = float(cells.double().sum()) + added
        rows = tuple(map(tuple, cells.tolist()))
        candidates.append(
            Candidate(token_id, told.text, rows, added, total, told.logit, told.logprob, total - told.logit)
        )
    following = ledger.position + 1
    return LedgerAnswer(
        tokens=tuple(piece(model, id_) for id_ in ids),
        position=ledger.position,
        written=choice(ids[following]) if following < len(ids) else None,
        choices=tuple(best[: request.top]),
        candidates=tuple(candidates),
        weights=tuple(map(tuple, ledger.alpha.tolist())),
    )


def _candidate_id(model: Any, candidate: str | int) -> int:
    if isinstance(candidate, str):
        candidate = next_word(model, candidate)
    return token_ids((candidate,), "candidates", below=model.network.vocab_size)[0]


def _alpha(engine: Any, request: AlphaRequest) -> Events:
    yield from engine.loading(request.model)
    with leased(engine, request.model) as model:
        ids = tuple(prompt_ids(model, request.text))
        senses = request.senses or tuple(range(model.network.num_senses))
        for sense in senses:
            check_sense(model.network, sense)
        cells = len(senses) * len(ids) ** 2
        if cells > limits.ALPHA_CELLS:
            most = int((limits.ALPHA_CELLS / len(senses)) ** 0.5)
            raise InvalidRequest(
                f"The maps of {len(senses)} senses over {len(ids):,} tokens have {cells:,} cells, but at most "
                f"{limits.ALPHA_CELLS:,} can be shown. Choose fewer senses, or shorten the text to {most} tokens."
            )
        reading, _ = yield from read_text(engine, model, ids)
        with torch.inference_mode():
            maps = [reading.weights(sense).tolist() for sense in senses]
        yield SenseWeights(
            tokens=tuple(piece(model, id_) for id_ in ids),
            senses=senses,
            maps=tuple(tuple(tuple(round(cell, DECIMALS) for cell in row) for row in map_) for map_ in maps),
        )


ANSWERS: dict[type, Callable[[Any, Any], Events]] = {
    SenseFactsRequest: _facts,
    SensesRequest: _senses,
    WordPairRequest: _pair,
    NearestRequest: _nearest,
    PromotersRequest: _promoters,
    LedgerRequest: _ledger,
    AlphaRequest: _alpha,
}
