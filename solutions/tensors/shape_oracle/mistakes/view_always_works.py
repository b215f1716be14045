"""You took view for something that always works. It never copies, so it raises where the
numbers do not lie in that order in memory; reshape would copy.
caught by: check_item
"""


def answer(question):
    return question.answer("view_always_works")
