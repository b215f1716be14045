"""You took the gap at the best epoch; here the one after the last epoch is asked for.
caught by: check_number
"""


def answer(question):
    return question.answer("gap_at_best")
