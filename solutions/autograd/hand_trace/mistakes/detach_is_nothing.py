"""You differentiated through detach. What is detached is a constant for backward.
caught by: check_item
"""


def answer(question):
    return question.answer("detach_is_nothing")
