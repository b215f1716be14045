from grader.oracle import Mismatch


def check_every_item_is_there(submission, questions):
    """The file has the 34 items of the stub, and no others."""
    missing, others = set(questions) - set(submission), set(submission) - set(questions)
    if missing:
        raise Mismatch(f"{min(missing)} is missing; copy its line from the stub")
    if others:
        raise Mismatch(f"{min(map(str, others))} is no item; keep the names of the stub")


def check_every_answer_is_legal(submission, questions):
    """Every answer is a number, a shape or a word of the list, or still blank."""
    for item, question in questions.items():
        try:
            question.read(submission[item])
        except ValueError as problem:
            error = Mismatch(f"{item}: {problem}")
            error.line = submission.line(item)
            raise error from None
