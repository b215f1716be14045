"""You put eps inside the root. It is added to the root: sqrt(v) + eps.
caught by: check_row
"""

import numpy as np


def answer(question):
    row = question.answer("eps_inside_root")
    return {n: x.tolist() if isinstance(x, np.ndarray) else x for n, x in row.items()}
