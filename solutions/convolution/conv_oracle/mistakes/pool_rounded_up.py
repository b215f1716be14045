"""You let pooling round up. It rounds down like a convolution, so the rest at the border is left
out.
caught by: check_item
"""


def answer(question):
    return question.answer("pool_rounded_up")
