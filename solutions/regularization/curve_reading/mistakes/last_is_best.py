"""You took the last epoch for the best one; keep the weights with the smallest validation loss.
caught by: check_number
"""


def answer(question):
    return question.answer("last_is_best")
