"""You took p for the gradient of softmax with cross-entropy. The target takes 1 off: p - onehot.
caught by: check_item
"""


def answer(question):
    return question.answer("target_not_subtracted")
