"""You summed over the wrong axis. b is repeated along the rows, so the rows are summed away and one
number for each column stays.
caught by: check_item
"""


def answer(question):
    return question.answer("bias_rows")
