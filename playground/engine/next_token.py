"""The distribution of the next token: what a redraw needs is remembered, so that a moved slider runs no model.

Without edits the logits are remembered. With edits of a Backpack's senses what the text's predictions are made of is
(see senses/reading.py), and the edited logits follow by one matrix product, however the edits change.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from playground import limits
from playground.checkpoints.model import Model
from playground.decode.plain import PlainDecoder
from playground.engine.edits import resolved
from playground.engine.readings import read_text, remember, remembered
from playground.engine.requests import Loading, MovedToken, NextToken, NextTokenRequest
from playground.errors import PlaygroundError
from playground.generation.prompts import prompt_ids
from playground.generation.steps import Alternative, Prefill
from playground.generation.warping import Warpers
from playground.senses.reading import logits_at


@dataclass(frozen=True)
class _Known:
    """All that a redraw of one position needs: no model, no tokenizer."""

    ids: tuple[int, ...]
    logits: torch.Tensor  # float32 (vocab_size,)
    sampled_size: int
    best: tuple[Alternative, ...]  # without warped probabilities
    entropy_bits: float

    @property
    def nbytes(self) -> int:
        """About: for a small vocabulary, texts and objects weigh more than the logits."""
        return self.logits.nbytes + 400 * len(self.best) + 64 * len(self.ids)


Events = Generator[Loading | Prefill | NextToken, None, None]


def answer_next_token(engine: Any, request: NextTokenRequest) -> Events:
    """The events that answer ``request``."""
    if request.edits:
        yield from _edited(engine, request)
        return
    key, card = ("next token", request.prompt), engine.manager.card(request.model)
    known = None if card is None else remembered(engine, card, key)
    if known is not None:
        yield _distribution(known, _warped(known, request), request, True)
        return
    yield from engine.loading(request.model)
    with engine.manager.lease(request.model) as model:
        ids = tuple(prompt_ids(model, request.prompt))
        known = _known(model, ids, (yield from _last_logits(model, ids)))
        remember(engine, model.card, key, known, known.nbytes + 64 * len(request.prompt))
    yield _distribution(known, _warped(known, request), request, False)


def _edited(engine: Any, request: NextTokenRequest) -> Events:
    yield from engine.loading(request.model)
    with engine.manager.lease(request.model) as model:
        ids = tuple(prompt_ids(model, request.prompt))
        edits = yield from resolved(model, request.model, request.edits)
        reading, read_before = yield from read_text(engine, model, ids)
        before = remembered(engine, model.card, ("unedited", ids))
        if before is None:
            before = _known(model, ids, logits_at(model.network, reading, len(ids) - 1))
            remember(engine, model.card, ("unedited", ids), before, before.nbytes)
        after = _known(model, ids, logits_at(model.network, reading, len(ids) - 1, edits), request.top)
    sides = [(known, _warped(known, request)) for known in (before, after)]
    plain, edited = (_distribution(*side, request, read_before) for side in sides)
    share, bits = _change(before.logits, after.logits)
    yield replace(edited, before=plain, moved=_moved(sides, plain, edited), moved_share=share, kl_bits=bits)


def _last_logits(model: Model, ids: tuple[int, ...]) -> Generator[Prefill, None, torch.Tensor]:
    """Read the prompt, chunk by chunk so that it can be stopped, and return the logits after it."""
    model.batch(ids)  # checked against the context
    decoder = PlainDecoder(model.network)
    for done, total in decoder.prefill(ids):
        yield Prefill(done, total)
    return decoder.logits[0].float().clone()


def _known(model: Model, ids: tuple[int, ...], logits: torch.Tensor, count: int = limits.SHOWN_TOKENS) -> _Known:
    logits = logits.cpu()
    logprobs = logits.double().log_softmax(-1)
    if not bool(logprobs.max().isfinite()):
        raise PlaygroundError(
            f"The model's logits after {len(ids):,} tokens are not finite numbers. The checkpoint or its precision is "
            "at fault: check its weights, or load it in float32."
        )
    top = logprobs[: model.sampled_size].topk(min(count, model.sampled_size))
    texts = [str(i) if model.tokenizer is None else model.tokenizer.token_text(i) for i in top.indices.tolist()]
    best = zip(top.indices.tolist(), texts, top.values.tolist(), strict=True)
    entropy = float(-(logprobs.exp() * logprobs.clamp(min=-1e9)).sum() / np.log(2))
    likeliest = tuple(Alternative(i, text, logprob, 0.0) for i, text, logprob in best)
    return _Known(ids, logits, model.sampled_size, likeliest, entropy)


def _warped(known: _Known, request: NextTokenRequest) -> dict[int, float]:
    """The probabilities of the tokens that the warpers leave."""
    tokens, logprobs = Warpers(request.options, known.sampled_size).survivors(known.ids, known.logits)
    return dict(zip(tokens.tolist(), np.exp(logprobs).tolist(), strict=True))


def _distribution(known: _Known, warped: Mapping[int, float], request: NextTokenRequest, remembered: bool) -> NextToken:
    return NextToken(
        tokens=tuple(
            Alternative(a.token_id, a.text, a.logprob, warped.get(a.token_id, 0.0)) for a in known.best[: request.top]
        ),
        entropy_bits=known.entropy_bits,
        effective_choices=2**known.entropy_bits,
        survivors=len(warped),
        remembered=remembered,
    )


def _change(before: torch.Tensor, after: torch.Tensor) -> tuple[float, float]:
    """Total variation distance of two softmaxes, and KL divergence of ``after`` from ``before`` in bits."""
    p, q = (logits.double().log_softmax(-1) for logits in (before, after))
    share = float((p.exp() - q.exp()).abs().sum()) / 2
    bits = float((q.exp() * (q - p)).sum()) / float(np.log(2))
    return min(1.0, share), max(0.0, bits)


def _moved(
    before_and_after: Sequence[tuple[_Known, Mapping[int, float]]], plain: NextToken, edited: NextToken
) -> tuple[MovedToken, ...]:
    texts = {token.token_id: token.text for token in (*edited.tokens, *plain.tokens)}
    ids = torch.tensor(list(texts))
    sides = []
    for known, warped in before_and_after:
        logits = known.logits.double()
        logprobs = (logits[ids] - logits.logsumexp(-1)).tolist()
        sides.append([(logprob, warped.get(id_, 0.0)) for id_, logprob in zip(texts, logprobs, strict=True)])
    moved = [
        MovedToken(id_, texts[id_], one[0], other[0], one[1], other[1])
        for id_, one, other in zip(texts, *sides, strict=True)
    ]
    return tuple(sorted(moved, key=lambda token: (-token.logprob_after, token.token_id)))
