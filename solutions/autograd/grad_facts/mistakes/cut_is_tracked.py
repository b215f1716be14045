"""You followed the graph through a cut. Behind no_grad, detach and item stands a constant.
caught by: check_item
"""


def answer(question):
    return question.answer("cut_is_tracked")
