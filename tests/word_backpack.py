"""The running app's tiny Backpack, read with words for a while: some of them try to be markup or code."""

from contextlib import contextmanager

from playwright.sync_api import expect
from running_app import events
from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split
from word_level import write_word_tokenizer

import playground

NAME = "backpack"  # in tests/model_folder.py: 16 senses, a context of 32 tokens
SIZE = 211
HOSTILE_WORDS = (
    "${7*7}", "<img/src=x/onerror=window.__pwned='img'>", "</script><script>window.__pwned=1</script>", "{{value}}",
    "\u202eright", "&lt;b&gt;",
)  # fmt: skip
WORDS = ("mother", "father", "dog", "park", "Lily", "had", "a", "the", "was", "very", "sad", "happy", "she", "he",
         *HOSTILE_WORDS, *(f"word{i}" for i in range(150)))  # fmt: skip
AS_BYTES = ByteLevel(add_prefix_space=False, use_regex=False)
TEXT = " Lily had a dog the dog was very"


@contextmanager
def word_backpack(app, folder):
    """Load the app's Backpack with the tokenizer; what it holds is the same model, as the library loads it."""
    path = write_word_tokenizer(folder / "tokenizer.json", [_bytes(word) for word in WORDS], SIZE)
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.pre_tokenizer = Sequence([Split(" ", "merged_with_next"), AS_BYTES])  # only blanks part words
    tokenizer.save(str(path))
    _load(app, str(path))
    try:
        yield playground.load(app.models / NAME, tokenizer=str(path))
    finally:
        _load(app, None)
        app.http.post("/gradio_api/run/unload_model", json={"data": [NAME]})


def open_backpack(page):
    """The Backpack tab, which on a telephone is in the menu of those that have no room."""
    tab = page.get_by_role("tab", name="Backpack", exact=True)
    more = page.locator(".overflow-menu > button").first
    expect(tab.or_(more).first).to_be_visible()
    if not tab.is_visible():
        more.click()
        tab = page.locator(".overflow-dropdown button", has_text="Backpack")
    tab.click()


def _bytes(word):
    """``word`` as a byte-level tokenizer writes it: its UTF-8 bytes that are no ASCII are other letters there."""
    return "".join(piece for piece, _ in AS_BYTES.pre_tokenize_str(word))


def _load(app, tokenizer):
    *_, (event, said) = events(app, "load_model", [NAME, None, tokenizer])
    assert event == "complete", said
