"""Engine events in words, the same on every tab."""

from playground.engine.requests import Ended, Loading

ENDS = {
    "end token": "the model ended the text",
    "stop string": "reached a stop string",
    "token limit": "reached the limit of new tokens",
    "context full": "the model's context is full",
}


def loading_words(event: Loading) -> str:
    percent = "" if event.fraction is None else f" {event.fraction:.0%}"
    return f"{event.stage}{percent} …"


def count_words(tokens: int, seconds: float | None) -> str:
    """Tokens so far and, after the first, how fast they come."""
    noun = "token" if tokens == 1 else "tokens"
    if seconds is None or seconds <= 0 or tokens < 2:
        return f"{tokens} {noun}"
    return f"{tokens} {noun} · {(tokens - 1) / seconds:,.0f} tokens/s"


def ended_words(event: Ended) -> str:
    seconds = event.seconds if event.tokens_per_second is not None else None
    return f"{count_words(event.tokens, seconds)} · {ENDS.get(event.reason, event.reason)}"


def size_words(size: int) -> str:
    """Bytes in words."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= scale:
            return f"{size / scale:,.2f} {unit}" if unit == "GB" else f"{size / scale:,.0f} {unit}"
    return f"{size} bytes"
