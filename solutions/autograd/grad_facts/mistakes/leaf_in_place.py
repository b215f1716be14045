"""You changed a leaf in place. Where it requires grad, torch refuses that outside of no_grad.
caught by: check_item
"""


def answer(question):
    return question.answer("leaf_in_place")
