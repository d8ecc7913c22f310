"""What the Score tab shows: a table of totals, and for each model its tokens coloured by surprise, as components of
our own. Text is set as text nodes, never as markup.

Each run has a name of its own, made up by the page, as on the Generate tab: what arrives late from a run that was
stopped changes no words any more, and what comes from one that was followed by another is not drawn.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import gradio as gr

from playground.engine.requests import Score
from playground.ui.charts.surprise import look_of
from playground.ui.story import AGAIN
from playground.ui.theme import SCALE, component_script

EXTREMES = 5  # tokens in each of the two lists
STRAY_BYTE = re.compile("<0x[0-9A-F]{2}>")  # how a tokenizer names a byte that is no character by itself
INVITATION = "Press Score."

TOTALS_TEMPLATE = """
<div class="score-totals">
  <p class="score-status" role="status" aria-live="polite"></p>
  <table class="score-table" hidden><thead><tr><th scope="col">Model</th><th scope="col">Tokens</th>
    <th scope="col">Bits in all</th><th scope="col">Bits per byte</th></tr></thead><tbody></tbody></table>
  <p class="hint">Lower is better: 0 bits for a model that expected every word. Plain storage takes 8 a byte.</p>
</div>
"""
STRIPS_TEMPLATE = f"""
<div class="score-strips">
  <div class="score-legend">
    {SCALE}
    <span class="tip">0 to 7 bits and more; point at a token, or use the arrow keys</span></div>
  <div class="score-blocks"></div>
  <div class="tok-card score-card" role="dialog" aria-label="How expected this token was" hidden></div>
</div>
"""
# What the page does by itself, without asking the server; see story.py, whose tickets these are.
TOTALS = 'document.querySelector("#score-totals .score-totals")'
BEGIN = f"""(value) => {{
  const run = {TOTALS}.dataset.run;
  if (run) return [value, "{AGAIN}" + run];
  const name = Math.random().toString(36).slice(2);
  return [{{ status: "Waiting …", rows: [], running: true, begins: true, run: name }}, name];
}}"""
STOP = f"""(value) => {TOTALS}.dataset.run
  ? {{ ...value, status: value.status + " · stopped by you", running: false, stopped: true }} : value"""
FAIL = f"""(value, ticket) => {{
  if ({TOTALS}.dataset.run !== ticket || (value.run === ticket && !value.running)) return value;
  return {{ ...value, status: "Nothing came back; the message says why.", running: false, stopped: true }};
}}"""


def totals_value(
    run: str | None = None, status: str = "", rows: Sequence[dict[str, Any]] = (), running: bool = False
) -> dict[str, Any]:
    """What the table shows: plain data. ``rows`` are those of :func:`waiting_row` and :func:`total_row`."""
    return {"run": run, "status": status, "running": running, "rows": mark_best(rows)}


def waiting_row(name: str, place: int, words: str, pending: bool = True) -> dict[str, Any]:
    """A model without totals: ``words`` say why, and ``pending`` whether they are still to come."""
    return {"name": name, **look_of(place), "words": words, "pending": pending}


def total_row(name: str, place: int, score: Score) -> dict[str, Any]:
    """A model's totals, as numbers and in words."""
    ratio = score.bits_per_byte
    return {
        "name": name, **look_of(place), "tokens": f"{len(score.token_ids):,}", "bits": f"{score.total_bits:,.1f}",
        "ratio": ratio, "per_byte": "–" if ratio is None else f"{ratio:.3f}",
    }  # fmt: skip


def mark_best(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """``rows`` with the lowest bits per byte marked, once there are two to compare; all of them if they are equal."""
    ratios = [row["ratio"] for row in rows if row.get("ratio") is not None]
    best = min(ratios) if len(ratios) > 1 else None
    return [{**row, "best": best is not None and row.get("ratio") == best} for row in rows]


def strips_value(blocks: Sequence[str] = ()) -> dict[str, Any]:
    """What stands below the chart: the ``blocks`` of :func:`score_block` and :func:`failed_block`."""
    return {"blocks": [*blocks]}


def score_block(name: str, place: int, score: Score, pieces: Sequence[str]) -> str:
    """A model's tokens as JSON: text, because with every news all of the old and the new value are compared.

    A token is ``[piece, logprob, rank, id, bytes before it, bytes with it]``; the last two None without a tokenizer.
    """
    ends = score.byte_ends or [None] * len(pieces)
    starts = [0 if score.byte_ends else None, *ends][: len(pieces)]
    logprobs = [None if logprob is None else round(logprob, 6) for logprob in score.logprobs]
    worst, best = extremes(score.logprobs)
    return json.dumps({
        "name": name, **look_of(place), "facts": _facts(score), "notes": _notes(score),
        "tokens": list(zip(pieces, logprobs, score.ranks, score.token_ids, starts, ends, strict=True)),
        "worst": worst, "best": best, "numbers": score.byte_ends is None,
    })  # fmt: skip


def failed_block(name: str, place: int, error: str) -> str:
    """The block of a model that could not score the text."""
    return json.dumps({"name": name, **look_of(place), "error": error})


def token_pieces(score: Score, text: str) -> list[str]:
    """What each token stands for in ``text``. A token that only begins a character is "", and the token that
    completes the character has all of it.
    """
    if score.byte_ends is None:
        return list(score.texts)
    whole, start, pieces = text.encode(), 0, []
    for own, end in zip(score.texts, score.byte_ends, strict=True):
        try:
            covered = whole[start:end].decode()
        except UnicodeDecodeError:  # the tokenizer writes something else for characters that it does not know
            covered = None
        stray = STRAY_BYTE.search(own) is not None
        fits = covered is not None and (stray or (covered and covered.strip() == own.strip()))
        pieces.append(covered if fits else own)
        start = end
    return pieces


def extremes(logprobs: Sequence[float | None], most: int = EXTREMES) -> tuple[list[int], list[int]]:
    """Places of the most surprising tokens, worst first, and of the most expected, best first; the earlier one first
    where two are equal. Up to ``most`` each, and none in both.
    """
    order = sorted((i for i, logprob in enumerate(logprobs) if logprob is not None), key=lambda i: (logprobs[i], i))
    worst = order[: min(most, (len(order) + 1) // 2)]
    best = sorted(order[len(worst) :], key=lambda i: (-logprobs[i], i))
    return worst, best[:most]


def _facts(score: Score) -> str:
    tokens = len(score.token_ids)
    words = f"{tokens:,} token{'s' * (tokens != 1)} · {score.total_bits:,.1f} bits"
    if score.bits_per_byte is not None:
        words += f" over {score.utf8_bytes:,} bytes · {score.bits_per_byte:.3f} bits per byte"
    return words


def _notes(score: Score) -> list[str]:
    notes = []
    if score.logprobs[0] is None:
        covers = score.byte_ends[0] if score.byte_ends else 0
        rest = f", so its {covers} byte{'s' * (covers != 1)} are not counted" if covers else ""
        notes.append(f"The first token has no score: nothing stands before it{rest}.")
    if score.byte_ends is None:
        notes.append("The model has no tokenizer here: the numbers are token ids, and there are no bytes to count.")
    return notes


def totals() -> gr.HTML:
    return gr.HTML(
        totals_value(status=INVITATION), html_template=TOTALS_TEMPLATE, padding=False, apply_default_css=False,
        js_on_load=component_script("tokens.js", "score_totals.js"), elem_id="score-totals",
    )  # fmt: skip


def strips() -> gr.HTML:
    return gr.HTML(
        strips_value(), html_template=STRIPS_TEMPLATE, padding=False, apply_default_css=False,
        js_on_load=component_script("tokens.js", "score.js"), elem_id="score-strips",
    )  # fmt: skip
