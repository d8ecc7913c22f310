"""Columns of running text side by side: coloured tokens, where they part, and what each cost.

All text is set as text nodes (assets/compare.js); the template holds no values. Runs have names, as in story.py: what
arrives late from a run that was stopped is not drawn any more.
"""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from playground.engine.same_dice import OWN, Dice
from playground.ui.column_state import ColumnState, column_values
from playground.ui.story import AGAIN
from playground.ui.theme import SCALE, component_script

PROMPT_CHARACTERS = 160  # of the prompt's end, shown before each column's text
TEMPLATE = f"""
<div class="cmp">
  <div class="cmp-bar"><span class="cmp-status" role="status" aria-live="polite"></span><span
    class="cmp-dice"></span></div>
  <div class="cmp-grid"></div>
  <div class="cmp-legend" hidden>
    {SCALE}
    <span class="cmp-sign"><i class="cmp-mark"></i> where a text parts from the first; bytes count from 0</span>
    <span class="tip">point at a token, or use the arrow keys, to see what else could have come</span></div>
  <div class="tok-card" role="dialog" aria-label="What else could have come" hidden></div>
</div>
"""


def board_scripts(name: str) -> tuple[str, str, str]:
    """What the page does by itself with the columns in element ``name`` when a run begins, is stopped, or fails."""
    shown = f"""
  const board = document.querySelector("#{name} .cmp"), run = board.dataset.run;
  const status = board.querySelector(".cmp-status").textContent;
  const kept = value && value.run === run ? value : {{}};
"""
    begin = f"""(value) => {{ {shown}
  if (run) return [value, "{AGAIN}" + run];
  const name = Math.random().toString(36).slice(2);
  return [{{ status: "Waiting …", running: true, begins: true, run: name }}, name];
}}"""
    stop = f"""(value) => {{ {shown}
  const note = "stopped by you", ended = {{ running: false, begins: false, stopped: true }};
  return run ? {{ ...kept, run, ...ended, note, status: status + " · " + note }} : value;
}}"""
    fail = f"""(value, ticket) => {{ {shown}
  if (run !== ticket || (value.run === ticket && !value.running)) return value;  // the server has said it itself
  const words = "Nothing came back; the message says why.";
  return {{ ...kept, run, running: false, begins: false, stopped: true, note: "ended", status: words }};
}}"""
    return begin, stop, fail


def columns_view(status: str, name: str = "columns") -> gr.HTML:
    """The component in an element ``name``, at first with only a ``status``."""
    return gr.HTML(
        {"status": status}, html_template=TEMPLATE, js_on_load=component_script("tokens.js", "compare.js"),
        elem_id=name, elem_classes="columns", padding=False, apply_default_css=False,
    )  # fmt: skip


def columns_value(
    status: str,
    prompt: str = "",
    columns: Sequence[ColumnState] = (),
    dice: Dice | None = None,
    running: bool = False,
    run: str | None = None,
) -> dict[str, Any]:
    """What the view shows: plain data."""
    return {
        "status": status,
        "prompt": prompt_end(prompt),
        "columns": column_values(columns),
        "dice": "" if dice is None else dice_words(dice),
        "running": running,
        "run": run,
    }


def dice_words(dice: Dice) -> str:
    """Which dice are in use, and why, in a sentence."""
    if dice.kind == OWN:
        return f"Own dice: each column draws with a seed of its own ({', '.join(map(str, dice.seeds))})."
    if dice.kind == "token":
        return "Same dice, one tokenizer: at each place every token has the same luck in all columns."
    if dice.one_tokenizer:
        return "Same dice: the models begin a prompt differently, so the columns share one random number per new token."
    return "Same dice, different tokenizers: the columns share one random number per new token."


def prompt_end(prompt: str) -> str:
    """The end of ``prompt``, which the columns go on from."""
    return prompt if len(prompt) <= PROMPT_CHARACTERS else f"… {prompt[-PROMPT_CHARACTERS:]}"
