"""You gave the division the work of softmax. Divided scores still sum to anything.
caught by: check_fact
"""


def answer(question):
    return question.answer("scale_sums_to_one")
