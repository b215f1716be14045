"""You took the width C. A dot product runs over the d = C / h columns of one head.
caught by: check_fact
"""


def answer(question):
    return question.answer("scaled_by_width")
