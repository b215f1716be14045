"""You gave integers a gradient. Only floating tensors can require one; anything else raises.
caught by: check_item
"""


def answer(question):
    return question.answer("integers_tracked")
