"""You took -log(1 - p). Where y = 1 the cost is -log p.
caught by: check_item
"""


def answer(question):
    return question.answer("other_side")
