"""You let the weights decay by themselves under Adam with L2. There decay * w is added to the
gradient, before the moments.
caught by: check_idea
"""

import numpy as np


def answer(question):
    row = question.answer("l2_outside")
    return {n: x.tolist() if isinstance(x, np.ndarray) else x for n, x in row.items()}
