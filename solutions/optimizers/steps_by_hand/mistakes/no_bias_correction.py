"""You left out the bias correction. m and v start at 0 and are too small at first: divide them by 1
- beta^t.
caught by: check_row
"""

import numpy as np


def answer(question):
    row = question.answer("no_bias_correction")
    return {n: x.tolist() if isinstance(x, np.ndarray) else x for n, x in row.items()}
