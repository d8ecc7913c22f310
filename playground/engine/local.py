"""The engine that runs requests in this process, over a model manager."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import singledispatchmethod
from pathlib import Path
from typing import Any

import torch

from playground.checkpoints.card import ModelCard
from playground.checkpoints.catalog import Catalog, CatalogEntry, build_catalog
from playground.checkpoints.devices import device_of, room_on
from playground.checkpoints.loader import LoadOptions, estimate_bytes, load_model
from playground.checkpoints.manager import ModelManager
from playground.checkpoints.model import Model
from playground.decode.paths import PLAIN, bytes_besides, path_words, prefer, resolve
from playground.engine.bias import ANSWERS as BIAS_ANSWERS
from playground.engine.columns import take_turns
from playground.engine.edits import resolved
from playground.engine.memo import Memo
from playground.engine.next_token import answer_next_token
from playground.engine.patches import ANSWERS as PATCH_ANSWERS
from playground.engine.records import read_record
from playground.engine.replay import check_prompt, replay_parts
from playground.engine.requests import (
    CardRequest,
    ColumnEvent,
    ColumnFailed,
    CompareRequest,
    Ended,
    GenerateRequest,
    Loaded,
    Loading,
    LoadRequest,
    Models,
    ModelsRequest,
    ModelState,
    NextToken,
    NextTokenRequest,
    ReadRequest,
    ReplayRequest,
    ScoreRequest,
    Started,
    Token,
    UnloadRequest,
)
from playground.engine.senses import ANSWERS as SENSE_ANSWERS
from playground.engine.warming import STAGE, make_ready
from playground.errors import InvalidRequest
from playground.generation.prompts import prompt_ids
from playground.generation.reading import read_steps
from playground.generation.sampler import sample_rows
from playground.generation.steps import Prefill, Row, Step
from playground.generation.surprisal import score_events
from playground.settings import Settings

MEMO_SHARE = 0.05  # of the memory budget
LOADED = "loaded"  # the manager's last stage
ANSWERS = {
    **PATCH_ANSWERS,
    **SENSE_ANSWERS,
    **BIAS_ANSWERS,
}  # requests of other modules: type -> a generator function of the engine and the request


class LocalEngine:
    """Runs requests; safe to call from any thread. Closing a stream of events stops the work behind it at once."""

    def __init__(self, catalog: Catalog, manager: ModelManager):
        self.catalog = catalog
        self.manager = manager
        self.memo = Memo(int(MEMO_SHARE * manager.memory().budget))
        self._decoding: dict[str, tuple[ModelCard, str]] = {}

    @singledispatchmethod
    def run(self, request: Any) -> Iterator[Any]:
        """The events that answer ``request``; see requests.py for which.

        Raises:
            PlaygroundError: with one line on what is wrong, now or while the events are read.
        """
        if type(request) not in ANSWERS:
            raise TypeError(f"The engine knows no request of type {type(request).__name__}.")
        return ANSWERS[type(request)](self, request)

    def answer(self, request: Any) -> Any:
        """The last event of :meth:`run`: the answer itself for requests that have one."""
        *_, last = self.run(request)
        return last

    def close(self) -> None:
        """Stop all loads and drop all models."""
        self.manager.close()

    @run.register
    def generate(self, request: GenerateRequest) -> Generator[Loading | Prefill | Token | Ended, None, None]:
        yield from self.loading(request.model)
        with self.manager.lease(request.model) as model:
            ids = tuple(prompt_ids(model, request.prompt))
            edits = yield from resolved(model, request.model, request.edits)
            path = resolve(model.network, request.decode)
            self.manager.grow(request.model, bytes_besides(model.network, path))
            self._decoding[request.model] = (model.card, path_words(model.network, path))
            yield Started(model.card, ids, torch.get_num_threads(), path)
            rows = [Row(options, edits, request.given) for options in request.rows]
            first: dict[int, float] = {}
            with closing(sample_rows(model, ids, rows, path)) as events:
                began = time.perf_counter()
                for event in events:
                    seconds = time.perf_counter() - began
                    if isinstance(event, Prefill):
                        yield event
                        continue
                    yield Token(event, seconds)
                    first.setdefault(event.row, seconds)
                    if event.end is not None:
                        yield _ended(event, seconds - first[event.row])

    @run.register
    def compare(self, request: CompareRequest) -> Generator[ColumnEvent | ColumnFailed, None, None]:
        return take_turns([self.generate(column) for column in request.columns])

    @run.register
    def replay(self, request: ReplayRequest) -> Generator[Any, None, None]:
        record = read_record(request.document)
        yield from self.loading(record.model)
        card = self.manager.card(record.model)
        if card.fingerprint != record.fingerprint:
            raise InvalidRequest(
                f"The run was recorded with a {record.model} of identity {record.fingerprint[:16]}, but the one here "
                f"is {card.fingerprint[:16]}. Load the checkpoint that it was made with."
            )
        if card.dtype != record.dtype:
            yield from self.loading(record.model, {"dtype": record.dtype})
        with self.manager.lease(record.model) as model:
            check_prompt(model, record)
        yield from with_threads(record.threads, replay_parts(record, self.generate))

    @run.register
    def read(self, request: ReadRequest) -> Generator[Any, None, None]:
        yield from self.loading(request.model)
        with self.manager.lease(request.model) as model:
            ids = tuple(prompt_ids(model, request.text))
            edits = yield from resolved(model, request.model, request.edits)
            yield Started(model.card, ids, torch.get_num_threads(), PLAIN)
            began = time.perf_counter()
            with closing(read_steps(model, ids, request.options, edits, request.start)) as events:
                for event in events:
                    yield event if isinstance(event, Prefill) else Token(event, time.perf_counter() - began)

    @run.register
    def score(self, request: ScoreRequest) -> Generator[Any, None, None]:
        yield from self.loading(request.model)
        with self.manager.lease(request.model) as model, closing(score_events(model, request.text)) as events:
            yield from events

    @run.register
    def next_token(self, request: NextTokenRequest) -> Generator[Loading | Prefill | NextToken, None, None]:
        return answer_next_token(self, request)

    @run.register
    def load(self, request: LoadRequest) -> Generator[Loading | Loaded, None, None]:
        choices = dict(request.choices) | {"dtype": request.dtype, "tokenizer": request.tokenizer}
        yield from self.loading(request.model, choices)
        yield Loaded(request.model, self._told(request.model))

    @run.register
    def card(self, request: CardRequest) -> Generator[Loading | Loaded, None, None]:
        yield from self.loading(request.model)
        with self.manager.lease(request.model):
            yield Loaded(request.model, self._told(request.model))

    @run.register
    def unload(self, request: UnloadRequest) -> Iterator[Models]:
        self.manager.unload(request.model)
        yield self._models()

    @run.register
    def models(self, request: ModelsRequest) -> Iterator[Models]:
        yield self._models()

    def loading(self, name: str, choices: Mapping[str, Any] | None = None) -> Iterator[Loading]:
        """Load a model, or load it anew with other choices; nothing if it is there."""
        for stage in self.manager.loading(name, choices):
            if stage.stage != LOADED:
                yield Loading(stage.name, stage.stage, stage.fraction, stage.seconds)

    def _told(self, name: str) -> ModelCard | None:
        """The model's card, with how its token steps are computed where that is known."""
        card = self.manager.card(name)
        known, words = self._decoding.get(name, (None, None))
        return card if card is None or known is not card else replace(card, decode=words)

    def _models(self) -> Models:
        states = []
        for status in self.manager.status():
            entry, card = self.catalog[status.name], self._told(status.name)
            states.append(
                ModelState(
                    name=status.name,
                    kind=entry.kind,
                    description=entry.description,
                    family=card.family if card else entry.family,
                    abilities=card.abilities if card else entry.abilities,
                    state=status.state,
                    stage=status.stage,
                    fraction=status.fraction,
                    memory_bytes=status.memory_bytes,
                    in_use=status.leases,
                    error=status.last_error,
                    card=card,
                )
            )
        memory = self.manager.memory()
        return Models(tuple(states), memory.used, memory.reserved, memory.budget)


def with_threads(count: int, events: Generator[Any, None, None]) -> Generator[Any, None, None]:
    """``events``, computed with ``count`` threads; in between, and for everybody else, torch keeps its own number.

    The number belongs to the calling thread, and each event may be asked for by another one.
    """
    with closing(events):
        while True:
            own = torch.get_num_threads()
            torch.set_num_threads(count)
            try:
                event = next(events, None)
            finally:
                torch.set_num_threads(own)
            if event is None:
                return
            yield event


def _ended(step: Step, seconds: float) -> Ended:
    tokens = step.index + 1
    return Ended(step.row, step.end, tokens, seconds, (tokens - 1) / seconds if tokens > 1 and seconds > 0 else None)


def open_engine(settings: Settings, ready: bool = False) -> LocalEngine:
    """An engine over the catalogue and within the memory that ``settings`` name.

    With ``ready`` a model is loaded only once it could write its first token at once (see warming.py).

    Raises:
        PlaygroundError: a folder of models that does not exist.
    """
    prefer(settings.decode)
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    device = device_of(settings.device)
    budget = room_on(device) if settings.memory_gb is None else int(settings.memory_gb * 10**9)
    catalog = build_catalog(settings.checkpoints, settings.models)

    def options(choices: Mapping[str, Any]) -> LoadOptions:
        own = {name: value for name, value in choices.items() if name not in ("dtype", "tokenizer")}
        return LoadOptions(choices.get("dtype"), choices.get("tokenizer"), choices=own, room=budget, device=device)

    def load(entry: CatalogEntry, choices: Mapping[str, Any], report: Any, cancelled: Any) -> Model:
        model = load_model(entry.ref, options(choices), report, cancelled, name=entry.name)
        if ready:
            report(STAGE, None)
            make_ready(model)
        return model

    def estimate(entry: CatalogEntry, choices: Mapping[str, Any]) -> int:
        ref = entry.ref if isinstance(entry.ref, Path) else str(entry.ref)
        return estimate_bytes(ref, options(choices))

    return LocalEngine(catalog, ModelManager(catalog, load, estimate, budget))
