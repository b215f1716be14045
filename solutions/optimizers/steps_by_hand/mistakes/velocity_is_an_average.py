"""You gave the gradient the weight 1 - momentum in the velocity. Here v = momentum * v + g, with
the whole g; only the moments of Adam and RMSProp are averages.
caught by: check_row
"""

import numpy as np


def answer(question):
    row = question.answer("velocity_is_an_average")
    return {n: x.tolist() if isinstance(x, np.ndarray) else x for n, x in row.items()}
