"""You gave cross-entropy one-hot rows of floats. Its target is one class number for each decision,
int64.
caught by: check_item
"""


def answer(question):
    return question.answer("one_hot")
