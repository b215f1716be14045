"""You rounded up. A convolution stops where its window no longer fits: the division rounds
down.
caught by: check_item
"""


def answer(question):
    return question.answer("rounded_up")
