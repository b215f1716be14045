import pytest

from grader.oracle import Mismatch, weight

IDEAS = ["adam_l2", "adamw", "max_lr", "first_step"]
ROWS = [
    *(f"{rule}_{t}" for rule in ("sgd", "momentum") for t in (1, 2, 3)),
    "rmsprop_1",
    "adam_1",
    "adam_2",
]


@pytest.mark.parametrize("item", ROWS)
def check_row(submission, questions, item):
    """The row {item} follows from the row before."""
    assert_right(submission, questions, item)


@weight(2)
@pytest.mark.parametrize("item", IDEAS)
def check_idea(submission, questions, item):
    """Item {item} is right."""
    assert_right(submission, questions, item)


def assert_right(submission, questions, item):
    question = questions[item]
    before = own(submission, questions, question.previous)
    try:
        mine = question.read(submission[item])
    except ValueError as problem:
        raise refused(submission, item, str(problem)) from None
    blank = [name for name, value in mine.items() if value is None]
    if blank:
        raise refused(submission, item, f"{' and '.join(blank)} left blank")
    wrong = question.wrong(mine, before)
    if wrong:
        error = refused(submission, item, f"wrong {' and '.join(wrong)}")
        error.next_step = "compute g from the w of the row before, then one field after the other"
        if not question.previous:
            error.next_step = "go through it once more, beside the worked example of the README"
        raise error


def own(submission, questions, item):
    """The row that the learner wrote before, if it is there and whole."""
    if not item:
        return None
    try:
        row = questions[item].read(submission[item])
    except ValueError:
        return None
    return None if any(value is None for value in row.values()) else row


def refused(submission, item, message):
    error = Mismatch(message)
    error.line = submission.line(item)
    return error
