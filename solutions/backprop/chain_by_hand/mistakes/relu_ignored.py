"""You let negative numbers through relu. h is 0 wherever z1 is negative.
caught by: check_item
"""


def answer(question):
    return question.answer("relu_ignored")
