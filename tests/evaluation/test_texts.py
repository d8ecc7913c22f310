"""Texts come out of files as they went in, parted as asked."""

import lzma

import pytest

from playground.errors import DamagedFile, InvalidRequest, MissingFile
from playground.evaluation.texts import read_texts

STORIES = "One.\nOnce upon a  time.\n\n  Two:\n\tthe end. \n<|endoftext|>\n\n \nThree\u2028is one line.\r\n"


@pytest.fixture
def write(tmp_path):
    def write_it(name, content):
        content = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(lzma.compress(content) if name.endswith(".xz") else content)
        return tmp_path / name

    return write_it


@pytest.mark.parametrize("name", ["a.txt", "a.txt.xz"])
@pytest.mark.parametrize(
    ("separator", "texts"),
    [
        (None, [STORIES.strip().replace("\r", "")]),
        ("marker", ["One.\nOnce upon a  time.\n\n  Two:\n\tthe end.", "Three\u2028is one line."]),
        ("blank", ["One.\nOnce upon a  time.", "Two:\n\tthe end. \n<|endoftext|>", "Three\u2028is one line."]),
        ("line", ["One.", "Once upon a  time.", "Two:", "the end.", "<|endoftext|>", "Three\u2028is one line."]),
        ("sentence", ["One.", "Once upon a  time.", "Two:", "the end.", "Three\u2028is one line."]),
    ],
)
def test_text_files(write, name, separator, texts):
    file = write(name, STORIES)
    assert read_texts(file, separator) == {None: texts}
    assert read_texts(file, separator, most=1) == {None: texts[:1]}
    assert read_texts(file, separator, most=100) == {None: texts}


def test_json_lines_by_source(write):
    lines = [
        '{"source": "a", "text": " one \\n two"}', "", '{"text": "bare"}', '{"text": "three", "source": "b", "n": 3}',
        '{"text": "four", "source": "a"}', '{"text": "  ", "source": "c"}', '{"text": "five", "source": null}',
    ]  # fmt: skip
    file = write("a.jsonl", "\n".join(lines))
    assert read_texts(file, "line") == {"a": ["one \n two", "four"], None: ["bare", "five"], "b": ["three"]}
    assert read_texts(file, most=1) == {"a": ["one \n two"], None: ["bare"], "b": ["three"]}


def test_sentences_of_json_lines(write):
    file = write("a.jsonl", '{"text": "Hi!  \\"Who is it?\\" I said.\\nIt was (at 3.5 m.) Tom", "source": "a"}\n' * 2)
    cut = ["Hi!", '"Who is it?"', "I said.", "It was (at 3.5 m.)", "Tom"]
    assert read_texts(file, "sentence") == {"a": cut * 2}
    assert read_texts(file, "sentence", most=7) == {"a": [*cut, *cut[:2]]}


def test_a_byte_order_mark_is_no_text(write):
    assert read_texts(write("a.txt", "\ufeffHi")) == {None: ["Hi"]}


@pytest.mark.parametrize(
    ("name", "content", "kind", "part"),
    [
        ("a.md", "text", InvalidRequest, "a.md is none of .txt"),
        ("a.txt", " \n\n", InvalidRequest, "no text"),
        ("a.jsonl", '{"text": " "}', InvalidRequest, "no text"),
        ("a.txt", b"caf\xe9", DamagedFile, "not readable"),
        ("a.jsonl", '{"text": "a"}\n{"txt": "b"}', DamagedFile, "Line 2"),
        ("a.jsonl", '{"text": 5}', DamagedFile, "Line 1"),
        ("a.jsonl", "[" * 100_000, DamagedFile, "Line 1"),
        ("a.jsonl", '["text"]', DamagedFile, "Line 1"),
        ("a.jsonl", '{"text": "a", "source": 3}', DamagedFile, "no source in words"),
    ],
)
def test_what_is_no_text_is_refused(write, name, content, kind, part):
    with pytest.raises(kind, match=part):
        read_texts(write(name, content))


def test_a_cut_archive_is_refused(write):
    file = write("a.txt.xz", "text " * 1000)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DamagedFile, match="not readable"):
        read_texts(file)
    file.write_bytes(b"no archive")
    with pytest.raises(DamagedFile, match="not readable"):
        read_texts(file)


def test_wrong_requests_are_refused(write, tmp_path):
    file = write("a.txt", "text")
    with pytest.raises(InvalidRequest, match=r"'word'.*line, blank, marker, sentence"):
        read_texts(file, "word")
    with pytest.raises(InvalidRequest, match="0 texts"):
        read_texts(file, most=0)
    with pytest.raises(MissingFile, match=r"b\.txt"):
        read_texts(tmp_path / "b.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(MissingFile, match=r"folder\.txt"):
        read_texts(tmp_path / "folder.txt")
