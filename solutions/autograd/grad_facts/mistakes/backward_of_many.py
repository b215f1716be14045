"""You called backward on several numbers. It needs a single one; reduce with sum or mean first.
caught by: check_item
"""


def answer(question):
    return question.answer("backward_of_many")
