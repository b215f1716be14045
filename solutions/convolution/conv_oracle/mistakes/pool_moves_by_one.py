"""You moved the pooling window by one pixel; where no stride is given, it is the window's size.
caught by: check_item
"""


def answer(question):
    return question.answer("pool_moves_by_one")
