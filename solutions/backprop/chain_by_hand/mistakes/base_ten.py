"""You took the logarithm to base 10. The cross-entropy uses the natural one.
caught by: check_item
"""


def answer(question):
    return question.answer("base_ten")
