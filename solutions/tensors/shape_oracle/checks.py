import pytest

from grader.oracle import Mismatch

ITEMS = [f"q{i:02}" for i in range(1, 25)]


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item}: shape, dtype and shares_memory are right."""
    question = questions[item]
    try:
        mine = question.read(submission[item])
    except ValueError as problem:
        raise refused(submission, item, str(problem)) from None
    blank = [name for name, value in mine.items() if value is None]
    if blank:
        raise refused(submission, item, f"{' and '.join(blank)} left blank")
    wrong = [name for name in mine if not agrees(name, mine, question.answer())]
    if wrong:
        error = refused(submission, item, f"`{question.expression}`: wrong {' and '.join(wrong)}")
        error.next_step = "try three similar ones in Python, then predict this one again"
        raise error


def agrees(name, mine, right):
    """Whether one field is right. Where the expression raises, `error` says all there is to say."""
    if right["shape"] == "error" and name != "shape":
        return True
    # Nothing was there to be shared: then `no` is true as well.
    return mine[name] == right[name] or (right[name] == "na" and mine[name] is False)


def refused(submission, item, message):
    error = Mismatch(message)
    error.line = submission.line(item)
    return error
