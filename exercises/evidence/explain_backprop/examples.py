from grader.oracle import Mismatch, assert_legal_answers


def check_every_item_is_there(submission, questions):
    """The file has the eleven values and the explanation."""
    missing = [item for item in questions if item not in list(submission)]
    if missing:
        raise Mismatch(f"{missing[0]} is missing; copy its line from the stub")


def check_every_answer_is_legal(submission, questions):
    """Every value is a number, or still blank."""
    assert_legal_answers(submission, questions)
