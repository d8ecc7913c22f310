"""The four tokenizer formats: golden ids, exact round trips, display of single tokens, and files that are not one."""

import hashlib
import io
import json
import os
from pathlib import Path

import pytest
import sentencepiece
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from playground.errors import InvalidRequest, MissingFile, TokenizerError
from playground.text import tokenizers as module
from playground.text.tokenizers import open_tokenizer

GOLDEN = Path(__file__).parents[1] / "golden"
PIXEL = GOLDEN / "pixel_100m" / "bundle" / "pixel_tokenizer.model"
SHARD = GOLDEN / "shard" / "cfg-dict" / "bundle" / "models" / "tokenizer.json"
BYTE_JSON = '{"type": "simple-byte", "vocab_size": 260}'
TEXTS = [
    "",
    " ",
    "Hello from PIXEL",
    "  two  spaces\nand a new line: 2026, naïve café 中文 🙂",
    "\r\n\ttabs\x00and\x01controls \n",
    "<s> </s> <unk> <0x41> are text",
    "\ufffd already replaced",
]


@pytest.fixture(scope="module")
def gpt2_folder(tmp_path_factory) -> Path:
    """A small byte-level BPE in GPT-2's two files, <|endoftext|> last as in the original."""
    folder = tmp_path_factory.mktemp("gpt2")
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
    bpe.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    bpe.train_from_iterator(["the cat and the dog # # 中文 went to the town"] * 9, trainer)
    bpe.model.save(str(folder))
    vocab = json.loads((folder / "vocab.json").read_text())
    (folder / "vocab.json").write_text(json.dumps(vocab | {"<|endoftext|>": len(vocab)}))
    return folder


@pytest.fixture(scope="module")
def fallback_file(tmp_path_factory) -> Path:
    """A tokenizer.json as Llama and Mistral have it: spaces as ▁, unknown characters as byte tokens."""
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2} | {f"<0x{byte:02X}>": 3 + byte for byte in range(256)}
    vocab |= {token: len(vocab) + at for at, token in enumerate(["▁", "a", "b", "▁a"])}
    pipeline = tokenizers.Tokenizer(tokenizers.models.BPE(vocab, [("▁", "a")], byte_fallback=True, unk_token="<unk>"))
    pipeline.normalizer = tokenizers.normalizers.Sequence(
        [tokenizers.normalizers.Prepend("▁"), tokenizers.normalizers.Replace(" ", "▁")]
    )
    decoders = tokenizers.decoders
    pipeline.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    pipeline.add_special_tokens(["<unk>", "<s>", "</s>"])
    file = tmp_path_factory.mktemp("fallback") / "tokenizer.json"
    pipeline.save(str(file))
    return file


@pytest.fixture(scope="module")
def byte_file(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("byte") / "pixel_tokenizer.model"
    file.write_text(BYTE_JSON)
    return file


@pytest.fixture(scope="module")
def every_kind(gpt2_folder, fallback_file, byte_file):
    return [open_tokenizer(path) for path in (PIXEL, byte_file, SHARD, gpt2_folder, fallback_file)]


def test_golden_sentencepiece():
    record = json.loads((GOLDEN / "pixel_100m" / "README.json").read_text())
    expected = load_file(GOLDEN / "pixel_100m" / "expected.safetensors")
    tokenizer = open_tokenizer(PIXEL)
    assert tokenizer.size == record["vocab"] == 420
    assert tokenizer.special_ids == {f"<{'/s' if k == 'eos' else 's' if k == 'bos' else k}>": v for k, v in
                                     record["special_ids"].items()}  # fmt: skip
    assert (tokenizer.begin_id, tokenizer.end_id) == (record["special_ids"]["bos"], record["special_ids"]["eos"])
    assert tokenizer.kind == "SentencePiece, 420 pieces"
    cases = [case for case in record["cases"] if "text" in case]
    assert len(cases) == 3
    for case in cases:
        assert [0, *tokenizer.encode(case["text"])] == case["ids_with_bos"]
        assert tokenizer.decode(case["ids_with_bos"]) == case["roundtrip"] == case["text"]
        assert tokenizer.decode(expected[f"{case['case']}.greedy"]) == case["greedy_text_decoded_together"]


@pytest.mark.parametrize("name", ["cfg-dict", "cfg-dataclass"])
def test_golden_json(name):
    record = json.loads((GOLDEN / "shard" / name / "README.json").read_text())
    expected = load_file(GOLDEN / "shard" / name / "expected.safetensors")
    tokenizer = open_tokenizer(GOLDEN / "shard" / name / "bundle" / "models")
    assert tokenizer.size == 400
    assert tokenizer.special_ids == record["special_ids"]
    assert (tokenizer.begin_id, tokenizer.end_id) == (1, 2)
    for case in [case for case in record["cases"] if "text" in case]:
        assert tokenizer.encode(case["text"]) == expected[f"{case['case']}.input_ids"].tolist()
        assert tokenizer.decode(tokenizer.encode(case["text"])) == case["text"]
        assert tokenizer.decode(expected[f"{case['case']}.greedy"]) == case["greedy_text"]


def test_byte_tokenizer(byte_file):
    tokenizer = open_tokenizer(byte_file)
    assert tokenizer.size == 260
    assert tokenizer.encode("aé\n") == [0x61 + 4, 0xC3 + 4, 0xA9 + 4, 0x0A + 4]
    assert tokenizer.special_ids == {"<s>": 0, "</s>": 1, "<pad>": 2, "<unk>": 3}
    assert (tokenizer.begin_id, tokenizer.end_id) == (0, 1)
    assert tokenizer.decode([0, 0xC3 + 4, 3, 0xA9 + 4, 1]) == "é"


def test_gpt2_files(gpt2_folder):
    tokenizer = open_tokenizer(gpt2_folder)
    reference = tokenizers.ByteLevelBPETokenizer(  # the library's own reading of the same two files
        str(gpt2_folder / "vocab.json"), str(gpt2_folder / "merges.txt")
    )
    for text in TEXTS:
        assert tokenizer.encode(text) == reference.encode(text).ids
    assert len(tokenizer.encode(" the")) == 1, "the merges are not applied"
    end = tokenizer.size - 1
    assert tokenizer.special_ids == {"<|endoftext|>": end}
    assert (tokenizer.begin_id, tokenizer.end_id) == (None, end)
    assert tokenizer.decode([end, *tokenizer.encode(" the cat"), end]) == " the cat"
    for name in ("vocab.json", "merges.txt"):
        assert open_tokenizer(gpt2_folder / name).encode("the town") == tokenizer.encode("the town")


def test_comment_like_merges_are_merges(tmp_path):
    (tmp_path / "vocab.json").write_text(json.dumps({"#": 0, "a": 1, "##": 2, "#a": 3}))
    (tmp_path / "merges.txt").write_bytes(b"#version: 0.2\r\n# #\r\n# a\r\n")
    assert open_tokenizer(tmp_path).encode("##a") == [2, 1]


def names_a_special(tokenizer, text: str) -> bool:
    """In a JSON tokenizer, as in its library, a special token's name in a text means the token, which has no text."""
    return isinstance(tokenizer, module.JsonTokenizer) and any(name in text for name in tokenizer.special_ids)


def test_round_trips_are_exact(every_kind):
    for tokenizer in every_kind:
        for text in TEXTS:
            if not names_a_special(tokenizer, text):
                assert tokenizer.decode(tokenizer.encode(text)) == text, (tokenizer.kind, text)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁"), max_size=40))
def test_any_text_round_trips(every_kind, text):
    # SentencePiece writes spaces as ▁, so a ▁ that was typed comes back as a space.
    for tokenizer in every_kind:
        ids = tokenizer.encode(text)
        assert all(type(id_) is int and 0 <= id_ < tokenizer.size for id_ in ids)
        if not names_a_special(tokenizer, text):
            assert tokenizer.decode(ids) == text, tokenizer.kind


def test_special_names_written_out(every_kind):
    sentencepiece_, byte, shard, *_ = every_kind
    assert not {0, 1} & {*sentencepiece_.encode("<s>a</s>"), *byte.encode("<s>a</s>")}
    assert shard.encode("<|im_start|>a") == [4, *shard.encode("a")]


def test_token_text(every_kind):
    pixel, byte, shard, gpt2, fallback = every_kind
    assert [pixel.token_text(id_) for id_ in (0, 3, 4 + 0xE4, 334)] == ["<s>", "<unk>", "<0xE4>", " "]
    assert [byte.token_text(id_) for id_ in (2, 4 + 0x41, 4 + 0x0A, 4 + 0xE4)] == ["<pad>", "A", "\n", "<0xE4>"]
    assert [shard.token_text(id_) for id_ in (0, *shard.encode("é"))][:2] == ["<|pad|>", "<0xC3>"]
    assert [gpt2.token_text(id_) for id_ in gpt2.encode(" the 中")] == [" the", " 中"]
    assert gpt2.token_text(gpt2.end_id) == "<|endoftext|>"
    assert [fallback.token_text(id_) for id_ in (1, 3 + 0xE4, *fallback.encode("a"))] == ["<s>", "<0xE4>", " a"]


def test_partial_character_beside_whole_ones(tmp_path):
    of_byte = {byte: char for char, byte in module._BYTE_OF.items()}
    token = "".join(of_byte[byte] for byte in " é".encode() + b"\xe4\xb8")
    (tmp_path / "vocab.json").write_text(json.dumps({token: 0}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = open_tokenizer(tmp_path)
    assert tokenizer.token_text(0) == " é<0xE4><0xB8>"
    assert tokenizer.token_bytes(0) == b" \xc3\xa9\xe4\xb8"


def test_token_bytes_join_to_the_text(every_kind):
    text = "the café 中文 🙂\n"
    for tokenizer in every_kind:
        joined = b"".join(map(tokenizer.token_bytes, tokenizer.encode(text)))
        assert joined.removeprefix(b" ") == text.encode(), tokenizer.kind
        assert all(tokenizer.token_bytes(id_) == b"" for name, id_ in tokenizer.special_ids.items() if name != "<unk>")


def test_byte_alphabet_is_the_library_s():
    assert sorted(module._BYTE_OF) == sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    level = tokenizers.decoders.ByteLevel()
    for char, byte in module._BYTE_OF.items():
        assert level.decode([char]) == bytes([byte]).decode(errors="replace")


def test_byte_fallback_keeps_good_characters(fallback_file):
    tokenizer = open_tokenizer(fallback_file)
    library = tokenizers.Tokenizer.from_file(str(fallback_file))
    ids = tokenizer.encode("a 中文🙂 b\x00é")
    assert tokenizer.decode(ids) == library.decode(ids) == "a 中文🙂 b\x00é"
    whole = tokenizer.encode("中")
    assert "中" in library.decode(whole)
    assert "中" not in library.decode([*whole, 3 + 0xE4]), "the library keeps them too now: the detour can go"
    assert tokenizer.decode([*whole, 3 + 0xE4, 3 + 0xB8]) == "中\ufffd\ufffd"
    assert tokenizer.decode([*whole[:-1], 1, whole[-1]]) == library.decode([*whole[:-1], 1, whole[-1]]) == "中"


def test_settings_that_would_lose_text_are_off(tmp_path):
    spec = json.loads(SHARD.read_text())
    spec["truncation"] = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
    spec["padding"] = {
        "strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": None,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "<|pad|>",
    }  # fmt: skip
    spec["model"]["dropout"] = 0.9
    (tmp_path / "tokenizer.json").write_text(json.dumps(spec))
    tokenizer, plain = open_tokenizer(tmp_path), open_tokenizer(SHARD)
    for text in ("a", "The capital of France is the capital of this licence"):
        assert tokenizer.encode(text) == plain.encode(text)


def test_holes_in_the_ids(tmp_path):
    (tmp_path / "vocab.json").write_text(json.dumps({"a": 0, "b": 5}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = open_tokenizer(tmp_path)
    assert tokenizer.size == 6
    assert tokenizer.decode([0, 3, 5]) == "ab"
    assert tokenizer.token_text(3) == "<unused 3>" and tokenizer.token_bytes(3) == b""


def test_ids_outside_are_refused_with_both_numbers(every_kind):
    for tokenizer in every_kind:
        for wrong in (tokenizer.size, -1, 2**40):
            message = rf"\b{abs(wrong)}\b.*\b{tokenizer.size}\b"
            with pytest.raises(InvalidRequest, match=message):
                tokenizer.decode([4, wrong])
            with pytest.raises(InvalidRequest, match=message):
                tokenizer.token_text(wrong)
            with pytest.raises(InvalidRequest, match=message):
                tokenizer.token_bytes(wrong)
        with pytest.raises(InvalidRequest, match="whole numbers"):
            tokenizer.decode([1.5])


def test_lone_surrogates_are_refused(every_kind):
    for tokenizer in every_kind:
        with pytest.raises(InvalidRequest, match=r"U\+D800.* position 2 of 4"):
            tokenizer.encode("ab\ud800c")


def test_folder_prefers_json_then_models(tmp_path, gpt2_folder):
    for name in ("vocab.json", "merges.txt"):
        (tmp_path / name).write_bytes((gpt2_folder / name).read_bytes())
    assert open_tokenizer(tmp_path).kind.startswith("GPT-2 BPE")
    (tmp_path / "pixel_tokenizer.model").write_text(BYTE_JSON)
    assert open_tokenizer(tmp_path).kind == "bytes, 260 ids"
    (tmp_path / "other.model").write_text("never read")
    assert open_tokenizer(tmp_path).kind == "bytes, 260 ids"
    (tmp_path / "tokenizer.model").write_bytes(PIXEL.read_bytes())
    assert open_tokenizer(str(tmp_path)).kind.startswith("SentencePiece")
    (tmp_path / "tokenizer.json").write_bytes(SHARD.read_bytes())
    assert open_tokenizer(tmp_path).kind == "Hugging Face BPE, 400 tokens"


def test_fingerprint_is_of_the_files(gpt2_folder, tmp_path):
    assert open_tokenizer(PIXEL).fingerprint == hashlib.sha256(PIXEL.read_bytes()).hexdigest()[:12]
    before = open_tokenizer(gpt2_folder).fingerprint
    for name in ("vocab.json", "merges.txt"):
        (tmp_path / name).write_bytes((gpt2_folder / name).read_bytes())
    assert open_tokenizer(tmp_path).fingerprint == before
    lines = (tmp_path / "merges.txt").read_text().splitlines()
    (tmp_path / "merges.txt").write_text("\n".join(lines[:-1]))
    assert open_tokenizer(tmp_path).fingerprint != before


def test_begin_and_end_follow_the_sentencepiece_file():
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c d"] * 20), model_writer=written, model_type="char", vocab_size=9,
        hard_vocab_limit=False, bos_id=-1, eos_id=1, eos_piece="<end>", minloglevel=2,
    )  # fmt: skip
    tokenizer = module.SentencePieceTokenizer(written.getvalue())
    assert (tokenizer.begin_id, tokenizer.end_id) == (None, 1)
    assert tokenizer.special_ids == {"<unk>": 0, "<end>": 1}
    assert tokenizer.token_bytes(0).decode().strip() == tokenizer.decode([0]).strip() != ""


SP = PIXEL.read_bytes()
JSON = SHARD.read_bytes()
BAD_FILES = {
    "empty": ("tokenizer.model", b"", "is empty"),
    "web page": ("tokenizer.json", b"\n<!DOCTYPE html><html>Not found</html>", "is a web page"),
    "web page as model": ("tokenizer.model", b"<html lang=en>", "is a web page"),
    "pointer": (
        "tokenizer.model",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
        "Git LFS pointer",
    ),
    "truncated model": ("tokenizer.model", SP[: len(SP) // 2], "no complete SentencePiece model"),
    "truncated model by one byte": ("tokenizer.model", SP[:-1], "no complete SentencePiece model"),
    "text as model": ("tokenizer.model", b"hello world\n" * 50, "no complete SentencePiece model"),
    "piece that is not UTF-8": ("tokenizer.model", SP.replace(b"<pad>", b"\xff\xfe\xfd\xfc\xfb"), "SentencePiece"),
    "truncated JSON": ("tokenizer.json", JSON[: len(JSON) // 2], "damaged"),
    "JSON that is not UTF-8": ("tokenizer.json", b'{"model": "\xff"}', "damaged"),
    "JSON list": ("tokenizer.json", b"[1, 2]", "begins with {"),
    "deep JSON": ("tokenizer.json", b'{"a":' * 50_000, "damaged"),
    "other JSON": ("tokenizer.json", b'{"hidden_size": 64, "name": "x"}', "hidden_size, name"),
    "empty JSON": ("tokenizer.json", b"{}", "no tokenizer"),
    "unknown model": ("tokenizer.json", b'{"model": {"type": "Magic"}}', "not a tokenizer"),
    "byte tokenizer of another size": (
        "pixel_tokenizer.model",
        b'{"type": "simple-byte", "vocab_size": 512}',
        "260.*512",
    ),
}


@pytest.mark.parametrize(("name", "data", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_files(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(TokenizerError, match=message) as caught:
        open_tokenizer(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)


BAD_PAIRS = {
    "merge of unknown tokens": ('{"a": 0, "b": 1}', "a b\n", "joins 'a' and 'b'"),
    "merge of three": ('{"a": 0}', "#version: 0.2\na a a\n", "line 2 is not two tokens"),
    "merge of one": ('{"a": 0}', "a\n", "line 1 is not two tokens"),
    "merges web page": ('{"a": 0}', "<html>", "merges.txt is a web page"),
    "no merges": ('{"a": 0}', "", "merges.txt is empty"),
    "negative id": ('{"a": -1}', "#version: 0.2\n", "between 0 and 1,048,575"),
    "two tokens, one id": ('{"a": 0, "b": 0}', "#version: 0.2\n", "must all differ"),
    "huge id": ('{"a": 4000000}', "#version: 0.2\n", "between 0 and 1,048,575"),
    "id of 2^40": ('{"a": 1099511627776}', "#version: 0.2\n", "between 0 and 1,048,575"),
    "text for an id": ('{"a": "0"}', "#version: 0.2\n", "no tokenizer"),
}


@pytest.mark.parametrize(("vocab", "merges", "message"), BAD_PAIRS.values(), ids=BAD_PAIRS)
def test_bad_vocab_and_merges(tmp_path, vocab, merges, message):
    (tmp_path / "vocab.json").write_text(vocab)
    (tmp_path / "merges.txt").write_text(merges)
    with pytest.raises(TokenizerError, match=message) as caught:
        open_tokenizer(tmp_path)
    assert "\n" not in str(caught.value)


def test_library_panics_are_tokenizer_errors():
    # Simulated: a real panic prints pages to stderr, and which input causes one changes with the library's version.
    class PanicException(BaseException):
        """As the class of the library's Rust panics: no Exception."""

    with (
        pytest.raises(TokenizerError, match=r"it failed .slice index.; use another copy"),
        module._as_tokenizer_error("it failed"),
    ):
        raise PanicException("slice index")
    with pytest.raises(KeyboardInterrupt), module._as_tokenizer_error("it failed"):
        raise KeyboardInterrupt


def test_missing_files(tmp_path):
    with pytest.raises(MissingFile, match=r"nowhere.model does not exist"):
        open_tokenizer(tmp_path / "nowhere.model")
    with pytest.raises(MissingFile, match=r"No tokenizer in .*tokenizer.json"):
        open_tokenizer(tmp_path)
    (tmp_path / "vocab.json").write_text('{"a": 0}')
    with pytest.raises(MissingFile, match=r"merges.txt does not exist"):
        open_tokenizer(tmp_path)
    for name in ("a.model", "b.model"):
        (tmp_path / name).write_bytes(SP)
    with pytest.raises(TokenizerError, match=r"several tokenizers .a.model, b.model."):
        open_tokenizer(tmp_path)


def test_file_beyond_the_bound_is_refused_by_its_size(tmp_path):
    file = tmp_path / "tokenizer.model"
    file.touch()
    os.truncate(file, 3 * 2**40)  # sparse: takes no disk, and would never fit in memory
    with pytest.raises(TokenizerError, match="3,145,728 MB; a tokenizer has at most 64 MB"):
        open_tokenizer(file)


def test_device_is_not_read():
    with pytest.raises(TokenizerError, match="not a regular file"):
        open_tokenizer("/dev/zero")


@settings(deadline=None)
@given(st.data())
def test_damaged_files_raise_one_error_or_work(tmp_path_factory, data):
    """Bytes changed anywhere: the process survives, and only TokenizerError comes out."""
    name, good = data.draw(st.sampled_from([("tokenizer.model", SP), ("tokenizer.json", JSON)]))
    damaged = bytearray(good)
    for at, byte in data.draw(
        st.lists(st.tuples(st.integers(0, len(good) - 1), st.integers(0, 255)), min_size=1, max_size=5)
    ):
        damaged[at] = byte
    file = tmp_path_factory.getbasetemp() / f"damaged-{name}"
    file.write_bytes(damaged)
    try:
        tokenizer = open_tokenizer(file)
        tokenizer.decode(tokenizer.encode("naïve 中文"))
        tokenizer.decode(range(tokenizer.size))
    except TokenizerError as error:
        assert "\n" not in str(error)


def test_a_file_says_whether_it_puts_a_begin_token_before_a_text(tmp_path):
    pipeline = tokenizers.Tokenizer(tokenizers.models.WordLevel({"<s>": 0, "a": 1, "?": 2}, unk_token="?"))
    pipeline.add_special_tokens(["<s>"])
    pipeline.save(str(tmp_path / "plain.json"))
    pipeline.post_processor = tokenizers.processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    pipeline.save(str(tmp_path / "begins.json"))
    plain, begins = open_tokenizer(tmp_path / "plain.json"), open_tokenizer(tmp_path / "begins.json")
    assert (plain.adds_begin, begins.adds_begin, begins.begin_id) == (False, True, 0)
    assert begins.encode("a") == [1]
