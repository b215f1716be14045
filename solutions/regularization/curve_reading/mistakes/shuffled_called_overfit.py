"""You called it overfit, but validation never was below guessing: nothing was learnt that carries
over, so the labels do not belong to the inputs.
caught by: check_what
"""


def answer(question):
    return question.answer("shuffled_called_overfit")
