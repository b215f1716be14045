"""Your loss_after is the loss before the step. Go forward once more with the four new tensors.
caught by: check_item
"""


def answer(question):
    return question.answer("loss_before_update")
