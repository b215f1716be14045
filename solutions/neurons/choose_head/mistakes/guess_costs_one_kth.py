"""You gave the probability of a uniform guess. Its cost is -log(1/K) = log K.
caught by: check_item
"""


def answer(question):
    return question.answer("guess_costs_one_kth")
