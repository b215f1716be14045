"""You counted units by the signs of their weights. A bias can lift a unit, or kill it: compute it.
caught by: check_item
"""


def answer(question):
    return question.answer("by_weights")
