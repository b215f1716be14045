"""You stored a measured quantity as int64. mse compares it with a float output: float32.
caught by: check_item
"""


def answer(question):
    return question.answer("integers_for_numbers")
