"""You gave a broadcast value the gradient of the large result. A gradient has the shape of what it
belongs to, so sum over the copies.
caught by: check_item
"""


def answer(question):
    return question.answer("bias_not_summed")
