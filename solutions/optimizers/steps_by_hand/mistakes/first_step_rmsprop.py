"""You chose RMSProp. Its first v is (1 - alpha) * g^2 and nobody corrects it, so its first step is
lr / sqrt(1 - alpha), not lr.
caught by: check_idea
"""

import numpy as np


def answer(question):
    row = question.answer("first_step_rmsprop")
    return {n: x.tolist() if isinstance(x, np.ndarray) else x for n, x in row.items()}
