"""What the model is asked to continue or to score: text or ids in, checked ids out."""

from collections.abc import Sequence
from operator import length_hint
from typing import Any

from playground import limits
from playground.errors import InvalidRequest
from playground.generation.options import token_ids


def prompt_ids(model: Any, prompt: str | Sequence[int]) -> list[int]:
    """The ids of ``prompt``: text as the model's family prepares it, or ids taken as they are.

    Raises:
        InvalidRequest: empty, too long, not encodable, an id outside the vocabulary, or a model that generates no text.
    """
    if "generate" not in model.abilities:
        raise InvalidRequest(
            f"This model cannot generate or score text; it can {', '.join(sorted(model.abilities)) or 'do nothing'}. "
            "Choose a language model."
        )
    if isinstance(prompt, str):
        prompt = _encoded(model, prompt)
    _check_length(length_hint(prompt))  # before walking through it
    ids = list(token_ids(prompt, "The prompt", below=model.network.vocab_size))
    if not ids:
        raise InvalidRequest("The prompt is empty: 0 tokens, but at least 1 is needed. Write something to go on from.")
    return ids


def token_text(model: Any, token_id: int) -> str:
    """One token by itself, for display; its number where no piece of a tokenizer stands for it."""
    tokenizer = model.tokenizer
    return str(token_id) if tokenizer is None or token_id >= tokenizer.size else tokenizer.token_text(token_id)


def check_edits(edits: Sequence[Any]) -> tuple[Any, ...]:
    """``edits`` as a tuple.

    Raises:
        InvalidRequest: more of them than ``limits.EDITS``.
    """
    edits = tuple(edits)
    if len(edits) > limits.EDITS:
        raise InvalidRequest(f"There are {len(edits)} edits, but at most {limits.EDITS} are allowed. Remove some.")
    return edits


def _encoded(model: Any, text: str) -> list[int]:
    if len(text) > limits.PROMPT_CHARACTERS:
        raise InvalidRequest(
            f"The text has {len(text):,} characters, but at most {limits.PROMPT_CHARACTERS:,} are allowed. Shorten it."
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            f"Character {error.start + 1:,} of {len(text):,} is half of a surrogate pair, which is no text. Remove it."
        ) from None
    return model.prompt_ids(text)


def _check_length(tokens: int) -> None:
    if tokens > limits.PROMPT_TOKENS:
        raise InvalidRequest(
            f"The text has {tokens:,} tokens, but at most {limits.PROMPT_TOKENS:,} are allowed. Shorten it."
        )
