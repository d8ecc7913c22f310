"""Streams emit whole characters and exactly the final text, for any ids of any tokenizer; stop strings cut exactly."""

import io
import random
import statistics
import time
from pathlib import Path

import pytest
import sentencepiece
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.errors import InvalidRequest
from playground.text.streaming import StopStrings, TextStream, settled_text
from playground.text.tokenizers import open_tokenizer

GOLDEN = Path(__file__).parents[1] / "golden"
KINDS = ("sentencepiece", "sentencepiece unigram", "byte", "json", "gpt2", "byte fallback", "wordpiece", "metaspace")
MIXED = "the café 中文 🙂🙂 naïve, the  end\n\n 👩‍👩‍👧 \ufffd é"


@pytest.fixture(scope="module")
def by_kind(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("tokenizers")
    models, decoders = tokenizers.models, tokenizers.decoders

    def saved(name: str, pipeline: tokenizers.Tokenizer):
        pipeline.save(str(folder / f"{name}.json"))
        return open_tokenizer(folder / f"{name}.json")

    unigram = io.BytesIO()  # with the defaults: whitespace normalised, no byte pieces, unlike the golden
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["the cat and the dog went to the town", "café 中文 and so on"] * 20),
        model_writer=unigram, vocab_size=60, hard_vocab_limit=False, minloglevel=2, num_threads=1,
    )  # fmt: skip
    (folder / "unigram.model").write_bytes(unigram.getvalue())
    (folder / "byte.model").write_text('{"type": "simple-byte", "vocab_size": 260}')

    gpt2 = tokenizers.Tokenizer(models.BPE())
    gpt2.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    gpt2.train_from_iterator(
        [MIXED, "the cat and the dog"] * 5,
        tokenizers.trainers.BpeTrainer(
            vocab_size=290, special_tokens=["<|endoftext|>"], show_progress=False,
            initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        ),
    )  # fmt: skip
    (folder / "gpt2").mkdir()
    gpt2.model.save(str(folder / "gpt2"))

    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2} | {f"<0x{byte:02X}>": 3 + byte for byte in range(256)}
    vocab |= {token: len(vocab) + at for at, token in enumerate(["▁", "▁▁", "a", "▁the", "中", "\ufffd", "▁\ufffd"])}
    fallback = tokenizers.Tokenizer(models.BPE(vocab, [], byte_fallback=True, unk_token="<unk>"))
    fallback.normalizer = tokenizers.normalizers.Sequence(
        [tokenizers.normalizers.Prepend("▁"), tokenizers.normalizers.Replace(" ", "▁")]
    )
    fallback.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    fallback.add_special_tokens(["<unk>", "<s>", "</s>"])

    pieces = ["[UNK]", "[CLS]", "a", "the", "##ing", ",", ".", "##\ufffd", "n't"]
    wordpiece = tokenizers.Tokenizer(
        models.WordPiece({piece: at for at, piece in enumerate(pieces)}, unk_token="[UNK]")
    )
    wordpiece.decoder = decoders.WordPiece()
    wordpiece.add_special_tokens(["[CLS]"])
    metaspace = tokenizers.Tokenizer(
        models.Unigram([("<unk>", 0), ("▁", -1), ("▁a", -1), ("b", -1), ("▁▁", -3), ("\ufffd", -1)], 0, False)
    )
    metaspace.decoder = decoders.Metaspace()

    return {
        "sentencepiece": open_tokenizer(GOLDEN / "pixel_100m" / "bundle" / "pixel_tokenizer.model"),
        "sentencepiece unigram": open_tokenizer(folder / "unigram.model"),
        "byte": open_tokenizer(folder / "byte.model"),
        "json": open_tokenizer(GOLDEN / "shard" / "cfg-dict" / "bundle" / "models"),
        "gpt2": open_tokenizer(folder / "gpt2"),
        "byte fallback": saved("fallback", fallback),
        "wordpiece": saved("wordpiece", wordpiece),
        "metaspace": saved("metaspace", metaspace),
    }


def ids_by_nature(tokenizer) -> list[list[int]]:
    """Return groups of ids that make trouble: all, parts of characters, specials, spaces."""
    everything = list(range(tokenizer.size))
    parts = [id_ for id_ in everything if is_part(tokenizer.token_bytes(id_))]
    spaces = [id_ for id_ in everything if tokenizer.token_bytes(id_).strip(b" ") == b""]
    return [group for group in (everything, parts, list(tokenizer.special_ids.values()), spaces) if group]


def is_part(data: bytes) -> bool:
    try:
        return not data.decode()
    except UnicodeDecodeError:
        return True


def emitted(tokenizer, prompt: list[int], generated: list[int]) -> tuple[list[str], str]:
    stream = TextStream(tokenizer, prompt)
    return [stream.push(id_) for id_ in generated], stream.flush()


def check_exact(tokenizer, prompt: list[int], generated: list[int]) -> None:
    """The joined stream is the final text; and after every push, all that is missing is one unfinished character."""
    pushes, rest = emitted(tokenizer, prompt, generated)
    start = settled_text(tokenizer, prompt)
    assert start + "".join(pushes) + rest == tokenizer.decode(prompt + generated)
    shown = start
    for count, text in enumerate(pushes, 1):
        shown += text
        if count % 32 == 0 or count < 16:
            now = tokenizer.decode(prompt + generated[:count])
            assert now.startswith(shown)
            assert now[len(shown) :] in ("", "\ufffd", "\ufffd\ufffd", "\ufffd\ufffd\ufffd")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_random_ids_stream_exactly(by_kind, kind, data):
    tokenizer = by_kind[kind]
    any_id = st.one_of([st.sampled_from(group) for group in ids_by_nature(tokenizer)])
    check_exact(tokenizer, data.draw(st.lists(any_id, max_size=8)), data.draw(st.lists(any_id, max_size=40)))


@pytest.mark.parametrize("kind", KINDS)
def test_long_random_ids_stream_exactly(by_kind, kind):
    """Long enough that the window of ids is cut many times, with every mixture of troublesome ids."""
    tokenizer = by_kind[kind]
    groups = ids_by_nature(tokenizer)
    for seed in range(12):
        dice = random.Random(seed)
        weights = [dice.choice([0, 1, 8]) for _ in groups]
        weights[0] += 1
        draw = [dice.choice(dice.choices(groups, weights)[0]) for _ in range(500)]
        at = dice.choice([0, 1, 7, 250])
        check_exact(tokenizer, draw[:at], draw[at:])


@pytest.mark.parametrize("kind", ["sentencepiece", "byte", "json", "gpt2", "byte fallback"])
@given(cut=st.integers(0, 200), dropped=st.sets(st.integers(0, 200), max_size=6))
@settings(max_examples=40, deadline=None)
def test_broken_up_text_streams_exactly(by_kind, kind, cut, dropped):
    """Real text with many split characters, a few of their ids missing, the prompt ending anywhere."""
    tokenizer = by_kind[kind]
    ids = [id_ for at, id_ in enumerate(tokenizer.encode(MIXED * 2)) if at not in dropped]
    check_exact(tokenizer, ids[:cut], ids[cut:])


@pytest.mark.parametrize("kind", ["sentencepiece", "byte", "json", "byte fallback"])
def test_no_character_is_shown_in_parts(by_kind, kind):
    tokenizer = by_kind[kind]
    ids = tokenizer.encode("a🙂文")
    pushes, rest = emitted(tokenizer, [], ids)
    assert len(ids) > 5, "the characters are not split, so this shows nothing"
    assert "".join(pushes) == "a🙂文" and rest == ""
    assert [text for text in pushes if not text.isascii()] == ["🙂", "文"]
    # Without its last byte the character never comes, and only the flush admits that.
    pushes, rest = emitted(tokenizer, [], ids[:-1])
    assert "".join(pushes) == "a🙂" and rest and set(rest) == {"\ufffd"}


@pytest.mark.parametrize("kind", ["sentencepiece", "byte", "json", "byte fallback"])
def test_bytes_that_cannot_become_a_character_appear_at_once(by_kind, kind):
    tokenizer = by_kind[kind]
    of_byte = {tokenizer.token_bytes(id_): id_ for id_ in range(tokenizer.size)}
    pushes, _ = emitted(tokenizer, [], [of_byte[bytes([byte])] for byte in (0xFF, 0xC0, 0x80, 0xE4, 0x41)])
    assert pushes == ["\ufffd", "\ufffd", "\ufffd", "", "\ufffdA"]


@pytest.mark.parametrize("kind", ["sentencepiece", "byte", "json", "byte fallback"])
def test_prompt_ending_within_a_character(by_kind, kind):
    tokenizer = by_kind[kind]
    ids = tokenizer.encode("café 🙂!")
    cut = len(ids) - 2  # before the last byte of the face
    assert settled_text(tokenizer, ids[:cut]) == "café "
    pushes, rest = emitted(tokenizer, ids[:cut], ids[cut:])
    assert (pushes, rest) == (["🙂", "!"], "")


def test_settled_text_is_what_no_further_id_changes(by_kind):
    for kind in ("sentencepiece", "byte", "json", "byte fallback"):
        tokenizer = by_kind[kind]
        of_byte = {tokenizer.token_bytes(id_): id_ for id_ in range(tokenizer.size)}
        tails = [[of_byte[bytes([byte])]] * count for byte in (0x80, 0x90, 0x9F, 0xA0, 0xBF) for count in (1, 2, 3)]
        dice = random.Random(3)
        for _ in range(150):
            data = bytes(dice.choice([0x41, 0xC3, 0xA9, 0xE0, 0xE4, 0xED, 0xF0, 0x9F, 0xF4, 0xFF]) for _ in range(4))
            ids = [of_byte[bytes([byte])] for byte in data]
            settled, whole = settled_text(tokenizer, ids), tokenizer.decode(ids)
            assert all(tokenizer.decode(ids + tail).startswith(settled) for tail in tails)
            if all(tokenizer.decode(ids + tail).startswith(whole) for tail in tails):
                assert settled == whole, (kind, data)


def test_spaces_survive_and_the_first_does_not_appear(by_kind):
    tokenizer = by_kind["sentencepiece"]
    ids = tokenizer.encode("the licence to use")
    assert "".join(emitted(tokenizer, [tokenizer.begin_id], ids)[0]) == "the licence to use"
    assert "".join(emitted(tokenizer, ids, ids)[0]) == " the licence to use"


def test_ids_beyond_the_tokenizer_add_no_text(by_kind):
    for tokenizer in by_kind.values():
        ids = [id_ for id_ in range(tokenizer.size) if id_ not in tokenizer.special_ids.values()][:2]
        beyond = tokenizer.size + 5
        pushes, rest = emitted(tokenizer, [ids[0], beyond], [beyond, ids[1], beyond])
        assert pushes[0] == pushes[2] == ""
        assert settled_text(tokenizer, [ids[0]]) + "".join(pushes) + rest == tokenizer.decode(ids)
        with pytest.raises(InvalidRequest):
            TextStream(tokenizer).push(-1)


def test_without_tokenizer_the_ids_are_the_text():
    assert emitted(None, [], [17, 4, 99]) == (["17", " 4", " 99"], "")
    assert emitted(None, [5], [17, 4]) == ([" 17", " 4"], "")


@pytest.mark.parametrize("kind", KINDS)
def test_pushes_stay_cheap(by_kind, kind):
    """4,096 ids after a long prompt: the last pushes cost what the first do, far below a millisecond."""
    tokenizer = by_kind[kind]
    dice = random.Random(0)
    check_cheap(tokenizer, [dice.randrange(tokenizer.size) for _ in range(8192)])
    for id_ in list(tokenizer.special_ids.values())[:1]:
        check_cheap(tokenizer, [id_] * 8192)


def check_cheap(tokenizer, ids: list[int]) -> None:
    stream = TextStream(tokenizer, ids[:4096])
    seconds = []
    for id_ in ids[4096:]:
        start = time.thread_time()
        stream.push(id_)
        seconds.append(time.thread_time() - start)
    assert statistics.median(seconds) < 0.5e-3
    assert statistics.median(seconds[-1000:]) < 3 * statistics.median(seconds[:1000]) + 20e-6


def cut_by_hand(text: str, stops: list[str]) -> tuple[str, bool]:
    """Read one character at a time: the first stop to be complete ends the text where it begins."""
    for end in range(1, len(text) + 1):
        starts = [end - len(stop) for stop in stops if text[:end].endswith(stop)]
        if starts:
            return text[: min(starts)], True
    return text, False


@settings(max_examples=400, deadline=None)
@given(
    pieces=st.lists(st.text("ab\n", max_size=6), max_size=12),
    stops=st.lists(st.text("ab\n", min_size=1, max_size=5), max_size=4),
)
def test_stop_strings_cut_where_reading_by_hand_does(pieces, stops):
    watch = StopStrings(stops)
    shown, found, received = "", False, ""
    for piece in pieces:
        text, found = watch.push(piece)
        shown += text
        received += piece
        expected, stopped = cut_by_hand(received, stops)
        assert found == stopped
        if stopped:
            assert shown == expected
        else:
            # All is shown but the longest end that may still grow into a stop, found by trying every end.
            may_grow = [
                n for n in range(len(received) + 1) for s in stops if s[:-1].startswith(received[len(received) - n :])
            ]
            assert shown == received[: len(received) - max(may_grow, default=0)]
    rest = watch.flush()
    assert (shown + rest, found) == cut_by_hand("".join(pieces), stops)
    assert watch.flush() == ""


def test_stop_string_over_several_pushes():
    watch = StopStrings(["\n\nEnd", "never"])
    assert watch.push("Hello\n") == ("Hello", False)
    assert watch.push("\nE") == ("", False)
    assert watch.push("x\n") == ("\n\nEx", False)
    assert watch.push("\nEndless") == ("", True)
    assert watch.push("more") == ("", True)
    assert watch.flush() == ""


def test_no_stop_strings_hold_nothing_back():
    watch = StopStrings([])
    assert watch.push("any\n") == ("any\n", False)
    assert watch.flush() == ""


def test_empty_stop_string_is_refused():
    with pytest.raises(InvalidRequest, match="empty"):
        StopStrings(["a", ""])
