"""You put AdamW's decay into the gradient. AdamW multiplies w by 1 - lr * decay, and its moments
see the plain gradient.
caught by: check_idea
"""

import numpy as np


def answer(question):
    row = question.answer("adamw_decay_in_gradient")
    return {n: x.tolist() if isinstance(x, np.ndarray) else x for n, x in row.items()}
