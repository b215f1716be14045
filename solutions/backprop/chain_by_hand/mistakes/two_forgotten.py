"""You lost the 2 that comes down from the square.
caught by: check_item
"""


def answer(question):
    return question.answer("two_forgotten")
