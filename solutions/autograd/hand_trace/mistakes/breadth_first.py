"""You went to a node as soon as one of its users was done. Its gradient is final only when all of
its users are.
caught by: check_item
"""


def answer(question):
    return question.answer("breadth_first")
