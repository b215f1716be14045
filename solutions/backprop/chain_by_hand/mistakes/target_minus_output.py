"""Your dz has the wrong sign: it is p - onehot, negative at the target.
caught by: check_item
"""


def answer(question):
    return question.answer("target_minus_output")
