"""You called overfitting underfitting. Training fits well there; it is the gap that grows.
caught by: check_what
"""


def answer(question):
    return question.answer("overfit_called_underfit")
