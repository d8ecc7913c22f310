"""Edits that come from outside: a pasted document, a file, or a link. All are checked, and none runs by itself."""

import json
from collections.abc import Collection
from typing import Any

from playground.errors import InvalidRequest
from playground.senses.edit_documents import check_edits, edited_words
from playground.ui.links import Link, read_link

MOST_CHARACTERS = 200_000


def read_document(text: Any) -> list[dict[str, Any]]:
    """The edits in a document's ``text``: a JSON list of them, or an object whose ``edits`` is one.

    Raises:
        InvalidRequest: in one line, what is wrong. Whether a model has the words and senses, the engine tells.
    """
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise InvalidRequest(f"The document is longer than {MOST_CHARACTERS:,} characters; nothing was taken from it.")
    if not text.strip():
        raise InvalidRequest("There is no document: paste one, or choose a file.")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequest("This is no JSON. Edits are a list such as the one shown above.") from None
    return checked(content.get("edits") if isinstance(content, dict) and "kind" not in content else content)


def checked(edits: Any) -> list[dict[str, Any]]:
    """``edits`` if a model could take them; a single one as a list.

    Raises:
        InvalidRequest: what is wrong with them.
    """
    edits = [edits] if isinstance(edits, dict) else edits
    check_edits(edits)
    for word in edited_words(edits):
        try:
            word.encode()
        except UnicodeEncodeError:
            raise InvalidRequest("A word of an edit holds half of a surrogate pair, which is no text.") from None
    return list(edits)


def read_edits_link(text: Any, known: Collection[str]) -> tuple[Link, list[dict[str, Any]]]:
    """What a link to the mixer asks for: model, prompt and options as any link, and the edits.

    Raises:
        InvalidRequest: in one line, what is wrong with the link.
    """
    link = read_link(text, known)
    try:
        link.prompt.encode()
        edits = checked(json.loads(text).get("edits", []))
    except (InvalidRequest, UnicodeEncodeError) as error:
        why = error if isinstance(error, InvalidRequest) else "Its prompt holds half of a surrogate pair."
        raise InvalidRequest(f"Nothing was taken from the link. {why}") from None
    return link, edits


def link_words(link: Link) -> str:
    """What the page says of a link that it has taken in."""
    if link.model is None:
        return f"A link asks for the model {link.wanted:.100}, which is not known here; the rest was filled in."
    return "A link filled in the prompt, the edits and the settings. Nothing has run yet."
