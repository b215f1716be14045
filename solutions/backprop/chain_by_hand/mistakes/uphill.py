"""You added the gradient. It points uphill: subtract the learning rate times it.
caught by: check_item
"""


def answer(question):
    return question.answer("uphill")
