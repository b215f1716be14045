"""You counted one direction. A bidirectional layer has two sets of weights, and its output is twice
as wide.
caught by: check_item
"""


def answer(question):
    return question.answer("one_direction")
