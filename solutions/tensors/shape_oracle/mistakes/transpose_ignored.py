"""You left the shape as it was. .T, transpose and permute put the axes into another order; here
the sizes move with them.
caught by: check_item
"""


def answer(question):
    return question.answer("transpose_ignored")
