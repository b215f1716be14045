"""You put the learning rate into the velocity. Here v = momentum * v + g, and lr comes in only when
w moves; w is the same, but v is not.
caught by: check_row
"""

import numpy as np


def answer(question):
    row = question.answer("velocity_holds_lr")
    return {n: x.tolist() if isinstance(x, np.ndarray) else x for n, x in row.items()}
