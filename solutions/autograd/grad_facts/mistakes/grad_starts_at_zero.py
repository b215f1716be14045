"""You took a missing gradient for zeros. grad is None until something arrives, and again after
zero_grad.
caught by: check_item
"""


def answer(question):
    return question.answer("grad_starts_at_zero")
