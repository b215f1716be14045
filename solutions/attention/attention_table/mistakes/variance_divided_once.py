"""You divided the variance by the factor once. var(x / c) = var(x) / c^2.
caught by: check_fact
"""


def answer(question):
    return question.answer("variance_divided_once")
