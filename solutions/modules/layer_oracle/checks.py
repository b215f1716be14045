import pytest

from grader.oracle import Mismatch

ITEMS = [f"q{i:02}" for i in range(1, 21)]


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item}: shape and count are right."""
    question = questions[item]
    try:
        mine = question.read(submission[item])
    except ValueError as problem:
        raise refused(submission, item, str(problem)) from None
    blank = [name for name, value in mine.items() if value is None]
    if blank:
        raise refused(submission, item, f"{' and '.join(blank)} left blank")
    right = question.answer()
    wrong = [name for name in mine if mine[name] != right[name]]
    if wrong:
        error = refused(submission, item, f"`{question.code}`: wrong {' and '.join(wrong)}")
        error.next_step = "list its tensors with their shapes, on paper, then add up again"
        raise error


def refused(submission, item, message):
    error = Mismatch(message)
    error.line = submission.line(item)
    return error
