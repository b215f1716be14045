from grader.oracle import assert_every_item, assert_legal_answers


def check_every_item_is_there(submission, questions):
    """The file has the 39 items of the stub, and no others."""
    assert_every_item(submission, questions)


def check_every_answer_is_legal(submission, questions):
    """Every answer is of the kind that is asked for, or still blank."""
    assert_legal_answers(submission, questions)
