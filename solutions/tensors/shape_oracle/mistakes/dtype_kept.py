"""You kept the dtype of the operand. Division and a float number make floats of integers, a
comparison gives bool, and indices and counts are int64.
caught by: check_item
"""


def answer(question):
    return question.answer("dtype_kept")
