from grader.oracle import assert_every_item, assert_legal_answers


def check_every_item_is_there(submission, questions):
    """The file has the items r1 to r5, and no others."""
    assert_every_item(submission, questions)


def check_every_answer_is_legal(submission, questions):
    """Every field has a word of its list, an id of a cause or a row, or is still blank."""
    assert_legal_answers(submission, questions)
