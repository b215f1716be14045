"""You took cross-entropy for a yes or no with one output. Softmax over one number is always 1: use
bce.
caught by: check_item
"""


def answer(question):
    return question.answer("ce_of_one_unit")
