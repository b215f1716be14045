"""You left out the inner factor. The slope of the outer function is multiplied by that of what
stands inside: for (w * x - y) ** 2 that is x for w, and w for x.
caught by: check_item
"""


def answer(question):
    return question.answer("no_inner_factor")
