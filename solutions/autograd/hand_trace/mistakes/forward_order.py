"""You wrote the order of the forward pass. Backward begins with L and ends with x.
caught by: check_item
"""


def answer(question):
    return question.answer("forward_order")
