"""You counted only one factor of a product of a node with itself. b * b sends two gradients back
to b, so its slope is 2b.
caught by: check_item
"""


def answer(question):
    return question.answer("one_factor_only")
