"""You let the sigmoid go down to -1. That is tanh; the sigmoid lies between 0 and 1.
caught by: check_item
"""


def answer(question):
    return question.answer("sigmoid_like_tanh")
