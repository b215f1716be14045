"""You took the limit of the flatter direction. The steeper one diverges first.
caught by: check_idea
"""

import numpy as np


def answer(question):
    row = question.answer("limit_of_flattest")
    return {n: x.tolist() if isinstance(x, np.ndarray) else x for n, x in row.items()}
