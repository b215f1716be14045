from __future__ import annotations

import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import notebook
from grader.model import UsageError

STUB = '"""A stub."""\n\nimport torch\n\n\ndef f(x):\n    raise NotImplementedError\n'


def book(*cells, **metadata):
    made = []
    for cell in cells:
        source, tags = cell if isinstance(cell, tuple) else (cell, [])
        made.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags} if tags else {}))
    return nbformat.writes(nbformat.v4.new_notebook(cells=made, metadata=metadata)).encode()


def source(content):
    return notebook.read(content, "a.ipynb").content.decode()


def test_a_written_notebook_is_valid_and_reads_back_as_its_stub():
    text = notebook.write("softmax_twice", "# The task\n\nA formula.", STUB)
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert source(text.encode()) == STUB
    assert text == notebook.write("softmax_twice", "# The task\n\nA formula.", STUB)


def test_only_tagged_cells_are_graded():
    content = book("scratch(1)", ("x = 1", ["answer"]), "%timeit x", ("y = 2", ["answer", "more"]))
    assert source(content) == "x = 1\ny = 2\n"


def test_a_comment_marks_a_cell_where_tags_were_lost():
    assert source(book("scratch(1)", "# Answer\nx = 1")) == "# Answer\nx = 1\n"


def test_without_marks_every_code_cell_is_graded():
    assert source(book("x = 1", "y = 2")) == "x = 1\ny = 2\n"


def test_lines_of_several_cells_are_told_apart():
    graded = notebook.read(book("x = 1\n", "", "y = 2\nz = 3", "w = 4"), "a.ipynb")
    lines = graded.content.decode().splitlines()
    assert lines.index("w = 4") + 1 == 5
    assert graded.note.endswith("line 3 begins cell 3, line 5 begins cell 4")
    assert notebook.read(book("x = 1"), "a.ipynb").note == ""


@pytest.mark.parametrize(
    "command", ["%timeit f(1)", "!pip install x", "%%time", "f?", "  %matplotlib inline", "?f"]
)
def test_a_notebook_command_is_named_with_its_cell_and_line(command):
    with pytest.raises(UsageError, match=r"a.ipynb, cell 2, line 2: .* is a notebook command"):
        source(book("x = 1", f"y = 2\n{command}"))


def test_a_modulo_at_the_start_of_a_line_is_python():
    text = "x = (7\n  %3)\n"
    assert source(book(text)) == text


def test_broken_python_is_left_to_the_rules():
    assert source(book("def f(:")) == "def f(:\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"not json",
        b"\xff\xfe\x00",
        b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
        b"[" * 100_000,
        b'{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}',
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1]}).encode(),
    ],
)
def test_what_is_no_notebook_is_wrong_usage_in_one_sentence(content):
    try:
        assert source(content) == ""  # an empty book is one
    except UsageError as error:
        assert "a.ipynb is no notebook" in str(error) and len(str(error).splitlines()) == 1


@settings(max_examples=50, deadline=None)
@given(
    st.binary()
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda below: (
            st.lists(below)
            | st.dictionaries(st.sampled_from(["cells", "nbformat", "metadata", "source"]), below)
        ),
    ).map(lambda tree: json.dumps(tree).encode())
)
def test_reading_never_raises_anything_else(content):
    try:
        source(content)
    except UsageError as error:
        assert str(error).endswith(".")


def test_an_old_notebook_is_read():
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [
            {
                "cells": [
                    {
                        "cell_type": "code",
                        "input": "x = 1",
                        "outputs": [],
                        "language": "python",
                        "collapsed": False,
                        "metadata": {},
                        "prompt_number": 1,
                    }
                ],
                "metadata": {},
            }
        ],
    }
    assert source(json.dumps(old).encode()) == "x = 1\n"
