"""You stop at the best epoch, but nobody knows then that it is the best; patience has to run out
first.
caught by: check_number
"""


def answer(question):
    return question.answer("stops_at_best")
