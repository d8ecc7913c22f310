"""Text that appears while ids arrive: only whole characters, and nothing past a stop string.

`TextStream` turns ids into text, `StopStrings` watches the text. Both know nothing of models. What they emit, joined,
is exactly what the whole sequence decodes to, however it was cut into pieces.
"""

import codecs
from collections.abc import Iterable, Sequence

from playground.errors import InvalidRequest
from playground.text.tokenizers import Tokenizer

_REPLACEMENT = "\ufffd"
# Ids decoded again at every push: enough that the window is seldom cut, few enough that a push costs microseconds.
_WINDOW = 64
_KEPT = (8, 16, 32)


class TextStream:
    """Cumulative decoding in small steps: text(prompt + generated) minus text(prompt), as it becomes certain.

    An id alone has no text: SentencePiece drops the first space of a text, and characters are split over ids. So the
    whole is decoded and the new part emitted, without a character that still lacks bytes. To keep that cheap, only a
    window of the last ids is decoded; the window is cut where its text is not empty and no character is open, for
    then what follows cannot depend on what came before.

    The joined pushes and the flush equal ``decode(prompt + generated)`` without its start ``settled_text(prompt)``.
    Ids beyond the tokenizer (a padded embedding has them) add no text; negative ids raise InvalidRequest. Without
    tokenizer the ids themselves are the text, with a single space between them.
    """

    def __init__(self, tokenizer: Tokenizer | None, prompt_ids: Sequence[int] = ()):
        self._tokenizer = tokenizer
        self._window: list[int] = []  # the last ids of prompt + generated, all of them until the first cut
        self._emitted = 0  # characters of the window's text that were emitted or belong to the prompt
        self._limit = _WINDOW  # ids in the window at which the next cut is tried
        if tokenizer is None:
            self._separator = " " if len(prompt_ids) else ""
            return
        self._window = _known(tokenizer, prompt_ids)
        self._utf8 = _utf8_after(tokenizer, self._window)
        self._advance()

    def push(self, token_id: int) -> str:
        """Take the next id and return the text that became certain with it, often "" or several characters."""
        if self._tokenizer is None:
            text = f"{self._separator}{token_id}"
            self._separator = " "
            return text
        for known in _known(self._tokenizer, [token_id]):
            self._utf8.decode(self._tokenizer.token_bytes(known))
            self._window.append(known)
        return self._advance()

    def flush(self) -> str:
        """Return what was held back: the bytes of an unfinished character, as U+FFFD. The stream is over then."""
        if self._tokenizer is None:
            return ""
        text = self._tokenizer.decode(self._window)
        rest, self._emitted = text[self._emitted :], len(text)
        return rest

    def _advance(self) -> str:
        text = self._tokenizer.decode(self._window)
        open_bytes = _open_bytes(self._utf8)
        certain = len(text) - _held_back(text, open_bytes)
        fresh = text[self._emitted : certain]
        self._emitted = max(self._emitted, certain)
        if not open_bytes and len(self._window) >= self._limit:
            self._cut()
        return fresh

    def _cut(self) -> None:
        for kept in _KEPT:
            if text := self._tokenizer.decode(self._window[-kept:]):
                self._window, self._emitted, self._limit = self._window[-kept:], len(text), kept + _WINDOW
                return
        # Special tokens only, lately. Several in a row do what one does: SentencePiece ends a character there.
        silent = {id_ for id_ in self._tokenizer.special_ids.values() if not self._tokenizer.token_bytes(id_)}
        self._window = [
            id_ for before, id_ in zip([None, *self._window], self._window, strict=False) if not {before, id_} <= silent
        ]
        self._limit = max(self._limit, 2 * len(self._window))


def settled_text(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    """Return ``decode(ids)`` without the unfinished character at its end, if any: what no further id can change."""
    ids = _known(tokenizer, ids)
    text = tokenizer.decode(ids)
    return text[: len(text) - _held_back(text, _open_bytes(_utf8_after(tokenizer, ids)))]


class StopStrings:
    """Cuts a text that arrives in pieces at the first stop string, and never shows a part of one.

    The first is the one completed first as the text is read character by character, the longest if two end together;
    so the cut does not depend on the pieces. Raises InvalidRequest for an empty stop string.
    """

    def __init__(self, stops: Iterable[str]):
        self._stops = tuple(stops)
        if not all(self._stops):
            raise InvalidRequest("A stop string is empty; leave it out or write at least one character.")
        self._held = ""  # received, not emitted: it may be the beginning of a stop string
        self._found = False

    def push(self, text: str) -> tuple[str, bool]:
        """Take more text; return what may be shown now, and whether a stop string was met (then nothing follows)."""
        if self._found:
            return "", True
        text = self._held + text
        # (end, start) of the first occurrence of each stop: the smallest is the first completed, then the longest.
        ends = [(start + len(stop), start) for stop in self._stops if (start := text.find(stop)) >= 0]
        self._found = bool(ends)
        safe = min(ends)[1] if ends else len(text) - self._beginning_at_end_of(text)
        self._held = "" if self._found else text[safe:]
        return text[:safe], self._found

    def flush(self) -> str:
        """Return the text held back; the text is over, so it was no stop string after all."""
        rest, self._held = self._held, ""
        return rest

    def _beginning_at_end_of(self, text: str) -> int:
        """Return the length of the longest end of ``text`` that begins a stop string; it has none whole."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for length in range(min(longest, len(text)), 0, -1):
            end = text[-length:]
            if any(stop.startswith(end) for stop in self._stops):
                return length
        return 0


def _known(tokenizer: Tokenizer, ids: Iterable[int]) -> list[int]:
    return [token_id for token_id in ids if token_id < tokenizer.size]


def _utf8_after(tokenizer: Tokenizer, ids: Sequence[int]) -> codecs.IncrementalDecoder:
    """Return a decoder that waits for the rest of the character that ``ids`` leave open, if they do."""
    ends: list[bytes] = []
    for token_id in reversed(ids):
        if len(ends) == 4:  # an open character has at most three bytes
            break
        if data := tokenizer.token_bytes(token_id):
            ends.append(data)
    utf8 = codecs.getincrementaldecoder("utf-8")("replace")
    utf8.decode(b"".join(reversed(ends)))
    return utf8


def _open_bytes(utf8: codecs.IncrementalDecoder) -> int:
    """Return how many bytes the decoder holds of a character that may still be completed."""
    waiting = utf8.getstate()[0]
    # Python also waits for the third byte of a surrogate, ED A0 to ED BF, but that never becomes a character.
    return 0 if waiting[:1] == b"\xed" and waiting[1:2] >= b"\xa0" else len(waiting)


def _held_back(text: str, open_bytes: int) -> int:
    """Return how many characters at the end of ``text`` the next bytes may replace.

    Open bytes show as U+FFFD, one for each in SentencePiece and one for all in byte-level BPE.
    """
    return min(open_bytes, len(text) - len(text.rstrip(_REPLACEMENT)))
