"""You stopped at 1 / lambda. There a step lands right in the minimum; it overshoots from there on
and still descends, up to 2 / lambda.
caught by: check_idea
"""

import numpy as np


def answer(question):
    row = question.answer("limit_one_over_lambda")
    return {n: x.tolist() if isinstance(x, np.ndarray) else x for n, x in row.items()}
