"""This was so in an old version of PyTorch. Read the one that is installed.
caught by: check_item
"""


def answer(question):
    return question.answer("old")
