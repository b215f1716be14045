"""You let a later backward overwrite w.grad. It adds to what is there, until somebody clears it.
caught by: check_item
"""


def answer(question):
    return question.answer("second_overwrites")
