from __future__ import annotations

import pytest

from grader.edits import Edit, edited
from grader.model import GraderFault

TEXT = """def f(x):
    y = x + 1
    if y:
        y = y * 2
    return y
"""


def changed(*edits):
    return edited(TEXT, [Edit(old=old, new=new) for old, new in edits])


def test_a_part_of_a_line_is_replaced():
    assert changed(("x + 1", "x - 1")) == TEXT.replace("x + 1", "x - 1")


def test_edits_are_made_one_after_the_other():
    assert changed(("x + 1", "x - 1"), ("x - 1", "x")) == TEXT.replace("x + 1", "x")


def test_several_lines_stand_at_any_indentation_and_what_is_new_takes_it_over():
    found = changed(("if y:\n    y = y * 2", "y = y * 2\nassert y\n"))
    assert found == "def f(x):\n    y = x + 1\n    y = y * 2\n    assert y\n    return y\n"


def test_whole_lines_go_without_a_trace():
    assert changed(("if y:\n    y = y * 2", "")) == "def f(x):\n    y = x + 1\n    return y\n"


@pytest.mark.parametrize("old", ["z", "y = ", "y", "if y:\ny = y * 2", "return y\n    # end"])
def test_text_that_is_not_there_exactly_once_is_our_fault(old):
    with pytest.raises(GraderFault, match="exactly once; mend its `old`"):
        changed((old, "pass"))
