"""You took NumPy's numbers for float32. NumPy makes float64 by default, torch keeps that, and
float32 with float64 gives float64.
caught by: check_item
"""


def answer(question):
    return question.answer("numpy_is_float32")
