"""This is the value of another framework, and not that of PyTorch.
caught by: check_item
"""


def answer(question):
    return question.answer("framework")
