"""You let gelu fall for ever. It dips to about -0.17 near z = -0.75, and comes back to 0.
caught by: check_item
"""


def answer(question):
    return question.answer("gelu_unbounded")
