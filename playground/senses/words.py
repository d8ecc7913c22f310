"""Words as a Backpack reads them: which token is meant, and whether a blank belongs in front of it."""

from dataclasses import dataclass
from typing import Any

from playground.errors import InvalidRequest
from playground.senses.edit_documents import one_token, token_of


@dataclass(frozen=True)
class Piece:
    """One token: its id, and its text for display, blanks included."""

    token_id: int
    text: str


@dataclass(frozen=True)
class LookedUp:
    """A word as the model reads it.

    Attributes:
        word: what was asked for. read_as: what was looked up, perhaps with a blank in front.
        blank_added: whether the two differ by that blank.
        pieces: the tokens of ``read_as``. token_id, text: the one that is looked at; ``text`` is what an edit's
            ``word`` must say (if the token can be written at all).
    """

    word: str
    read_as: str
    blank_added: bool
    pieces: tuple[Piece, ...]
    token_id: int
    text: str


def check_has_senses(model: Any) -> None:
    """Raises:
    InvalidRequest: the model is no Backpack.
    """
    if "senses" not in model.abilities:
        raise InvalidRequest(
            f"{model.card.name} has no sense vectors; only models of the family backpack do. Choose one of these."
        )


def piece(model: Any, token_id: int) -> Piece:
    """A token with its text; its number where no piece of a tokenizer stands for it."""
    tokenizer = model.tokenizer
    known = tokenizer is not None and token_id < tokenizer.size
    return Piece(token_id, tokenizer.token_text(token_id) if known else str(token_id))


def look_up(model: Any, word: str | int, as_typed: bool = False, number: int = 0) -> LookedUp:
    """``word`` with a blank in front where that makes it one token, as words inside a text are, else as it was typed.

    What begins with no letter or digit is first tried as typed. Where neither is one token, the way with fewer pieces
    is taken. A whole number is a token id, and without a tokenizer a text is one too.

    Args:
        as_typed: take exactly these letters. number: which piece to look at.

    Raises:
        InvalidRequest: no token at all, or no piece of that number.
    """
    if isinstance(word, int):
        model.batch([word])  # within the vocabulary
        own = piece(model, word)
        return LookedUp(own.text, own.text, False, (own,), word, own.text)
    read_as = word if as_typed else _with_blank(model, word)
    ids = model.prompt_ids(read_as) if model.tokenizer is None else model.tokenizer.encode(read_as)
    if not ids:
        raise InvalidRequest(f"{word!r:.80} is no token of this model. Choose another word.")
    if not 0 <= number < len(ids):
        raise InvalidRequest(f"Piece {number} of {word!r:.80} was asked for, but it has pieces 0 to {len(ids) - 1}.")
    model.batch(ids)  # within the vocabulary
    pieces = tuple(piece(model, id_) for id_ in ids)
    looked = pieces[number]
    return LookedUp(word, read_as, read_as != word, pieces, looked.token_id, looked.text)


def next_word(model: Any, word: str) -> int:
    """The id of the one token that ``word`` means as a next token, with or without a blank in front as in
    :func:`look_up`.

    Raises:
        InvalidRequest: it is no single token either way.
    """
    if model.tokenizer is None:
        return one_token(word, None)
    found = (token_of(form, model.tokenizer) for form in _forms(word))
    token = next((id_ for id_ in found if id_ is not None), None)
    return one_token(word, model.tokenizer, "a next word must be one token") if token is None else token


def _with_blank(model: Any, word: str) -> str:
    if model.tokenizer is None:
        return word
    forms = _forms(word)
    known = (form for form in forms if token_of(form, model.tokenizer) is not None)
    return next(known, None) or min(forms, key=lambda form: len(model.tokenizer.encode(form)))


def _forms(word: str) -> tuple[str, ...]:
    """The ways to read what somebody typed, the best first: words stand behind a blank, signs and endings do not."""
    if word[:1].isspace():
        return (word,)
    return (" " + word, word) if word[:1].isalnum() else (word, " " + word)
