"""Demo tokenizers: what training encodes, the project's own reader encodes and decodes alike, every blank kept."""

import random

import pytest
from goldens import GOLDEN
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.errors import DamagedFile, InvalidRequest, TokenizerError
from playground.text.streaming import TextStream
from playground.text.tokenizers import open_tokenizer
from playground.training.recipes import TOKENIZERS
from playground.training.tokenizers import ByteBPE, SentencePiece

NAMES, THINGS = ("Lily", "Tom", "Ann"), ("ball", "dog", "red hat", "cake")
AWKWARD = {
    "lines": "One day.\nThen she ran.\n\nThe end.\n",
    "leading blanks": "  two in front\n  and here",
    "double blanks": "a  b   c \n d ",
    "only a line end": "\n",
    "blanks": "   ",
    "nothing": "",
    "other scripts": "Grüße, naïve café, e\u0301, 中文 🙂 \u00a0x",
    "control characters": "a\tb\rc\x00d\x7f",
    "specials by name": "<0x0A> <pad> <im_start>",
}
SIZES = {"shard": 400, "gelu-gpt": 400, "backpack": 400, "pixel-lm": 480}
NOT_TEXT = ("<s>", "</s>", "<unk>", "<|", "\u2581")  # special names, and SentencePiece's own sign for a blank


def stories(count=150):
    dice = random.Random(3)
    for _ in range(count):
        name, thing = dice.choice(NAMES), dice.choice(THINGS)
        yield f"Once there was {name}. {name} had a {thing}.\nThen it fell.\nWhen {name} saw it, they had 42 cakes."


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {name: tmp_path_factory.mktemp(name) for name in TOKENIZERS}
    for name, folder in made.items():
        TOKENIZERS[name].train(stories(), SIZES[name], folder)
    return made


@pytest.fixture(params=TOKENIZERS)
def kind(request):
    return request.param


@pytest.fixture
def trained(folders, kind):
    return TOKENIZERS[kind].open(folders[kind])


@pytest.fixture
def reader(trained):
    return open_tokenizer(trained.files[0])


def test_both_sides_agree_on_sizes_and_special_ids(trained, reader, kind):
    begin, end = {"shard": (1, 2), "gelu-gpt": (1, 2), "backpack": (0, 0), "pixel-lm": (0, 1)}[kind]
    assert (trained.begin, trained.end) == (begin, end)
    assert reader.end_id == end
    assert reader.begin_id == (None if kind == "backpack" else begin)  # <|endoftext|> begins nothing by itself
    assert trained.size == reader.size <= SIZES[kind]
    names = {"shard": 6, "gelu-gpt": 3, "backpack": 1, "pixel-lm": 4}
    assert sorted(reader.special_ids.values()) == list(range(names[kind]))


def test_both_sides_give_the_same_ids(trained, reader):
    texts = [*stories(20), *AWKWARD.values()]
    assert trained.encode_batch(texts) == [reader.encode(text) for text in texts]


@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD)
def test_every_text_comes_back(trained, reader, text):
    (ids,) = trained.encode_batch([text])
    assert reader.decode([trained.begin, *ids, trained.end]) == text


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"])).filter(lambda t: not any(x in t for x in NOT_TEXT)))
def test_any_text_comes_back(folders, text):
    for name, folder in folders.items():
        trained = TOKENIZERS[name].open(folder)
        assert open_tokenizer(trained.files[0]).decode(trained.encode_batch([text])[0]) == text


def test_a_prompt_begins_like_the_story_and_what_follows_keeps_its_blanks(trained, reader):
    story = next(stories())
    (ids,) = trained.encode_batch([story])
    cuts = [i for i, character in enumerate(story) if character in " \n"]
    assert len(cuts) > 12
    for cut in cuts:
        prompt = reader.encode(story[:cut])
        assert ids[: len(prompt)] == prompt
        assert reader.decode(prompt) == story[:cut]
        stream = TextStream(reader, prompt)
        assert "".join(map(stream.push, ids[len(prompt) :])) + stream.flush() == story[cut:]


def test_line_ends_are_tokens_of_their_own(trained, reader, kind):
    (line_end,) = reader.encode("x\n")[len(reader.encode("x")) :]
    assert reader.token_bytes(line_end) == b"\n"
    if kind == "pixel-lm":
        assert line_end == 14
        texts = [trained.token_text(id_) or "" for id_ in range(trained.size)]
        assert [id_ for id_, text in enumerate(texts) if "\n" in text] == [14]
    for text in ("one.\nTwo", "a\n\n\nb", "\n", "\nThen"):
        assert reader.encode(text).count(line_end) == text.count("\n")


def test_token_texts_make_up_the_text(trained, kind):
    story = next(stories())
    (ids,) = trained.encode_batch([story])
    front = " " if kind == "pixel-lm" else ""  # SentencePiece's word mark in front
    assert "".join(map(trained.token_text, ids)) == front + story
    assert trained.token_text(trained.begin) is None
    assert trained.token_text(trained.end) is None
    (accents,) = trained.encode_batch(["ü"])
    assert [trained.token_text(id_) for id_ in accents[-2:]] == [None, None]


def test_training_is_deterministic(folders, kind, tmp_path):
    TOKENIZERS[kind].train(stories(), SIZES[kind], tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(file.name for file in TOKENIZERS[kind].open(tmp_path).files)
    for name in names:
        assert (tmp_path / name).read_bytes() == (folders[kind] / name).read_bytes()


def test_common_words_are_one_token_wherever_they_stand(trained, reader):
    """Also at the start of a line, where no blank stands in front."""
    for before, word in (("ball.\n", "Then"), ("ball.\n", "When"), ("a red", " hat"), ("", "Once")):
        assert len(reader.encode(before + word)) == len(reader.encode(before)) + 1


def test_long_documents_count(kind, tmp_path):
    """SentencePiece would leave out a document of more than 4,192 bytes."""
    TOKENIZERS[kind].train([*stories(20), "The zebra. " * 1000], SIZES[kind], tmp_path)
    assert len(open_tokenizer(tmp_path).encode("The zebra")) == 2


def test_pieces_stand_where_the_published_ones_do(folders):
    published = open_tokenizer(GOLDEN / "pixel_100m" / "bundle" / "pixel_tokenizer.model")
    reader = open_tokenizer(folders["pixel-lm"] / "pixel_tokenizer.model")
    assert reader.special_ids == published.special_ids == {"<s>": 0, "</s>": 1, "<pad>": 2, "<unk>": 3}
    assert published.encode("x\n")[-1] == reader.encode("x\n")[-1] == 14
    ours = (folders["pixel-lm"] / "pixel_tokenizer.vocab").read_text().splitlines()
    theirs = (GOLDEN / "pixel_100m" / "bundle" / "pixel_tokenizer.vocab").read_text().splitlines()
    assert ours[:260] == theirs[:260]
    assert [line.split("\t")[1] for line in ours[260:264]] == [line.split("\t")[1] for line in theirs[260:264]]
    assert len(ours) == reader.size
    for id_ in (*range(4), *range(260, reader.size)):
        assert ours[id_].split("\t")[0].replace("\u2581", " ") == reader.token_text(id_)


def test_printable_characters_are_pieces_however_rare(folders):
    reader = open_tokenizer(folders["pixel-lm"] / "pixel_tokenizer.model")
    for character in map(chr, range(0x21, 0x7F)):
        assert reader.token_text(reader.encode(character)[-1]) in (character, " " + character)


def test_nothing_there_yet(kind, tmp_path):
    assert TOKENIZERS[kind].open(tmp_path) is None


def test_damaged_files_are_refused(folders, kind, tmp_path):
    first, *others = TOKENIZERS[kind].open(folders[kind]).files
    (tmp_path / first.name).write_bytes(first.read_bytes()[:99])
    for other in others:
        (tmp_path / other.name).write_bytes(other.read_bytes())
    with pytest.raises(DamagedFile, match=r"Delete it"):
        TOKENIZERS[kind].open(tmp_path)
    with pytest.raises(TokenizerError):
        open_tokenizer(tmp_path / first.name)


def test_another_recipes_tokenizer_is_refused(folders):
    with pytest.raises(InvalidRequest, match=r"<s>"):
        ByteBPE(("<unk>", "<s>", "</s>"), "<s>", "</s>").open(folders["shard"])


@pytest.mark.parametrize(("texts", "size"), [(["plain text"], 300), ([], 400)], ids=["too small", "no text"])
def test_what_cannot_be_trained_is_said(texts, size, tmp_path):
    with pytest.raises(InvalidRequest, match=rf"{size} pieces"):
        SentencePiece("tokenizer").train(texts, size, tmp_path)
    assert list(tmp_path.iterdir()) == []
