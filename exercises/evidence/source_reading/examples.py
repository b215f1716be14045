from grader.oracle import assert_every_item, assert_legal_answers


def check_every_item_is_there(submission, questions):
    """The file has the items q01 to q12, and no others."""
    assert_every_item(submission, questions)


def check_every_answer_is_legal(submission, questions):
    """Every answer is a number or a word, as its question asks, or still blank."""
    assert_legal_answers(submission, questions)
