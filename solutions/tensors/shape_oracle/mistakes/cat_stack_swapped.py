"""You swapped cat and stack. cat makes an axis longer that is already there; stack adds a new
one, and needs equal shapes.
caught by: check_item
"""


def answer(question):
    return question.answer("cat_stack_swapped")
