from __future__ import annotations

import pytest

from grader.answers import Answers
from grader.model import Submission
from grader.oracle import Mismatch, answered, assert_every_item, assert_legal_answers, legal


class Number:
    """A question whose answer is a number."""

    def read(self, answer):
        if answer is not None and not isinstance(answer, int):
            raise ValueError("write a number")
        return answer


class Pair:
    """One with two fields."""

    def read(self, answer):
        return {"rows": None, "columns": None} | (answer or {})


QUESTIONS = {"a": Number(), "b": Number(), "c": Pair()}
GOOD = "a: 3\nb:\nc: {rows: 2, columns: 5}\n"


def answers(text: str) -> Answers:
    return Answers(Submission(name="items.yaml", content=text.encode()))


def test_a_file_with_exactly_the_items_is_complete():
    assert_every_item(answers(GOOD), QUESTIONS)


@pytest.mark.parametrize(
    ("text", "words"),
    [("a: 3\nc: {}\n", "b is missing; copy its line"), (GOOD + "d: 1\n", "d is no item; keep")],
)
def test_a_missing_or_other_item_is_named(text, words):
    with pytest.raises(Mismatch, match=words):
        assert_every_item(answers(text), QUESTIONS)


def test_blank_answers_are_legal():
    assert_legal_answers(answers("a:\nb:\nc:\n"), QUESTIONS)
    assert legal(answers(GOOD), QUESTIONS, "b") is None


def test_an_answer_of_another_kind_is_named_with_its_line():
    with pytest.raises(Mismatch, match="b: write a number") as caught:
        assert_legal_answers(answers("a: 3\nb: three\nc:\n"), QUESTIONS)
    assert caught.value.line == 2


def test_an_answer_is_given_where_it_is_whole():
    assert answered(answers(GOOD), QUESTIONS, "a") == 3
    assert answered(answers(GOOD), QUESTIONS, "c") == {"rows": 2, "columns": 5}


@pytest.mark.parametrize(
    ("text", "item", "words"),
    [("b:\n", "b", "b left blank"), ("c: {rows: 2}\n", "c", "^columns left blank")],
)
def test_what_was_left_blank_is_named(text, item, words):
    with pytest.raises(Mismatch, match=words) as caught:
        answered(answers(text), QUESTIONS, item)
    assert caught.value.line == 1
