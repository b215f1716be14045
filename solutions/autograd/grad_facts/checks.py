import pytest

from grader.oracle import answered, refused

ITEMS = [f"q{i:02}" for i in range(1, 23)]


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item} is right."""
    question, mine = questions[item], answered(submission, questions, item)
    if not question.agrees(mine):
        message = f"`{question.asks}`: {str(mine).lower()} is not right"
        step = "change one thing of the program in Python, and say beforehand what that does"
        raise refused(submission, item, message, step)
