import pytest

from grader.oracle import Mismatch


@pytest.mark.parametrize("item", ["q1", "q2", "q3"])
def check_item(submission, questions, item):
    """Item {item} has the right value."""
    got, question = submission[item], questions[item]
    if got != question.a + question.b:
        raise Mismatch(f"{item}: {question} is not {got}")
