"""This is what people say, and not what the source says.
caught by: check_item
"""


def answer(question):
    return question.answer("hearsay")
