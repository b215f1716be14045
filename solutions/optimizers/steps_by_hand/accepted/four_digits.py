"""Right answers to four significant digits, each row from the rounded row before."""

import numpy as np


def answer(question):
    return {
        name: value if isinstance(value, str) else rounded(value)
        for name, value in by_hand(question).items()
    }


def by_hand(question):
    """The row that follows from the row before as it was written down."""
    if question.before is None:
        return question.answer()
    before = by_hand(question.before)
    return question.answer(before={name: np.array(rounded(x)) for name, x in before.items()})


def rounded(value):
    return [float(f"{x:.4g}") for x in value] if isinstance(value, np.ndarray) else float(value)
