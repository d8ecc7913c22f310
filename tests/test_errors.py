"""Errors are for people: one printable line, whatever names a file brings."""

from playground.errors import PlaygroundError, name_some


def test_an_error_is_one_printable_line():
    error = PlaygroundError("a name\nfrom a file:\t\x1b[31m \u202e \0 end")
    assert str(error) == "a name from a file: \ufffd[31m \ufffd \ufffd end"


def test_long_lists_of_names_are_cut():
    assert name_some("abc", 3) == "a, b, c"
    assert name_some("abcde", 3) == "a, b, c and 2 more"
