import pytest

from grader.oracle import Mismatch

ITEMS = [f"q{i:02}" for i in range(1, 23)]


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item} is right."""
    question = questions[item]
    try:
        mine = question.read(submission[item])
    except ValueError as problem:
        raise refused(submission, item, str(problem)) from None
    if mine is None:
        raise refused(submission, item, "left blank")
    if not question.agrees(mine):
        error = refused(submission, item, f"`{question.asks}`: {str(mine).lower()} is not right")
        error.next_step = (
            "change one thing of the program in Python, and say beforehand what that does"
        )
        raise error


def refused(submission, item, message):
    error = Mismatch(message)
    error.line = submission.line(item)
    return error
