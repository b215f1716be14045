import pytest

from grader.oracle import Mismatch, answered, refused, weight

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
    mine = answered(submission, questions, item)
    wrong = question.wrong(mine, before)
    if wrong:
        step = "go through it once more, beside the worked example of the README"
        if question.previous:
            step = "compute g from the w of the row before, then one field after the other"
        raise refused(submission, item, f"wrong {' and '.join(wrong)}", step)


def own(submission, questions, item):
    """The row that the learner wrote before, if it is there and whole."""
    if not item:
        return None
    try:
        return answered(submission, questions, item)
    except Mismatch:
        return None
