"""You took the mean over the copies of a broadcast value. The gradients of all copies are summed.
caught by: check_item
"""


def answer(question):
    return question.answer("bias_mean")
