"""You counted one vector for a norm; it has two, a weight and a bias, one number each per feature.
caught by: check_item
"""


def answer(question):
    return question.answer("norm_counted_once")
