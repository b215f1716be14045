"""You took the mean over the rows for db. The 1/N is in dz already: b touches every row, so sum.
caught by: check_item
"""


def answer(question):
    return question.answer("bias_averaged")
