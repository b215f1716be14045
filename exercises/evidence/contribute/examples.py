from grader.oracle import Mismatch, assert_legal_answers


def check_fields(submission, questions):
    """Every field is there, and a text or still blank."""
    missing = [name for name in questions if name not in list(submission)]
    if missing:
        raise Mismatch(f"{missing[0]} is missing; copy its line from the stub")
    assert_legal_answers(submission, questions)
