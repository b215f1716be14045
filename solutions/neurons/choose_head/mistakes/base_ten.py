"""You took the logarithm to base 10. Losses use the natural one.
caught by: check_item
"""


def answer(question):
    return question.answer("base_ten")
