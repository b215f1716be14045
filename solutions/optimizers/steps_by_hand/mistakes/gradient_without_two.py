"""You left out the 2 of the gradient. The slope of a (w - p)^2 is 2a (w - p).
caught by: check_row
"""

import numpy as np


def answer(question):
    row = question.answer("gradient_without_two")
    return {n: x.tolist() if isinstance(x, np.ndarray) else x for n, x in row.items()}
