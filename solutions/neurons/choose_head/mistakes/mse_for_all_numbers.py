"""You took mse because the target is a number. Gross errors want mae, and counts want poisson.
caught by: check_item
"""


def answer(question):
    return question.answer("mse_for_all_numbers")
