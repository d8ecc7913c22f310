"""Share links: a prompt and its settings in a URL's fragment, which no server ever sees unless the page sends it.

A link may come from anybody. It is checked, shown, and never run by itself.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from playground import limits
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions, options_from

MOST_CHARACTERS = 2 * limits.PROMPT_CHARACTERS + 4_000


@dataclass(frozen=True)
class Link:
    """What a link asks for.

    Attributes:
        model: a known name, or None where the link names another one.
        wanted: the name in the link.
    """

    model: str | None
    wanted: str
    prompt: str
    options: SamplingOptions


def read_link(text: Any, known: Collection[str]) -> Link:
    """Check the JSON of a link's fragment, percent-decoded.

    Raises:
        InvalidRequest: in one line, what is wrong with the link.
    """
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise InvalidRequest(f"The link is longer than {MOST_CHARACTERS:,} characters; nothing was taken from it.")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequest("The link is damaged: what follows # is no JSON. Ask for it again.") from None
    if not isinstance(content, dict):
        raise InvalidRequest("The link is damaged: it holds no settings. Ask for it again.")
    prompt, wanted, options = content.get("prompt"), content.get("model"), content.get("options", {})
    if not isinstance(prompt, str) or len(prompt) > limits.PROMPT_CHARACTERS:
        raise InvalidRequest(f"The link's prompt must be text of at most {limits.PROMPT_CHARACTERS:,} characters.")
    if not isinstance(wanted, str):
        raise InvalidRequest("The link is damaged: it must name a model. Ask for it again.")
    return Link(wanted if wanted in known else None, wanted, prompt, options_from(options, "The link"))


def link_words(link: Link) -> str:
    """What the page says of a link that it has taken in."""
    words = "A link filled in the prompt and the settings. Look at them, then press Generate."
    if link.model is None:
        words = f"A link asks for the model {link.wanted:.100}, which is not known here; the rest was filled in."
    return words
