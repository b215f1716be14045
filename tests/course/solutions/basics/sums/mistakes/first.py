"""You wrote down the first number only.
caught by: check_item
"""


def answer(question):
    return question.a
