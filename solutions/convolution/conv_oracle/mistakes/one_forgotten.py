"""You forgot the + 1: the window's first place counts before its first step.
caught by: check_item
"""


def answer(question):
    return question.answer("one_forgotten")
