"""You gave the standard deviation. The variance of d such terms is d.
caught by: check_fact
"""


def answer(question):
    return question.answer("deviation_for_variance")
