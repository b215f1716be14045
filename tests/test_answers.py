"""Predicted answers: data, read by item, never executed."""

from __future__ import annotations

import pytest

from grader.answers import Answers, number, written
from grader.model import Submission, UsageError


def answers(text, name="sums.yaml"):
    return Answers(Submission(name=name, content=text.encode()))


def test_answers_are_read_by_item_with_their_lines():
    given = answers("# mine\nq1: 3\n\nq2: {shape: [2, 3], dtype: float32}\nq3:\n")
    assert given["q1"] == 3 and given["q2"] == {"shape": [2, 3], "dtype": "float32"}
    assert [given.line(item) for item in ("q1", "q2", "q3")] == [2, 4, 5]
    assert list(given) == ["q1", "q2", "q3"]


def test_what_is_not_answered_is_none():
    given = answers("q1: 3\nq3:\n7: 1\n")
    assert given["q2"] is given["q3"] is given["7"] is None
    assert given.line("q2") is None


def test_the_item_read_last_is_remembered():
    given = answers("q1: 3\nq2: 4\n")
    assert given.last == ""
    given["q2"], given["q9"]
    assert given.last == "q9"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}", "---\n"])
def test_an_empty_file_has_no_answers(text):
    given = answers(text)
    assert list(given) == [] and given["q1"] is None


@pytest.mark.parametrize(("text", "kind"), [("- 1\n- 2\n", "list"), ("three", "str"), ("3", "int")])
def test_a_file_that_is_no_mapping_is_refused(text, kind):
    with pytest.raises(UsageError) as caught:
        answers(text)
    assert str(caught.value) == f"sums.yaml: expected `item: answer` lines, got {kind}."


@pytest.mark.parametrize("text", ["q1: 1\nq1: 2\n", "q1: !!python/object:a.B {}\n", "q1: [\n"])
def test_what_is_no_plain_yaml_is_refused_with_its_line(text):
    with pytest.raises(UsageError, match=r"^sums.yaml line \d"):
        answers(text)


def test_code_in_an_answer_stays_text():
    text = "__import__('os').getpid()"
    assert answers(f'q1: "{text}"')["q1"] == text


def test_written_answers_are_read_back():
    shared = [2, 3]
    values = {"q1": 1, "q2": 0.1, "q3": shared, "q4": shared, "q5": "error", "q6": {"a": (1, "no")}}
    submission = written(lambda question: values[question], {q: q for q in values}, "reference.py")
    given = Answers(submission)
    assert {item: given[item] for item in given} == values | {"q6": {"a": [1, "no"]}}
    assert submission.name == "reference.py" and b"&" not in submission.content
    assert list(given) == list(values)


@pytest.mark.parametrize(
    ("text", "value"), [(3, 3), (-2.5, -2.5), ("3/4", 0.75), ("-1e-3", -0.001)]
)
def test_a_number_may_be_written_as_a_fraction(text, value):
    assert number(text) == value


@pytest.mark.parametrize("text", [True, None, "", "x", "1/0", [1], "nan", float("inf"), 10**400])
def test_what_is_no_number_is_told_so(text):
    with pytest.raises(ValueError, match="write a number"):
        number(text)
