"""What the mixer on the page is told, as plain data: next tokens before and after, presets, and what went wrong.

News carry the ``name`` of the question that they answer; the page made it up, and knows by it what is out of date.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from playground.engine.requests import MovedToken, NextToken
from playground.engine.sense_requests import SenseFacts
from playground.errors import PlaygroundError
from playground.generation.options import options_from

SHOWN = 10  # tokens on the list, before and after
NOTHING = 1e-6
LITTLE = 0.03  # of the probability: when less moves, nothing is to be seen


def moved_value(name: str, known: NextToken) -> dict[str, Any]:
    """The bars and the sentence over them. A row is ``[id, text, before, after, place before, place after]``."""
    moved = known.moved or tuple(_unmoved(known))
    before, after = _places(moved, "logprob_before"), _places(moved, "logprob_after")
    rows = [
        [token.token_id, token.text, math.exp(token.logprob_before), math.exp(token.logprob_after),
         before[token.token_id], after[token.token_id]]
        for token in moved
    ]  # fmt: skip
    shown = [row for row in rows if row[4] < SHOWN or row[5] < SHOWN]
    # Those of before stay where they are while a slider moves; what enters comes below them.
    shown.sort(key=lambda row: (row[4] >= SHOWN, row[4] if row[4] < SHOWN else row[5]))
    return {"name": name, "rows": shown, "shown": SHOWN, "words": moved_words(known)}


def _unmoved(known: NextToken) -> Iterable[MovedToken]:
    for token in known.tokens:
        yield MovedToken(token.token_id, token.text, token.logprob, token.logprob, token.probability, token.probability)


def _places(moved: Sequence[MovedToken], by: str) -> dict[int, int]:
    ordered = sorted(moved, key=lambda token: (-getattr(token, by), token.token_id))
    return {token.token_id: place for place, token in enumerate(ordered)}


def moved_words(known: NextToken) -> str:
    """How much the edits change, in a sentence."""
    if known.before is None:
        return "No edits: this is the model as it is."
    share, bits = known.moved_share, known.kl_bits
    if share < NOTHING:
        return "Nothing moves here: the prompt has none of the edited words, or the edits leave all as it is."
    moves = f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.1f} %"
    words = f"{moves} of the probability moves to other words ({bits:.2f} bits of KL divergence)."
    return f"{words} That is little: Generate both shows what it does to a text." if share < LITTLE else words


def facts_value(model: str, facts: SenseFacts) -> dict[str, Any]:
    """What the mixer knows of a model: how many senses it has, and its presets."""
    presets = [value for preset in facts.presets if (value := preset_value(preset)) is not None]
    ready = presets[0]["edits"] if presets else []
    return {"model": model, "senses": facts.senses, "presets": presets, "ready": ready}


def preset_value(preset: Mapping[str, Any]) -> dict[str, Any] | None:
    """A preset for the page, to be drawn as it was measured; None for one whose options no model would take."""
    measured = preset.get("measured") or {}
    try:
        runs = measured.get("runs") or [{}]
        chosen = preset.get("seed")
        options = {"seed": runs[0].get("seed", 0) if chosen is None else chosen} | dict(preset["sampling"])
        options_from(options, "The preset")
    except (PlaygroundError, AttributeError, LookupError, TypeError):
        return None
    said = "" if chosen is None else "The seed was chosen to show it; others show it more or less."
    words = " ".join(filter(None, (f"What to watch for: {preset['watch']}", measured_words(measured), said)))
    return {
        "id": preset["id"], "title": preset["title"], "watch": words, "prompt": preset["prompt"],
        "edits": [dict(edit) for edit in preset["edits"]], "options": options,
    }  # fmt: skip


def measured_words(measured: Mapping[str, Any]) -> str:
    """What was measured, in a sentence; nothing if the file does not say it in numbers."""
    try:
        texts = sum(int(run["samples"]) for run in measured["runs"])
        ratio, rise = float(measured["ratio"]), float(measured["rise_percent"])
    except (KeyError, TypeError, ValueError):
        return ""
    times = f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"
    cost = f"{rise:.1f} % more bits per byte" if rise > 0 else "no more bits per byte"
    reader = str(measured.get("reference", "another model"))
    return (
        f"Measured on {texts} pairs of texts: words of the topic come at least {times} times as often, and to {reader} "
        f"the text costs {cost}."
    )


def plain(words: str) -> str:
    """``words`` as they can be sent: half of a surrogate pair cannot."""
    return words.encode("utf-8", "replace").decode("utf-8")
