"""You subtracted the numbers.
caught by: check_item
"""


def answer(question):
    return question.a - question.b
